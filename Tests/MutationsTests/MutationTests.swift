import Foundation
import Mutations
import Testing

/// Rules are left out only by the build that is made for it, and every one that can be is documented.
@Suite struct MutationTests {
    @Test("no rule is left out unless one was selected", arguments: Mutation.allCases)
    func off(_ mutation: Mutation) {
        #expect(!mutation.isOn)
    }

    @Test("a build can leave rules out only when it was asked to")
    func builtIn() {
        #if CLOUDTASK_MUTATIONS
            #expect(Mutation.isBuiltIn)
        #else
            #expect(!Mutation.isBuiltIn)
        #endif
    }

    @Test("docs/mutations.md names every rule that can be left out, and no other")
    func documented() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "docs/mutations.md"), encoding: .utf8)
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `") }
        let names = rows.compactMap { $0.split(separator: "`").dropFirst().first.map(String.init) }
        #expect(names == Mutation.allCases.map(\.rawValue))
    }
}
