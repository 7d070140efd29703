public import Agent
public import Domain
import Foundation

/// The agent's log files as its HTTP API serves them, with what the runner knows: whether more may follow.
public struct AttemptLogs: LogSource {
    private let reader: LogReader
    private let runner: ProcessRunner

    /// Reads what `runner` writes.
    public init(of runner: ProcessRunner) {
        reader = LogReader(files: runner.logFiles)
        self.runner = runner
    }

    /// At most `limit` bytes of the attempt's stream from `offset` on; `nil` when nothing is known of the attempt.
    public func read(
        _ attempt: AttemptID,
        stream: LogStream,
        offset: Int64,
        limit: Int
    ) async throws -> LogChunk? {
        // Asked before reading: what an attempt wrote before it ended is in the file by then.
        let isRunning = await runner.running().contains(attempt)
        guard let piece = try reader.read(attempt, stream, offset: offset, limit: limit) else { return nil }
        let isAtEnd = offset + Int64(piece.bytes.count) >= piece.size
        return LogChunk(offset: offset, bytes: Data(piece.bytes), isComplete: isAtEnd && !isRunning)
    }
}
