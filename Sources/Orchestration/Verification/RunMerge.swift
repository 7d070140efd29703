import Domain
import Scheduling

/// Makes one history of those of several centers.
///
/// Centers hear of the same run at different times: what one still calls running or lost, another may know the end of. Of two
/// records that cannot both be true both are kept.
enum RunMerge {
    /// The runs, each once unless records contradict each other, sorted by identity.
    static func merge(_ runs: [Run]) -> [Run] {
        let byID = Dictionary(grouping: runs, by: \.id)
        return byID.keys.sorted().flatMap { id in distinct(byID[id] ?? []) }
    }

    private static func distinct(_ records: [Run]) -> [Run] {
        guard records.count > 1 else { return records }
        var kept: [Run] = []
        var known: Set<Statement> = []
        for record in records.sorted(by: isBefore) where known.insert(Statement(record)).inserted {
            kept.append(record)
        }
        return kept.filter { record in !kept.contains { supersedes($0, record) } }
    }

    /// What a record says, without what one center may know more exactly than another.
    private struct Statement: Hashable {
        struct Attempt: Hashable {
            var number: Int
            var agent: AgentID
            var outcome: AttemptOutcome?
        }
        var state: RunState
        var count: Int
        var since: Instant?
        var attempts: [Attempt]

        init(_ run: Run) {
            state = run.state
            count = run.count
            since = run.since
            attempts = run.attempts.map {
                Attempt(number: $0.number, agent: $0.agent, outcome: $0.result?.outcome)
            }
        }
    }

    /// Whether `newer` is what becomes of `older` when its center hears the rest.
    private static func supersedes(_ newer: Run, _ older: Run) -> Bool {
        let more = newer.attempts.count
        if more > older.attempts.count { return true }
        if more < older.attempts.count { return false }
        switch older.state {
        case .waiting: return newer.state != .waiting
        case .running: return newer.state != .running && newer.state != .waiting
        case .retrying: return newer.state.isFinal
        case .lost: return newer.state.isFinal && newer.state != .lost
        default: return false
        }
    }

    private static func isBefore(_ left: Run, _ right: Run) -> Bool {
        (left.state.rawValue, left.attempts.count, left.reason ?? "")
            < (right.state.rawValue, right.attempts.count, right.reason ?? "")
    }
}
