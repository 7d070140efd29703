import Center
import CenterDoubles
import CenterStore
import Domain
import Foundation
import Testing

/// What a center remembers of its cluster.
@Suite struct ClusterMemoryTests {
    private func check(_ store: any ClusterMemoryStore) async throws {
        #expect(try await store.recall() == nil)
        var memory = ClusterMemory(
            cluster: Nonce(bits: 1),
            timeline: Nonce(bits: 2),
            epoch: Epoch(rawValue: 3)
        )
        try await store.remember(memory)
        memory.leader = Nonce(bits: 4)
        memory.transaction = .max
        memory.marks = ["/a": 5]
        try await store.remember(memory)
        #expect(try await store.recall() == memory)
    }

    @Test("the contract, in memory") func inMemory() async throws { try await check(InMemoryClusterMemory()) }

    @Test("the contract, in a file that outlives the process")
    func file() async throws {
        try await withDirectory { directory in
            try await check(ClusterMemoryFile(directory: directory))
            #expect(try await ClusterMemoryFile(directory: directory).recall()?.epoch == Epoch(rawValue: 3))
        }
    }

    @Test("what cannot be read is not taken for nothing", arguments: ["", "{", "{\"epoch\":1}"])
    func damaged(text: String) async throws {
        try await withDirectory { directory in
            let path = directory + "/cluster.json"
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            let error = await #expect(throws: UnreadableMemory.self) {
                try await ClusterMemoryFile(directory: directory).recall()
            }
            #expect(error?.description.contains(path) == true)
        }
    }

    private func withDirectory(_ body: (String) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.path + "/memory-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try await body(directory)
    }
}
