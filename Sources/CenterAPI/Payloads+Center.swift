import Center
import Domain
import Payloads

extension TaskPayload {
    init(_ view: TaskView, last: Run?) {
        let definition = view.definition
        self.init(
            specification: definition.specification,
            uid: definition.uid,
            revision: definition.revision,
            createdAt: definition.createdAt,
            effectiveFrom: definition.effectiveFrom,
            owner: view.owner,
            unplacedReason: view.unplacedReason,
            next: view.nextDue,
            last: last.map(RunPayload.init),
            pause: view.pause,
            exceptions: view.exceptions.isEmpty ? nil : view.exceptions
        )
    }
}

extension ApplyResult {
    init(_ outcome: SaveOutcome) {
        let change: Change =
            switch outcome.change {
            case .created: .created
            case .updated: .updated
            case .unchanged: .unchanged
            }
        self.init(task: outcome.task, change: change, revision: outcome.revision)
    }
}

extension SaveCondition {
    init(_ condition: ApplyCondition) {
        switch condition {
        case .any: self = .any
        case .absent: self = .absent
        case .revision(let revision): self = .revision(revision)
        }
    }
}

extension NodePayload {
    init(_ view: NodeView) {
        self.init(
            agent: view.agent,
            runtime: view.runtime,
            registration: view.registration,
            isDrained: view.isDrained,
            taskCount: view.taskCount,
            heldUntil: view.heldUntil
        )
    }
}

extension LeadershipPayload {
    /// The view of the center named `center`.
    init(_ view: LeadershipView, of center: CenterID) {
        switch view {
        case .leading(let epoch): self.init(state: .leading, center: center, epoch: epoch.rawValue)
        case .following(let leader): self.init(state: .following, center: leader.center, url: leader.url)
        case .unknown(let reason): self.init(state: .unknown, reason: reason)
        }
    }
}

extension ClusterPayload {
    /// The view of the center named `center`.
    init(_ view: ClusterView, of center: CenterID) {
        self.init(
            id: view.identity?.id,
            timeline: view.identity?.timeline,
            leadership: LeadershipPayload(view.leadership, of: center),
            centers: view.centers,
            nodes: view.nodes.map(NodePayload.init),
            tasks: view.taskCount,
            unplaced: view.unplacedCount,
            defects: view.defects,
            runsWithoutOwner: view.ownerlessRunCount
        )
    }
}
