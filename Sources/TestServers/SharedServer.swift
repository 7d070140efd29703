import Foundation
import ZooKeeper

/// The one server that all tests of a process share; it ends with the process.
private actor SharedServer {
    static let instance = SharedServer()
    private var starting: Task<ZooKeeperServer, any Error>?

    func server() async throws -> ZooKeeperServer {
        if let starting { return try await starting.value }
        // Unstructured because the first test that asks must not end the server for the others.
        let task = Task { try await ZooKeeperServer.start() }
        starting = task
        return try await task.value
    }
}

/// Lends the connect string of the process's shared server, with a chroot of the caller's own that exists and is empty.
public func withSharedServer<Value: Sendable>(
    _ body: (_ connectString: String) async throws -> Value
) async throws -> Value {
    let server = try await SharedServer.instance.server()
    return try await body(try await freshChroot(server.address))
}

/// Makes an empty node with a random name and gives the connect string that has it as its chroot.
public func freshChroot(_ hosts: String) async throws -> String {
    var generator = SystemRandomNumberGenerator()
    let name = "/test-" + String(UInt64.random(in: 0...(.max), using: &generator), radix: 16)
    try await withSession(hosts) { session in
        _ = try await session.create(try ZNodePath(name))
    }
    return hosts + name
}

/// Lends a server that `body` may pause, kill and restart.
public func withServer<Value: Sendable>(
    tickTime: Duration = .milliseconds(200),
    _ body: (ZooKeeperServer) async throws -> Value
) async throws -> Value {
    let server = try await ZooKeeperServer.start(tickTime: tickTime)
    let result: Result<Value, any Error>
    do { result = .success(try await body(server)) } catch { result = .failure(error) }
    await server.stop()
    return try result.get()
}
