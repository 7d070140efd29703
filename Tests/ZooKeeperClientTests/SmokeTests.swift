import TestServers
import Testing
import ZooKeeper
import ZooKeeperClient

@Suite struct SmokeTests {
    @Test("a session creates, reads, changes and deletes nodes")
    func lifeCycle() async throws {
        try await withSharedServer { hosts in
            try await withSession(hosts) { session in
                let path = try ZNodePath("/a")
                let created = try await session.create(path, data: [1, 2])
                #expect(created.path == path)
                let node = try await session.get(path)
                #expect(node.data == [1, 2])
                let results = try await session.multi([
                    .set(path, data: [3], version: 0), .create(path.child("b"), data: []),
                    .check(path, version: 1),
                ])
                #expect(results.count == 3)
                #expect(results[1] == .created(try path.child("b")))
                #expect(try await session.children(path).names == ["b"])
                let watched = try await session.watchExists(path.child("b"))
                try await session.delete(path.child("b"), version: nil)
                #expect(await watched.watch.event() == .deleted)
                try await session.sync(.root)
                #expect(try await session.exists(path.child("b")) == nil)
            }
        }
    }
}
