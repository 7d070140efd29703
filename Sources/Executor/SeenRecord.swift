import Domain
import Foundation
import Glibc
import Scheduling

/// The durable record of the attempts that were ever (in the last days) about to be started here.
///
/// One append-only file per day, a line `<run> <number>;` per attempt. A line that a crash cut short lacks its semicolon
/// and counts for nothing: its attempt was never started. Days older than the retention are dropped as a whole.
struct SeenRecord: Sendable {
    /// How long attempts are remembered: as long as anything may still ask for one again.
    static let retention = Duration.seconds(7 * 86_400)

    private let directory: String
    private var days: [String: Set<Fingerprint>] = [:]
    private var day = ""
    private var file: Int32 = -1

    /// Reads the record in `directory`, which is made if need be.
    init(directory: String, now: Instant) throws {
        self.directory = directory
        try Descriptor.makeDirectory(directory)
        for day in try FileManager.default.contentsOfDirectory(atPath: directory).sorted() {
            days[day] = try Self.load(directory + "/" + day)
        }
        prune(now: now)
    }

    /// Whether the attempt was recorded.
    func contains(_ attempt: AttemptID) -> Bool {
        let fingerprint = Fingerprint(attempt)
        return days.contains { $0.value.contains(fingerprint) }
    }

    /// Records the attempts; on return they are on disk.
    ///
    /// After an error nothing of them may be started.
    mutating func insert(_ attempts: [AttemptID], now: Instant) throws(ExecutorError) {
        do throws(ExecutorError) {
            try turn(to: String(now.formatted().prefix(10)), now: now)
            var lines: [UInt8] = []
            for attempt in attempts { lines.append(contentsOf: "\(attempt.run) \(attempt.number);\n".utf8) }
            try Descriptor.write(lines, to: file, name: directory + "/" + day)
            guard fdatasync(file) == 0 else {
                throw ExecutorError("synchronize", directory + "/" + day, code: errno)
            }
        } catch {
            // What reached the disk is unknown: the next batch starts over with the file opened anew.
            close()
            throw error
        }
        days[day, default: []].formUnion(attempts.map(Fingerprint.init))
    }

    /// Closes the day's file; the next insertion opens it again.
    mutating func close() {
        if file >= 0 { Glibc.close(file) }
        file = -1
        day = ""
    }

    private mutating func turn(to today: String, now: Instant) throws(ExecutorError) {
        if today == day { return }
        close()
        let path = directory + "/" + today
        file = try Descriptor.open(path, O_RDWR | O_CREAT | O_APPEND)
        day = today
        // Ends a line that a crash may have cut short.
        try Descriptor.write([UInt8(ascii: "\n")], to: file, name: path)
        try Descriptor.synchronizeDirectory(directory)
        prune(now: now)
    }

    private mutating func prune(now: Instant) {
        let oldestKept = String((now - Self.retention).formatted().prefix(10))
        for day in days.keys.sorted() where day < oldestKept {
            // A file that cannot be removed only costs space; the next day tries again.
            if unsafe unlink(directory + "/" + day) == 0 || errno == ENOENT { days[day] = nil }
        }
    }

    private static func load(_ path: String) throws -> Set<Fingerprint> {
        var seen: Set<Fingerprint> = []
        let text = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
        for line in text.split(separator: "\n") where line.hasSuffix(";") {
            let words = line.dropLast().split(separator: " ")
            guard words.count == 2, let run = RunID(String(words[0])), let number = Int(words[1]) else {
                continue
            }
            seen.insert(Fingerprint(AttemptID(run: run, number: number)))
        }
        return seen
    }
}

/// 128 bits that stand for an attempt in memory: a week of a busy agent is millions of them.
private struct Fingerprint: Hashable, Sendable {
    private let low: Int
    private let high: Int

    init(_ attempt: AttemptID) {
        var hasher = Hasher()
        hasher.combine(attempt)
        low = hasher.finalize()
        var other = Hasher()
        other.combine(low)
        other.combine(attempt)
        high = other.finalize()
    }
}
