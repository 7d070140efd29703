import Center
import Domain
import Payloads
import Scheduling

extension TaskPayload {
    init(_ view: TaskView, last: Run?) {
        let definition = view.definition
        var suspendedUntil: Instant?
        if case .until(let end) = view.suspension { suspendedUntil = end }
        self.init(
            specification: definition.specification,
            uid: definition.uid,
            revision: definition.revision,
            createdAt: definition.createdAt,
            effectiveFrom: definition.effectiveFrom,
            completionSince: definition.completionSince,
            owner: view.owner,
            parts: view.parts,
            unplacedReason: view.unplacedReason,
            suspended: view.suspension == .absent ? nil : true,
            suspendedUntil: suspendedUntil,
            next: view.nextDue,
            last: last.map(RunPayload.init),
            pause: view.pause,
            exceptions: view.exceptions.isEmpty ? nil : view.exceptions
        )
    }
}

extension ApplyResult {
    init(_ outcome: SaveOutcome) {
        self.init(task: outcome.task, change: Change(outcome.change), revision: outcome.revision)
    }
}

extension ApplyResult.Change {
    init(_ change: SaveOutcome.Change) {
        switch change {
        case .created: self = .created
        case .updated: self = .updated
        case .unchanged: self = .unchanged
        }
    }
}

extension CalendarPayload {
    init(_ view: CalendarView) { self.init(calendar: view.calendar, tasks: view.taskCount) }
}

extension CalendarResult {
    init(_ outcome: CalendarOutcome) {
        self.init(
            calendar: outcome.calendar,
            change: ApplyResult.Change(outcome.change),
            tasks: outcome.taskCount
        )
    }
}

extension PoolResult {
    init(_ outcome: PoolOutcome) {
        self.init(pool: outcome.pool, change: ApplyResult.Change(outcome.change))
    }
}

extension ChangeResult {
    init(_ outcome: BulkReceipt.Outcome) {
        let change: Change =
            switch outcome.change {
            case .changed: .changed
            case .unchanged: .unchanged
            case .absent: .absent
            }
        self.init(task: outcome.task, change: change)
    }
}

extension GroupPayload {
    init(_ view: GroupView) {
        self.init(name: view.name, tasks: view.taskCount, paused: view.pausedCount, pause: view.pause)
    }
}

extension SaveRequest {
    init(_ body: ApplyBody) {
        self.init(
            pools: body.pools,
            calendars: body.calendars,
            workflows: body.workflows,
            tasks: body.tasks,
            condition: SaveCondition(body.condition),
            note: ChangeNote(author: body.author, message: body.message),
            isDryRun: body.isDryRun,
            confirmed: body.confirmed
        )
    }
}

extension BulkRequest {
    init(_ body: ChangeRequest) {
        let action: Action =
            switch body.action {
            case .pause: .pause
            case .resume: .resume
            case .delete: .delete
            }
        self.init(
            action: action,
            tasks: body.tasks,
            until: body.until,
            note: ChangeNote(author: body.author, message: body.message),
            isDryRun: body.dryRun ?? false,
            confirmed: body.confirm
        )
    }
}

extension ChangeNote {
    init(_ body: PauseRequest) { self.init(author: body.author, message: body.reason) }
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
            heldUntil: view.heldUntil,
            goneSince: view.departure?.at,
            tasksThen: view.departure?.taskCount
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
