import TestServers
import Testing
import ZooKeeper

@testable import ZooKeeperClient

@Suite struct QuorumTests {
    @Test("a session survives the loss of the server it is connected to")
    func failover() async throws {
        try await withQuorum { quorum in
            let configuration = ZooKeeperConfiguration(
                hosts: quorum.connectString,
                sessionTimeout: .seconds(4)
            )
            try await withClient(configuration) { session in
                let path = try ZNodePath("/kept")
                _ = try await session.create(path, data: [1], mode: .ephemeral)
                for server in quorum.servers {
                    await server.kill()
                    while await failure(of: { () throws(ZooKeeperError) in try await session.sync(.root) })
                        != nil
                    {
                        try await session.connected()
                    }
                    #expect(try await session.get(path).data == [1])
                    try await server.restart()
                }
            }
        }
    }
}
