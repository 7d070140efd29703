import CenterClient
import Domain
import Foundation
import Payloads

/// Reads one stream of an attempt from its beginning.
struct LogReading: Sendable {
    let connection: CenterConnection
    let run: RunID
    let attempt: Int?
    let stream: LogStreamName
    private(set) var isComplete = false
    private var offset: Int64 = 0

    init(connection: CenterConnection, run: RunID, attempt: Int?, stream: LogStreamName) {
        self.connection = connection
        self.run = run
        self.attempt = attempt
        self.stream = stream
    }

    /// Prints the next piece; whether there was one.
    mutating func advance() async throws -> Bool {
        let chunk = try await connection.log(of: run, attempt: attempt, stream: stream, offset: offset)
        let handle = stream == .out ? FileHandle.standardOutput : FileHandle.standardError
        try handle.write(contentsOf: chunk.bytes)
        offset = chunk.nextOffset
        isComplete = chunk.isComplete
        return !chunk.bytes.isEmpty
    }
}
