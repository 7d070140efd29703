import Foundation
import Glibc
import Logging
public import ZooKeeper
import ZooKeeperClient

/// A ZooKeeper server of our own on loopback, with the faults a test needs.
///
/// `stopped → running ⇄ paused`, and back to stopped by `kill` or `stop`; `restart` keeps the data.
public actor ZooKeeperServer {
    /// How long a server may take to serve its first session.
    private static let startTimeout = Duration.seconds(30)

    /// What kind of server this is.
    public nonisolated let options: ZooKeeperLauncher.Options
    private let launcher: ZooKeeperLauncher
    private var process: SupervisedProcess?

    /// Loopback address and port for clients.
    public nonisolated var address: String { "127.0.0.1:\(options.clientPort)" }

    init(_ options: ZooKeeperLauncher.Options, launcher: ZooKeeperLauncher) {
        self.options = options
        self.launcher = launcher
    }

    /// Starts a single server with an empty temporary directory and waits until it serves.
    ///
    /// - Parameter tickTime: The unit of session timeouts: they are 2 to 20 of it.
    /// - Returns: The running server.
    /// - Throws: An error that says what to install, or that the server did not start.
    public static func start(tickTime: Duration = .milliseconds(200)) async throws -> ZooKeeperServer {
        let port = try FreePort.several(1)[0]
        let server = ZooKeeperServer(
            .test(directory: try temporaryDirectory(), clientPort: port, tickTime: tickTime),
            launcher: try launcher()
        )
        try await server.launch()
        try await server.ready()
        return server
    }

    /// Starts the server again on its data and waits until it serves.
    public func restart() async throws {
        await kill()
        try launch()
        try await ready()
    }

    /// Stops the server's threads; connections stay open but nothing is answered.
    public func pause() async { await process?.pause() }

    /// Lets a paused server go on.
    public func resume() async { await process?.resume() }

    /// Ends the server as a crash would.
    public func kill() async {
        guard let ending = process else { return }
        process = nil
        // Only fails when it was closed before.
        try? await ending.kill()
    }

    /// Ends the server and removes its data.
    public func stop() async {
        await kill()
        // A leftover temporary directory harms nobody.
        try? FileManager.default.removeItem(atPath: options.dataDirectory)
    }

    /// Waits until the server serves a session.
    public func ready() async throws {
        let address = address
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await withSession(address) { _ in }
                return true
            }
            group.addTask {
                // Cancelled when the server is ready.
                try? await ContinuousClock().sleep(for: Self.startTimeout)
                return false
            }
            defer { group.cancelAll() }
            guard try await group.next() == true else {
                throw TestServerError.didNotStart("ZooKeeper at \(address)", log: logFile)
            }
        }
    }

    func launch() throws {
        let configurationFile = options.dataDirectory + "/zoo.cfg"
        try launcher.configuration(options).write(
            toFile: configurationFile,
            atomically: true,
            encoding: .utf8
        )
        let arguments = launcher.arguments(options, configurationFile: configurationFile)
        process = try SupervisedProcess(launcher.java, arguments, log: logFile)
    }

    private nonisolated var logFile: String { options.dataDirectory + "/server.log" }

    /// Finds the installed ZooKeeper.
    static func launcher() throws -> ZooKeeperLauncher {
        try ZooKeeperLauncher.locate(
            environment: ProcessInfo.processInfo.environment,
            exists: FileManager.default.fileExists(atPath:)
        )
    }

    static func temporaryDirectory() throws -> String {
        var generator = SystemRandomNumberGenerator()
        let tag = String(UInt64.random(in: 0...(.max), using: &generator), radix: 16)
        let name = "cloudtask-zookeeper-" + tag
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        return directory.path
    }
}

extension ZooKeeperLauncher.Options {
    /// A small, fast server whose data may be lost.
    static func test(
        directory: String,
        clientPort: Int,
        tickTime: Duration,
        members: [ZooKeeperLauncher.Member] = []
    ) -> Self {
        .init(
            dataDirectory: directory,
            clientPort: clientPort,
            tickTime: tickTime,
            heapMegabytes: 128,
            writesReachDisk: false,
            members: members
        )
    }
}

/// Lends a connected session to `hosts` and closes it afterwards.
public func withSession<Value: Sendable>(
    _ hosts: String,
    sessionTimeout: Duration = .seconds(4),
    _ body: (any ZooKeeperSession) async throws -> Value
) async throws -> Value {
    let configuration = ZooKeeperConfiguration(hosts: hosts, sessionTimeout: sessionTimeout)
    let session = try await ClientConnector(configuration, logger: .silent).connect(resuming: nil)
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

/// Takeovers that may fail because the session's owner took it back before the twin could close it.
private let takeoversMax = 100

/// Ends a session as the ensemble would after its timeout, but at once: a twin takes it over and closes it.
///
/// Returns when the ensemble has forgotten the session; its first handle learns of it when it reconnects.
public func expire(_ session: any ZooKeeperSession, hosts: String) async throws {
    guard let identity = await session.identity else { return }
    let connector = ClientConnector(ZooKeeperConfiguration(hosts: hosts), logger: .silent)
    for _ in 0..<takeoversMax {
        let twin = try await connector.connect(resuming: identity)
        for await state in await twin.states() where state.isConnected || state.isFinal { break }
        let isForgotten = await twin.state == .expired
        await twin.close()
        if isForgotten { return }
    }
    throw TestServerError.sessionSurvived
}

extension Logger {
    /// A logger that drops everything.
    static var silent: Logger {
        Logger(label: "test-servers", factory: { _ in SwiftLogNoOpLogHandler() })
    }
}
