import Logging
import TestServers
import ZooKeeper
import ZooKeeperClient
import ZooKeeperContract

/// Lends a connected client session with limits and timeouts of its own.
func withClient<Value: Sendable>(
    _ configuration: ZooKeeperConfiguration,
    logger: Logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
    _ body: (ClientSession) async throws -> Value
) async throws -> Value {
    let session = try await ClientConnector(configuration, logger: logger).open()
    let result: Result<Value, any Error>
    do {
        try await session.connected()
        result = .success(try await body(session))
    } catch {
        result = .failure(error)
    }
    await session.close()
    return try result.get()
}

/// The code of the error that `body` throws; `nil` when it succeeds.
func failure<Value>(of body: () async throws(ZooKeeperError) -> Value) async -> ZooKeeperError.Code? {
    do throws(ZooKeeperError) {
        _ = try await body()
        return nil
    } catch {
        return error.code
    }
}

/// Waits until the session is in a state.
func reach(_ session: any ZooKeeperSession, _ isReached: (SessionState) -> Bool) async -> Bool {
    for await state in await session.states() where isReached(state) { return true }
    return false
}

/// The contract's world over real servers.
struct RealWorld: ContractWorld {
    let connector: any ZooKeeperConnector
    let hosts: String
    var server: ZooKeeperServer?

    init(hosts: String, server: ZooKeeperServer? = nil) {
        self.hosts = hosts
        self.server = server
        let configuration = ZooKeeperConfiguration(hosts: hosts, sessionTimeout: .seconds(4))
        connector = ClientConnector(
            configuration,
            logger: Logger(label: "contract", factory: { _ in SwiftLogNoOpLogHandler() })
        )
    }

    func expire(_ session: any ZooKeeperSession) async throws {
        try await TestServers.expire(session, hosts: hosts)
    }

    func suspend() async throws { await server?.kill() }

    func resume() async throws { try await server?.restart() }
}

/// Lets other tasks run until the session's calls are as `condition` wants them.
///
/// - Throws: When the connection is lost meanwhile, for then they never will be.
func letRun(
    _ session: ClientSession,
    until condition: (ClientSession.Statistics) -> Bool
) async throws {
    while !condition(session.statistics) {
        guard await session.state.isConnected else { throw ZooKeeperError(.connectionLoss) }
        await Task.yield()
    }
}
