import Cluster
import Domain
import Orchestration
import Scheduling
import SimulationKit

/// P13: once the cluster is as it should be, what comes due is journaled in time.
struct LatenessCheck {
    /// How late a fire may be decided by an agent that nothing holds up: it trusts no wait for longer than a second.
    private static let latest = Duration.seconds(2)

    /// From when on the cluster is as it should be; `nil` while it is not.
    var steadySince: Instant?
    /// Tasks whose fires may have to wait for the end of a run.
    var waiting: Set<TaskID> = []

    func saw(_ node: KnownNode, _ change: SimulatedEnsemble.Change, at now: Instant) -> [Finding] {
        guard let steadySince, case .segment(let journal, _) = node, change.isCreation,
            let segment = change.decoded(JournalSegment.self)
        else { return [] }
        let fires = segment.fires.filter { fire in
            AgentLedger.movesCursor(fire) && fire.due >= steadySince && !waiting.contains(fire.task)
        }
        return fires.compactMap { fire in
            let late = fire.due.duration(to: now)
            guard late > Self.latest else { return nil }
            return (.recovery, "\(fire.attempt) of \(fire.task) is journaled by \(journal.seat) \(late) late")
        }
    }
}
