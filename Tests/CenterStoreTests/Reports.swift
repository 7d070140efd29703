import Domain
import Scheduling

/// Reports about runs, made from small numbers.
enum Reports {
    static let start = Instant(millisecondsSinceEpoch: 1_767_225_600_000)

    static func task(_ number: Int) -> TaskID { TaskID("task-\(number)")! }

    static func fire(
        task number: Int = 1,
        second: Int = 0,
        attempt: Int = 1,
        decision: FireDecision = .launch
    ) -> JournaledFire {
        let due = start + .seconds(second)
        let uid = TaskUID(bits: UInt64(number))
        return JournaledFire(
            attempt: AttemptID(run: RunID(FireKey(uid: uid, due: due)), number: attempt),
            task: task(number),
            uid: uid,
            revision: 1,
            due: due,
            trigger: .schedule,
            delivery: .atMostOnce,
            decision: decision
        )
    }

    static func report(_ fire: JournaledFire, agent: String = "a1", _ phase: RunReport.Phase) -> RunReport {
        RunReport(
            fire: fire,
            agent: AgentID(agent)!,
            incarnation: Incarnation(bits: 1),
            runtime: .standard,
            phase: phase
        )
    }

    static func started(_ fire: JournaledFire, agent: String = "a1") -> RunReport {
        report(fire, agent: agent, .started(at: fire.due))
    }

    static func ended(
        _ fire: JournaledFire,
        _ outcome: AttemptOutcome = .succeeded,
        agent: String = "a1"
    ) -> RunReport {
        let result = AttemptResult(
            attempt: fire.attempt,
            outcome: outcome,
            exitCode: outcome == .succeeded ? 0 : 1,
            startedAt: fire.due,
            endedAt: fire.due + .seconds(1)
        )
        return report(fire, agent: agent, .ended(result))
    }

    static func decided(_ fire: JournaledFire) -> RunReport { report(fire, .decided(at: fire.due)) }
}
