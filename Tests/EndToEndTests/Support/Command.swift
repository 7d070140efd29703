import Foundation
import Testing

/// The built `cloudtask` binary, next to the test bundle.
enum Binary {
    static let path: String = {
        if let path = ProcessInfo.processInfo.environment["CLOUDTASK_BINARY"] { return path }
        let bundle = URL(filePath: CommandLine.arguments[0])
        return bundle.deletingLastPathComponent().appending(path: "cloudtask").path
    }()
}

/// What a command printed and how it ended.
struct CommandResult: Sendable {
    var status: Int32
    var output: String
    var errors: String

    /// The output as lines without empty ones.
    var lines: [String] { output.split(separator: "\n").map(String.init) }

    /// The output decoded from JSON.
    func json<T: Decodable>(_ type: T.Type) throws -> T {
        try JSONDecoder().decode(type, from: Data(output.utf8))
    }
}

/// Runs `cloudtask` with these arguments and waits for its end.
func cloudtask(
    _ arguments: String...,
    environment: [String: String] = [:],
    input: String = ""
) async throws -> CommandResult {
    try await run(Binary.path, arguments, environment: environment, input: input)
}

/// Runs a program with its output in files, so that no pipe can fill up.
func run(
    _ program: String,
    _ arguments: [String],
    environment: [String: String] = [:],
    input: String = ""
) async throws -> CommandResult {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let (out, err, stdin) = (folder.file("out"), folder.file("err"), folder.file("in"))
    try Data(input.utf8).write(to: stdin)
    for file in [out, err] { try Data().write(to: file) }

    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let files = [
        try FileHandle(forReadingFrom: stdin), try FileHandle(forWritingTo: out),
        try FileHandle(forWritingTo: err),
    ]
    // Foundation keeps them open for ever, and crashes when there are a thousand.
    defer { for file in files { try? file.close() } }
    process.standardInput = files[0]
    process.standardOutput = files[1]
    process.standardError = files[2]
    let status = try await withCheckedThrowingContinuation { continuation in
        process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
        do { try process.run() } catch { continuation.resume(throwing: error) }
    }
    return CommandResult(
        status: status,
        output: try String(contentsOf: out, encoding: .utf8),
        errors: try String(contentsOf: err, encoding: .utf8)
    )
}

/// A folder that lives as long as a test.
struct TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(
            path: "cloudtask-\(UInt64.random(in: 0 ... .max))"
        )
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    var path: String { url.path }

    func file(_ name: String) -> URL { url.appending(path: name) }

    func remove() { try? FileManager.default.removeItem(at: url) }
}

/// How long things may take before a test gives up; `CLOUDTASK_TEST_PATIENCE` scales it on slow machines.
enum Patience {
    static let factor = Double(ProcessInfo.processInfo.environment["CLOUDTASK_TEST_PATIENCE"] ?? "") ?? 1

    static func seconds(_ seconds: Double) -> Duration { .milliseconds(Int(seconds * factor * 1_000)) }
}

/// Asks until the answer is yes; records a failure that says what was waited for when patience ends.
@discardableResult
func eventually(
    _ what: String,
    within patience: Duration = Patience.seconds(30),
    sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws -> Bool {
    let deadline = ContinuousClock.now + patience
    while ContinuousClock.now < deadline {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(100))
    }
    Issue.record("gave up waiting: \(what)", sourceLocation: sourceLocation)
    return false
}
