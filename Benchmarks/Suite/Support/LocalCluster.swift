import Foundation
import Scheduling

/// A cluster run by `cloudtask up`: one center and one agent unless it is told otherwise.
struct LocalCluster: Sendable {
    /// How many processes, and how they are set.
    struct Plan: Sendable {
        var centers = 1
        var agents = 1
        var slots: Int
        /// `nil` for the default.
        var sessionTimeout: Duration?
    }

    /// One line of `cloudtask up -o json`.
    private struct Event: Decodable {
        var event: String
        var role: String?
        var id: String?
        var pid: Int32?
        var zookeeper: String?
    }

    private let workshop: Workshop
    private let directory: String
    private let process: Process
    /// The supervisor ends when this closes, and so when this process ends, however it ends.
    private let lifeline: FileHandle

    /// How long the cluster may take to become ready, and to end.
    private static let patience = Duration.seconds(180)
    /// Time between two looks.
    private static let interval = Duration.milliseconds(100)

    /// Becomes `$3…` with its events in the file `$1` and its log in `$2`; a watcher stops it when standard input closes.
    private static let script = """
        events=$1; log=$2; shift 2
        exec 3<&0
        ( read -r _ <&3; kill -TERM $$ ) >/dev/null 2>&1 &
        exec "$@" </dev/null >"$events" 2>"$log" 3<&-
        """

    private init(_ workshop: Workshop, _ plan: Plan) throws {
        self.workshop = workshop
        directory = try workshop.newDirectory("cluster")
        let input = Pipe()
        lifeline = input.fileHandleForWriting
        process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments =
            ["-c", Self.script, "supervise", directory + "/events", directory + "/log", workshop.cloudtask]
            + ["up", "-o", "json", "--centers", "\(plan.centers)", "--agents", "\(plan.agents)"]
            + ["--slots", "\(plan.slots)", "--no-restart", "--log-level", "warning"]
            + ["--data", directory + "/data"]
            + (plan.sessionTimeout.map { ["--session-timeout", "\($0.wholeMilliseconds)ms"] } ?? [])
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = input
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    /// Lends a cluster that is ready, and ends it afterwards.
    static func with<Value>(
        _ workshop: Workshop,
        slots: Int,
        _ body: (LocalCluster) async throws -> Value
    ) async throws -> Value {
        try await with(workshop, Plan(slots: slots), body)
    }

    /// Lends a cluster that is ready, and ends it afterwards.
    static func with<Value>(
        _ workshop: Workshop,
        _ plan: Plan,
        _ body: (LocalCluster) async throws -> Value
    ) async throws -> Value {
        let cluster = try LocalCluster(workshop, plan)
        let result: Result<Value, any Error>
        do {
            try await cluster.ready()
            result = .success(try await body(cluster))
        } catch {
            result = .failure(BenchmarkError("\(error)\n\(cluster.log.suffix(2_000))"))
        }
        try await cluster.stop()
        return try result.get()
    }

    /// Runs a command against the cluster and returns what it printed.
    @discardableResult
    func control(_ arguments: [String]) async throws -> String {
        try await workshop.run(workshop.cloudtask, arguments, environment: environment)
    }

    /// Applies documents: YAML, one after the other.
    func apply(_ documents: [String]) async throws {
        let file = workshop.newPath("tasks") + ".yaml"
        try documents.joined(separator: "---\n").write(toFile: file, atomically: false, encoding: .utf8)
        try await control(["apply", "-f", file])
    }

    /// The process of a role.
    func process(_ role: String) throws -> Int32 {
        guard let pid = events.first(where: { $0.event == "started" && $0.role == role })?.pid else {
            throw BenchmarkError("no \(role) was started")
        }
        return pid
    }

    /// The processes of a role by their ids.
    func processes(_ role: String) -> [String: Int32] {
        events.reduce(into: [:]) { found, event in
            guard event.event == "started", event.role == role, let id = event.id else { return }
            found[id] = event.pid
        }
    }

    /// The file with the token of the cluster's API.
    var tokenFile: String { directory + "/data/token" }

    /// The cluster's ZooKeeper server as `host:port`.
    func zookeeper() throws -> String {
        guard let address = events.first(where: { $0.event == "ready" })?.zookeeper else {
            throw BenchmarkError("the cluster does not say where ZooKeeper is")
        }
        return address
    }

    /// Keeps the commands' notion of "the last `up`" apart from the user's.
    private var environment: [String: String] {
        ["XDG_STATE_HOME": directory + "/state", "XDG_CONFIG_HOME": directory + "/config"]
    }

    private var events: [Event] {
        guard let text = try? String(contentsOfFile: directory + "/events", encoding: .utf8) else {
            return []
        }
        // The last line may be half written.
        return text.split(separator: "\n").compactMap {
            try? JSONDecoder().decode(Event.self, from: Data($0.utf8))
        }
    }

    private var log: String { (try? String(contentsOfFile: directory + "/log", encoding: .utf8)) ?? "" }

    private func ready() async throws {
        let deadline = ContinuousClock.now + Self.patience
        while !events.contains(where: { $0.event == "ready" }) {
            guard process.isRunning else { throw BenchmarkError("cloudtask up ended") }
            guard ContinuousClock.now < deadline else {
                throw BenchmarkError("cloudtask up did not become ready")
            }
            try await ContinuousClock().sleep(for: Self.interval)
        }
    }

    private func stop() async throws {
        try lifeline.close()
        let deadline = ContinuousClock.now + Self.patience
        while process.isRunning {
            guard ContinuousClock.now < deadline else { throw BenchmarkError("cloudtask up did not end") }
            try await ContinuousClock().sleep(for: Self.interval)
        }
        // A leftover temporary directory harms nobody.
        try? FileManager.default.removeItem(atPath: directory)
    }
}
