import Domain
import Foundation
import Payloads
import Scheduling

/// One line for each run that has ended, told once.
struct RunTicker {
    /// How often is looked.
    static let interval = Duration.seconds(1)
    /// Runs looked at; more that end between two looks are not told.
    static let pageSize = 50

    private var told: Set<RunID> = []

    /// The lines for those of `runs`, the latest first, that were not told yet; in the order they were due.
    mutating func lines(for runs: [RunPayload]) -> [String] {
        let ended = runs.reversed().filter(\.state.isFinal)
        defer { told = Set(ended.map(\.id)) }
        return ended.filter { !told.contains($0.id) }.map(Self.line)
    }

    private static func line(_ run: RunPayload) -> String {
        let time = run.due.formatted().prefix(19).suffix(8)
        var line = "[run] \(run.task) of \(time) \(RunTable.state(run))"
        guard let attempt = run.attempts.last else { return line + (run.reason.map { ": \($0)" } ?? "") }
        line += " on \(attempt.agent)"
        guard let start = attempt.startedAt else { return line }
        line += ", started \(TimeText.short(max(.zero, run.due.duration(to: start)))) late"
        if let end = attempt.endedAt {
            line += ", took \(TimeText.short(max(.zero, start.duration(to: end))))"
        }
        return line
    }
}
