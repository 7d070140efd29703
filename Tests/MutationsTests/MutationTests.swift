import Mutations
import Testing

/// Rules are left out only by the build that is made for it.
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
}
