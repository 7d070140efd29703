import Foundation
import ZooKeeper

/// An ensemble of three servers on loopback.
public struct ZooKeeperQuorum: Sendable {
    /// Servers in an ensemble that survives the loss of one.
    private static let size = 3

    /// The members.
    public let servers: [ZooKeeperServer]

    /// All members' addresses as a connect string.
    public var connectString: String { servers.map(\.address).joined(separator: ",") }

    /// Starts three empty servers and waits until a session is served.
    public static func start(tickTime: Duration = .milliseconds(200)) async throws -> ZooKeeperQuorum {
        let ports = try FreePort.several(size * 3)
        let launcher = try ZooKeeperServer.launcher()
        let members = (0..<size).map {
            ZooKeeperLauncher.Member(
                number: $0 + 1,
                quorumPort: ports[size + $0],
                electionPort: ports[2 * size + $0]
            )
        }
        let servers = try members.indices.map { index in
            let directory = try ZooKeeperServer.temporaryDirectory()
            try "\(members[index].number)".write(
                toFile: directory + "/myid",
                atomically: true,
                encoding: .utf8
            )
            return ZooKeeperServer(
                .test(directory: directory, clientPort: ports[index], tickTime: tickTime, members: members),
                launcher: launcher
            )
        }
        for server in servers { try await server.launch() }
        for server in servers { try await server.ready() }
        return ZooKeeperQuorum(servers: servers)
    }

    /// Ends all servers and removes their data.
    public func stop() async {
        for server in servers { await server.stop() }
    }
}

/// Lends an ensemble whose members `body` may kill and restart.
public func withQuorum<Value: Sendable>(
    tickTime: Duration = .milliseconds(200),
    _ body: (ZooKeeperQuorum) async throws -> Value
) async throws -> Value {
    let quorum = try await ZooKeeperQuorum.start(tickTime: tickTime)
    let result: Result<Value, any Error>
    do { result = .success(try await body(quorum)) } catch { result = .failure(error) }
    await quorum.stop()
    return try result.get()
}
