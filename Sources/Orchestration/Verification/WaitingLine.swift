import Domain
import Scheduling

/// The fires of a task that wait for each other's end, by its concurrency: at the end of a history the last of them may still do so.
///
/// The line is being worked off when whatever began last was due before them, and was still running when they came due and when
/// the history ended, or shortly before.
struct WaitingLine {
    /// Whoever has the turn; `nil` when the line is at rest.
    let turn: RecordedStart?
    private let turnEnd: Instant?

    /// Looks who has the turn at the end of a history.
    init(_ check: TaskCheck, starts: [RecordedStart], runs: [Run]) {
        guard check.definition.specification.concurrency.queues, let last = starts.last else {
            (turn, turnEnd) = (nil, nil)
            return
        }
        let result = runs.first { $0.id == last.run }?.attempts.first { $0.number == last.attempt }?.result
        let end = last.endedAt ?? result?.endedAt
        let isLive =
            end.map { $0 + check.policy.latenessBound >= check.end }
            ?? !check.excuses.hasHit(last.node, since: last.startedAt)
        turn = isLive ? last : nil
        turnEnd = end
    }

    /// Whether an instant waits for its turn: nothing began, nothing was decided for good.
    func holds(_ instance: TaskCheck.Instance) -> Bool {
        guard let turn, instance.starts.isEmpty, instance.runs.allSatisfy({ !$0.state.isFinal }) else {
            return false
        }
        return turn.due < instance.due && turnEnd.map { $0 >= instance.due } ?? true
    }
}

extension Concurrency {
    /// Whether fires wait for the end of those before them.
    fileprivate var queues: Bool { policy == .queueOne || policy == .queueAll }
}
