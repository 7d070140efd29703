import Logging
import TestServers
import Testing
import ZooKeeper
import ZooKeeperClient

@Suite struct ReadmeTests {
    @Test("the example of README.md works")
    func example() async throws {
        try await withSharedServer { hosts in
            let connector = ClientConnector(.init(hosts: hosts), logger: Logger(label: "app"))
            let session = try await connector.connect(resuming: nil)
            try await session.connected()
            let path = try ZNodePath("/greeting")
            _ = try await session.create(path, data: Array("hello".utf8))
            let (node, watch) = try await session.watchGet(path)
            #expect(String(decoding: node.data, as: UTF8.self) == "hello" && node.stat.version == 0)
            _ = try await session.set(path, data: Array("bye".utf8), version: nil)
            #expect(await watch.event() == .dataChanged)
            await session.close()
        }
    }
}
