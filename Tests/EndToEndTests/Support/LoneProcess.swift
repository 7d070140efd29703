import Foundation
import Scheduling
import Testing

/// A `cloudtask center` or `cloudtask agent` that a test starts itself, with short timeouts and its log in a file.
final class LoneProcess: Sendable {
    struct Plan: Sendable {
        var role: String
        var id: String
        var zookeeper: String
        /// `nil` for a directory of its own.
        var data: String?
        var sessionTimeout = "4s"
        /// 0 for any that is free.
        var port = 0
        var tokenFile: String?
        var more: [String] = []
        /// A program with arguments that starts what follows.
        var launcher: [String] = []
    }

    let plan: Plan
    let logFile: URL
    private let process: Process
    private let lifeline = Lifeline()
    private let folder: TemporaryFolder

    init(_ plan: Plan, in folder: TemporaryFolder) throws {
        self.plan = plan
        self.folder = folder
        logFile = folder.file("\(plan.role)-\(UInt64.random(in: 0 ... .max)).log")
        try Data().write(to: logFile)
        let words =
            plan.launcher + [
                Binary.path, plan.role, "--id", plan.id, "--zookeeper", plan.zookeeper, "--data",
                plan.data ?? folder.file("data-\(plan.role)-\(plan.id)").path, "--listen",
                "127.0.0.1:\(plan.port)",
                "--token-file", plan.tokenFile ?? folder.file("token").path, "--session-timeout",
                plan.sessionTimeout,
            ] + plan.more
        process = Process()
        lifeline.attach(process, words)
        try process.run(output: logFile, errors: logFile)
    }

    var processID: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }
    var log: String { (try? String(contentsOf: logFile, encoding: .utf8)) ?? "" }

    /// Where its API listens; `nil` until it does.
    var url: String? { log.firstMatch(of: /http\.url=(http:[^\s\]]+)/).map { String($0.1) } }

    /// How many lines of the log contain a text.
    func lines(containing text: String) -> Int {
        log.split(separator: "\n").count { $0.contains(text) }
    }

    /// Processor time it has used.
    func processorTime() throws -> Duration {
        let stat = try String(contentsOfFile: "/proc/\(processID)/stat", encoding: .utf8)
        let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
        let ticks = (Int(fields[12]) ?? 0) + (Int(fields[13]) ?? 0)
        return .milliseconds(ticks * 1_000 / sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Its answer to `GET path`; `nil` while nothing listens.
    func get(_ path: String) async -> HTTPAnswer? {
        guard let url else { return nil }
        return try? await http("GET", url + path, token: try? token())
    }

    func token() throws -> String {
        let file = plan.tokenFile ?? folder.file("token").path
        return try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(
            in: .whitespacesAndNewlines
        )
    }

    func signal(_ number: Int32) { kill(processID, number) }

    /// Waits until the process has ended, and tells its exit code.
    func ended(within patience: Duration = Patience.seconds(20)) async throws -> Int32 {
        let done = try await eventually("\(plan.role) \(plan.id) ends", within: patience) { !isRunning }
        try #require(done, "\(log.suffix(3_000))")
        return process.terminationStatus
    }

    /// Ends it at once, if it still runs.
    func destroy() async {
        if isRunning { signal(SIGKILL) }
        while isRunning { try? await Task.sleep(for: .milliseconds(10)) }
        lifeline.release()
    }
}

/// Runs processes for the length of `body`.
func withProcesses<Value>(
    _ plans: [LoneProcess.Plan],
    in folder: TemporaryFolder,
    body: ([LoneProcess]) async throws -> Value
) async throws -> Value {
    let processes = try plans.map { try LoneProcess($0, in: folder) }
    do {
        let value = try await body(processes)
        for process in processes { await process.destroy() }
        return value
    } catch {
        for process in processes { print("--- \(process.plan.id)\n\(process.log.suffix(4_000))") }
        for process in processes { await process.destroy() }
        throw error
    }
}

/// Lends a temporary folder.
func withFolder<Value>(_ body: (TemporaryFolder) async throws -> Value) async throws -> Value {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    return try await body(folder)
}
