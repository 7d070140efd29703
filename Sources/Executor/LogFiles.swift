public import Agent
public import Domain
import Foundation
public import Scheduling

/// Where the attempts' log files lie: `logs/<day>/<hour>/<run>-<attempt>.<out or err>` in the data directory.
///
/// Day and hour are the due instant's, in UTC: old days are removed as a whole, and no directory grows without end.
public struct LogFiles: Hashable, Sendable {
    /// The directory that holds the days.
    public let root: String

    /// Names the log files of an agent's data directory.
    public init(dataDirectory: String) { root = dataDirectory + "/logs" }

    /// The log file of an attempt whose fire is due at `due`.
    public func path(of attempt: AttemptID, due: Instant, _ stream: LogStream) -> String {
        root + "/" + Self.folder(of: due) + "/" + Self.name(of: attempt, stream)
    }

    /// The log file of an attempt as it is found on the disk; `nil` if there is none.
    ///
    /// A scheduled run tells its due instant; for a requested one all folders are looked through, newest first.
    public func find(_ attempt: AttemptID, _ stream: LogStream) -> String? {
        if let key = attempt.run.fireKey {
            let path = path(of: attempt, due: key.due, stream)
            return FileManager.default.fileExists(atPath: path) ? path : nil
        }
        let name = Self.name(of: attempt, stream)
        return folders.lazy.map { "\(root)/\($0)/\(name)" }
            .first { FileManager.default.fileExists(atPath: $0) }
    }

    /// Removes the logs of all days that ended before `limit`; returns the days.
    @discardableResult
    public func removeDays(before limit: Instant) throws -> [String] {
        let oldestKept = String(Self.folder(of: limit).prefix(Self.dayLength))
        let old = days.filter { $0 < oldestKept }
        for day in old { try FileManager.default.removeItem(atPath: root + "/" + day) }
        return old
    }

    /// The folder of a due instant, relative to `root`.
    static func folder(of due: Instant) -> String {
        let text = due.formatted()
        let hour = text.dropFirst(dayLength + 1).prefix(2)
        return text.prefix(dayLength) + "/" + hour
    }

    /// The name of an attempt's file in its folder.
    static func name(of attempt: AttemptID, _ stream: LogStream) -> String {
        attempt.description + "." + stream.rawValue
    }

    /// Length of `yyyy-mm-dd`.
    private static let dayLength = 10

    private var days: [String] {
        entries(of: root).filter { $0.utf8.count == Self.dayLength && $0.first?.isNumber == true }
    }

    private var folders: [String] {
        days.reversed().flatMap { day in entries(of: root + "/" + day).reversed().map { day + "/" + $0 } }
    }

    private func entries(of directory: String) -> [String] {
        // A directory that is not there (yet, or any more) holds nothing.
        ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
    }
}
