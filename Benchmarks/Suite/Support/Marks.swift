import Foundation
import Scheduling

/// What tasks wrote down about their starts: `Benchmarks/spawn/mark.c`.
struct Marks: Sendable {
    /// One start.
    struct Mark: Sendable {
        var task: String
        var due: Instant
        var node: String
        /// Nanoseconds since 1970.
        var start: Int64

        /// Milliseconds from the due instant to the start.
        var lateness: Double { Double(start - due.millisecondsSinceEpoch * 1_000_000) / 1e6 }
    }

    /// The file, which need not exist yet.
    let path: String

    /// Where the file ends now: what is read from there on was written later.
    var end: Int {
        get throws {
            guard FileManager.default.fileExists(atPath: path) else { return 0 }
            return try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
        }
    }

    /// The starts written since the file ended at `offset`.
    func all(since offset: Int = 0) throws -> [Mark] {
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        let handle = try FileHandle(forReadingFrom: URL(filePath: path))
        // Closed with what is read; nothing was written that could be lost.
        defer { try? handle.close() }
        try handle.seek(toOffset: UInt64(offset))
        let text = String(decoding: try handle.readToEnd() ?? Data(), as: UTF8.self)
        return text.split(separator: "\n").compactMap(Mark.init)
    }
}

extension Marks.Mark {
    init?(_ line: Substring) {
        let words = line.split(separator: " ").map(String.init)
        guard words.count == 5, let due = Instant(rfc3339: words[1]), let start = Int64(words[4]) else {
            return nil
        }
        self.init(task: words[0], due: due, node: words[3], start: start)
    }
}
