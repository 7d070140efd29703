import Foundation

/// Where benchmarks work: the programs they use, and a folder for what they leave.
struct Workshop: Sendable {
    private let tools: URL
    private let folder: URL

    init(tools: String) throws {
        self.tools = URL(filePath: tools).absoluteURL
        folder = FileManager.default.temporaryDirectory
            .appending(path: "cloudtask-bench-\(UInt64.random(in: 0...(.max)))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    /// The program under test.
    var cloudtask: String { tool("cloudtask") }
    /// Starts a program many times: `Benchmarks/spawn/loop.c`.
    var loop: String { tool("loop") }
    /// Appends the time of its start to a file: `Benchmarks/spawn/stamp.c`.
    var stamp: String { tool("stamp") }
    /// Appends who was started when to a file: `Benchmarks/spawn/mark.c`.
    var mark: String { tool("mark") }
    /// The ZooKeeper client in C: `Benchmarks/zookeeper/bench.c`.
    var zookeeper: String { tool("zookeeper-bench") }

    private func tool(_ name: String) -> String { tools.appending(path: name).path }

    /// A name in the folder that nothing has yet.
    func newPath(_ prefix: String) -> String {
        folder.appending(path: "\(prefix)-\(UInt64.random(in: 0...(.max)))").path
    }

    /// Makes a new directory and returns its path.
    func newDirectory(_ prefix: String) throws -> String {
        let path = newPath(prefix)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    /// Removes the folder and everything in it.
    func remove() {
        // A leftover temporary folder harms nobody.
        try? FileManager.default.removeItem(at: folder)
    }

    /// Runs a program to its end and returns what it printed; throws when it did not succeed.
    ///
    /// The output goes through a file, so that no pipe can fill up.
    @discardableResult
    func run(_ program: String, _ arguments: [String], environment: [String: String] = [:]) async throws
        -> String
    {
        let (output, errors) = (newPath("output"), newPath("errors"))
        for file in [output, errors] { try Data().write(to: URL(filePath: file)) }
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: output))
        process.standardError = try FileHandle(forWritingTo: URL(filePath: errors))
        let status = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        guard status == 0 else {
            let reason = try String(contentsOfFile: errors, encoding: .utf8).suffix(1_000)
            throw BenchmarkError("\(program) \(arguments.first ?? "") ended with \(status): \(reason)")
        }
        return try String(contentsOfFile: output, encoding: .utf8)
    }
}

/// The machine as `/proc` shows it.
enum Machine {
    /// Processes that ran or wanted to, on average over the last minute.
    static var load: Double? {
        guard let text = try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8) else { return nil }
        return text.split(separator: " ").first.flatMap { Double($0) }
    }

    /// Memory of a process that is in the machine's memory now, in MiB.
    static func residentMegabytes(of process: Int32) throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        for line in text.split(separator: "\n") where line.hasPrefix("VmRSS:") {
            let words = line.split(whereSeparator: \.isWhitespace)
            if words.count > 1, let kibibytes = Double(words[1]) { return kibibytes / 1_024 }
        }
        throw BenchmarkError("process \(process) has no memory: it ended")
    }

    /// Nanoseconds since 1970; exact to a microsecond.
    static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1e9) }
}
