import CProcess
public import Foundation

/// A program that is run to its end.
public struct Tool: Sendable {
    /// What it printed and how it ended.
    public struct Answer: Sendable {
        /// Its exit code, or the signal that ended it.
        public var status: Int32
        /// What it printed.
        public var output: String
        /// What it complained about.
        public var errors: String
    }

    /// The program could not do what was asked.
    public struct Failure: Error, CustomStringConvertible, Sendable {
        /// The program and its arguments.
        public var words: [String]
        /// How it ended.
        public var answer: Answer

        /// A sentence for people.
        public var description: String {
            "'\(words.joined(separator: " "))' failed with \(answer.status): \(answer.errors)\(answer.output)"
        }
    }

    /// Runs a program with its output in files below `folder`, so that no pipe can fill up.
    public static func run(_ words: [String], input: String = "", in folder: URL) async throws
        -> Answer
    {
        var generator = SystemRandomNumberGenerator()
        let stem = "tool-\(UInt64.random(in: 0 ... .max, using: &generator))"
        let files = ["in", "out", "err"].map { folder.appending(path: "\(stem).\($0)") }
        defer { for file in files { try? FileManager.default.removeItem(at: file) } }
        try Data(input.utf8).write(to: files[0])
        for file in files[1...] { try Data().write(to: file) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        // Children inherit the signals that their parent's thread blocks. It fails only for a wrong argument.
        _ = ct_unblock_signals()
        let status = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        return Answer(
            status: status,
            output: try String(contentsOf: files[1], encoding: .utf8),
            errors: try String(contentsOf: files[2], encoding: .utf8)
        )
    }

    /// Runs a program that must succeed, and gives what it printed.
    @discardableResult
    public static func succeed(_ words: [String], input: String = "", in folder: URL) async throws
        -> String
    {
        let answer = try await run(words, input: input, in: folder)
        guard answer.status == 0 else { throw Failure(words: words, answer: answer) }
        return answer.output
    }
}
