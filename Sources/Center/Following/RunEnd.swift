import Cluster
import Domain
import Scheduling

/// The end of a run, as far as others follow from it.
struct RunEnd: Hashable, Sendable {
    /// The run's last fire.
    var fire: JournaledFire
    /// How it ended; `nil` when it was not launched.
    var outcome: AttemptOutcome?
    /// The exit code, if there was one.
    var exitCode: Int32?
    /// What it told; `nil` for nothing, and when nobody knows.
    var outputs: [String: OutputValue]?
    /// When its process was started; `nil` when it was not, or nobody knows.
    var startedAt: Instant?
    /// When its end was noticed, by the clock of who noticed it.
    var at: Instant
    /// Whose report says so.
    var agent: AgentID
    var incarnation: Incarnation

    /// The end of the run that a report is about; `nil` when it says that the run goes on.
    init?(_ report: RunReport) {
        fire = report.fire
        agent = report.agent
        incarnation = report.incarnation
        switch report.phase {
        case .waiting, .started: return nil
        case .decided(let instant): at = instant
        case .ended(let result):
            if report.demandsAnotherAttempt { return nil }
            outcome = result.outcome
            exitCode = result.exitCode
            outputs = report.account?.outputs
            startedAt = result.startedAt
            at = result.endedAt
        }
    }
}

extension RunEnd {
    /// The report that a run is not launched because of what is known of the runs it comes after.
    static func skipped(
        _ run: DispatchedRun,
        of task: TaskDefinition,
        because reason: String,
        _ arrival: DependencyArrival,
        now: Instant
    ) -> RunReport {
        let fire = JournaledFire(run, task, decision: .skipped(reason: reason))
        return RunReport(
            fire: fire,
            agent: arrival.agent,
            incarnation: arrival.incarnation,
            runtime: task.specification.runtime,
            phase: .decided(at: now)
        )
    }

    /// The run that follows it in the chain of its task; `nil` when none does.
    ///
    /// An end in the future, by an agent's wrong clock, counts as one now: the chain would wait until then.
    func successor(of task: TaskDefinition, in tree: Tree, now: Instant) -> DispatchedRun? {
        let ended = min(at, now)
        let life = RunLife(
            run: fire.attempt.run,
            outcome: outcome,
            began: startedAt ?? fire.due,
            ended: ended,
            restarts: fire.origin?.restarts ?? 0
        )
        guard task.isInChain(fire), let next = task.next(after: life) else { return nil }
        return DispatchedRun(
            attempt: AttemptID(run: .following(fire.attempt.run, of: task.uid, in: tree), number: 1),
            task: task.name,
            uid: task.uid,
            part: fire.part,
            revision: task.revision,
            due: next.due,
            trigger: .completion,
            origin: RunOrigin(
                chain: task.completionSince,
                restarts: next.restarts > 0 ? next.restarts : nil,
                parents: [fire.attempt.run]
            )
        )
    }

    /// The part of the occasion that has ended; `nil` for the only one, also of a shard that was asked for alone.
    func parts(of task: TaskDefinition) -> ArrivedParts? {
        let total = fire.origin?.parts ?? task.split(at: fire.splitAt).parts.count
        return isAlone || total <= 1 ? nil : ArrivedParts(fire.part, of: total)
    }

    /// Whether those that come after its task count it: an owner that did not know yet of an edit may have decided a part that the fire does
    /// not have, and who took part in a broadcast nobody knows.
    func counts(of task: TaskDefinition) -> Bool {
        !TaskPart.isAgent(fire.part)
            && (isAlone || fire.origin?.parts != nil || task.split(at: fire.splitAt).contains(fire.part))
    }

    private var isAlone: Bool { fire.occasion == fire.attempt.run.text }

    /// The ends of the instants that one record of a shard stands for, its own first: the other shards may have run on each of them.
    func each(of task: TaskDefinition) -> [RunEnd] {
        guard fire.trigger == .schedule, let since = fire.decision.since, since < fire.due,
            parts(of: task) != nil
        else { return [self] }
        let narrowed = task.narrowed(to: fire.part)
        var ends = [self]
        var cursor = since - .milliseconds(1)
        while ends.count < Self.rangeMax, let due = narrowed.nextDue(after: cursor), due < fire.due {
            var end = self
            end.fire.due = due
            ends.append(end)
            cursor = due
        }
        return ends
    }

    /// More instants of one record than that are not told to those that come after: these give up waiting by themselves.
    private static let rangeMax = 500

    /// The run of a task that comes after this one's.
    func dependent(_ task: TaskDefinition, in tree: Tree) -> DispatchedRun {
        let occasion = fire.occasion
        return DispatchedRun(
            attempt: AttemptID(run: .dependent(task.uid, on: occasion, in: tree), number: 1),
            task: task.name,
            uid: task.uid,
            revision: task.revision,
            due: fire.due,
            trigger: .dependency,
            origin: RunOrigin(occasion: occasion, meantFor: fire.origin?.meantFor)
        )
    }
}
