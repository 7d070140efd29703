import Foundation
import Testing

/// A cluster run by `cloudtask up`, seen through its own events.
final class LocalCluster: Sendable {
    /// One line of `cloudtask up -o json`.
    struct Event: Decodable, Sendable {
        var event: String
        var role: String?
        var id: String?
        var pid: Int32?
        var server: String?
        var zookeeper: String?
        var exitCode: Int32?
    }

    let folder: TemporaryFolder
    let arguments: [String]
    private let process: Process
    private let lifeline = Lifeline()
    private let eventsFile: URL
    let logFile: URL

    init(folder: TemporaryFolder, arguments: [String]) throws {
        self.folder = folder
        self.arguments = arguments
        eventsFile = folder.file("events.ndjson")
        logFile = folder.file("up.log")
        for file in [eventsFile, logFile] { try Data().write(to: file) }
        process = Process()
        lifeline.attach(
            process,
            [Binary.path, "up", "-o", "json", "--data", folder.file("data").path] + arguments
        )
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        try process.run(output: eventsFile, errors: logFile)
    }

    /// Keeps the tests' notion of "the last `up`" apart from the user's, and from other tests'.
    var environment: [String: String] {
        ["XDG_STATE_HOME": folder.file("state").path, "XDG_CONFIG_HOME": folder.file("config").path]
    }

    var processID: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }
    var exitStatus: Int32 { process.terminationStatus }

    func events() throws -> [Event] {
        let text = try String(contentsOf: eventsFile, encoding: .utf8)
        // The last line may be half written.
        return text.split(separator: "\n").compactMap {
            try? JSONDecoder().decode(Event.self, from: Data($0.utf8))
        }
    }

    /// The running processes of a role by their ids.
    func processes(_ role: String) throws -> [String: Int32] {
        var running: [String: Int32] = [:]
        for event in try events() where event.role == role {
            guard let id = event.id, let pid = event.pid else { continue }
            if event.event == "started" { running[id] = pid }
            if event.event == "exited", running[id] == pid { running[id] = nil }
        }
        return running
    }

    func ready() async throws {
        try await eventually("the cluster says that it is ready", within: Patience.seconds(60)) {
            try #require(isRunning, "cloudtask up ended early:\n\(log.suffix(4_000))")
            return try events().contains { $0.event == "ready" }
        }
    }

    var log: String { (try? String(contentsOf: logFile, encoding: .utf8)) ?? "" }

    /// Runs a command against this cluster.
    func control(_ arguments: String..., input: String = "") async throws -> CommandResult {
        try await execute(arguments, input: input)
    }

    /// Runs a command against this cluster.
    func execute(_ arguments: [String], input: String = "") async throws -> CommandResult {
        try await run(Binary.path, arguments, environment: environment, input: input)
    }

    /// Ends the cluster as Ctrl-C would, and by force should that not work.
    func stop() async {
        defer { lifeline.release() }
        guard process.isRunning else { return }
        kill(process.processIdentifier, SIGINT)
        let deadline = ContinuousClock.now + Patience.seconds(30)
        while process.isRunning, ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(50))
        }
        if process.isRunning {
            Issue.record("cloudtask up did not end after SIGINT:\n\(log.suffix(4_000))")
            kill(process.processIdentifier, SIGKILL)
        }
    }
}

/// Runs a cluster for the length of `body`.
func withCluster(_ arguments: String..., body: (LocalCluster) async throws -> Void) async throws {
    try await withCluster(arguments, body: body)
}

/// Runs a cluster for the length of `body`.
func withCluster(_ arguments: [String], body: (LocalCluster) async throws -> Void) async throws {
    let folder = try TemporaryFolder()
    let cluster = try LocalCluster(folder: folder, arguments: arguments)
    do {
        try await cluster.ready()
        try await body(cluster)
    } catch {
        print(cluster.log.suffix(6_000))
        await cluster.stop()
        folder.remove()
        throw error
    }
    await cluster.stop()
    folder.remove()
}
