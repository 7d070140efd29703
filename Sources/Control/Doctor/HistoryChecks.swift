import CenterClient
import Domain
import Payloads
import Scheduling

/// What the history of the last day says: fires that did not run.
struct HistoryChecks: Sendable {
    /// Missed and lost runs, latest due first.
    let losses: [RunPayload]
    /// When they were read.
    let now: Instant

    /// How far is looked back.
    private static let span = Duration.seconds(86_400)
    /// More records than that are not counted.
    static let recordsMax = 1_000

    /// Reads the last day from the center that answers.
    static func read(_ connection: CenterConnection, now: Instant) async throws -> HistoryChecks {
        HistoryChecks(
            losses: try await runs([.missed, .lost], connection, now),
            now: now
        )
    }

    private static func runs(
        _ states: [RunState],
        _ connection: CenterConnection,
        _ now: Instant
    ) async throws -> [RunPayload] {
        let filter = RunFilter(states: states, since: now - span)
        return try await Paging.all(limit: recordsMax) { page, size throws(CenterClientError) in
            try await connection.runs(filter, page: page, limit: size)
        }
    }

    /// Whether something did not run, or nobody knows how it ended.
    var check: Check {
        guard let last = losses.first else {
            return .ok("losses", "no fire was missed and no run was lost within the last day")
        }
        let missed = losses.filter { $0.state == .missed }.reduce(0) { $0 + $1.count }
        let lost = losses.count { $0.state == .lost }
        let atLeast = losses.count < Self.recordsMax ? "" : "at least "
        let ago = TimeText.short(max(.zero, last.due.duration(to: now)))
        return .warning(
            "losses",
            "missed fires of the last day: \(atLeast)\(missed), lost runs: \(lost), the latest of \(last.task), due \(ago) ago",
            why: "what was missed did not run; of what was lost nobody knows how it ended",
            fix: "see them with 'cloudtask run list --state missed --state lost', and why with "
                + "'cloudtask run explain \(last.id)'"
        )
    }
}
