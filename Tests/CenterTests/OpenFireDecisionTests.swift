import Domain
import Scheduling
import Testing

@testable import Center

@Suite struct OpenFireDecisionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var delivery = Delivery.atMostOnce
        var decision = FireDecision.launch
        var journaled: AttemptOutcome?
        var known: AttemptOutcome?
        var exitCode: Int32?
        var isDeleted = false
        var reports: AttemptOutcome?
        var isReported = true
        var repeats = false

        var testDescription: String { name }
    }

    @Test(
        "every kind of open fire has one decision",
        arguments: [
            Case(name: "at most once: lost", reports: .lost),
            Case(
                name: "at least once: lost and again",
                delivery: .atLeastOnce,
                reports: .lost,
                repeats: true
            ),
            Case(
                name: "at least once, task deleted: lost",
                delivery: .atLeastOnce,
                isDeleted: true,
                reports: .lost
            ),
            Case(name: "skipped: told", decision: .skipped(reason: "r")),
            Case(
                name: "result in the journal: told",
                delivery: .atLeastOnce,
                journaled: .failed,
                reports: .failed
            ),
            Case(
                name: "journal says lost, at least once: again",
                delivery: .atLeastOnce,
                journaled: .lost,
                reports: .lost,
                repeats: true
            ),
            Case(
                name: "journal says missed, at least once: again",
                delivery: .atLeastOnce,
                journaled: .missed,
                reports: .missed,
                repeats: true
            ),
            Case(name: "journal says missed, at most once: told", journaled: .missed, reports: .missed),
            Case(
                name: "the machine could not start it, at least once: again",
                delivery: .atLeastOnce,
                journaled: .notStarted,
                reports: .notStarted,
                repeats: true
            ),
            Case(
                name: "the machine could not start it, at most once: told",
                journaled: .notStarted,
                reports: .notStarted
            ),
            Case(
                name: "there is no such program, at least once: told",
                delivery: .atLeastOnce,
                journaled: .notStarted,
                exitCode: 127,
                reports: .notStarted
            ),
            Case(
                name: "missed in the history, at least once: again",
                delivery: .atLeastOnce,
                known: .missed,
                isReported: false,
                repeats: true
            ),
            Case(
                name: "result in the history: nothing",
                delivery: .atLeastOnce,
                known: .succeeded,
                isReported: false
            ),
            Case(
                name: "lost in the history, at least once: again",
                delivery: .atLeastOnce,
                known: .lost,
                isReported: false,
                repeats: true
            ),
            Case(name: "lost in the history, at most once: nothing", known: .lost, isReported: false),
        ]
    )
    func decide(_ example: Case) {
        let now = Workshop.start
        let task = TaskDefinition.created(
            .every(60, "t", delivery: example.delivery),
            uid: TaskUID(bits: 7),
            now: now
        )
        let fire = task.fire(now + .seconds(60), example.decision)
        func result(_ outcome: AttemptOutcome) -> AttemptResult {
            AttemptResult(
                attempt: fire.attempt,
                outcome: outcome,
                exitCode: example.exitCode,
                endedAt: now
            )
        }
        let owner = OpenFireDecision.Owner(
            agent: AgentID("a")!,
            incarnation: Incarnation(bits: 1),
            runtime: .standard,
            endedBy: now
        )
        let run = example.known.map { outcome in
            Run(
                RunReport(
                    fire: fire,
                    agent: owner.agent,
                    incarnation: owner.incarnation,
                    runtime: owner.runtime,
                    phase: .ended(result(outcome))
                )
            )
        }
        let decision = OpenFireDecision.decide(
            OpenFire(fire: fire, result: example.journaled.map(result)),
            by: owner,
            run: run,
            task: example.isDeleted ? nil : task,
            now: now
        )
        #expect((decision.report != nil) == example.isReported)
        if case .ended(let told)? = decision.report?.phase { #expect(told.outcome == example.reports) }
        #expect(decision.next?.attempt.number == (example.repeats ? 2 : nil))
    }

    struct Reason: Sendable {
        var delivery = Delivery.atMostOnce
        var hasStarted = false
        var isDeleted = false
        var text: String
    }

    @Test(
        "a lost attempt says who went away, what is known and what follows",
        arguments: [
            Reason(
                text: "whether it was started is not known; it is not attempted again (delivery at-most-once)"
            ),
            Reason(
                hasStarted: true,
                text: "it had started at \(Workshop.start), how it ended is not known; "
                    + "it is not attempted again (delivery at-most-once)"
            ),
            Reason(
                delivery: .atLeastOnce,
                text: "whether it was started is not known; another attempt follows (delivery at-least-once)"
            ),
            Reason(
                delivery: .atLeastOnce,
                isDeleted: true,
                text: "whether it was started is not known; "
                    + "it is not attempted again: its task or its process is gone, another attempt was made, or the cluster was restored since"
            ),
        ]
    )
    func reason(_ example: Reason) {
        let now = Workshop.start
        let task = TaskDefinition.created(
            .every(60, "t", delivery: example.delivery),
            uid: TaskUID(bits: 7),
            now: now
        )
        let fire = task.fire(now)
        let owner = OpenFireDecision.Owner(
            agent: AgentID("a")!,
            incarnation: Incarnation(bits: 1),
            runtime: .standard,
            endedBy: now + .seconds(9)
        )
        let started = RunReport(
            fire: fire,
            agent: owner.agent,
            incarnation: owner.incarnation,
            runtime: owner.runtime,
            phase: .started(at: now)
        )
        let decision = OpenFireDecision.decide(
            OpenFire(fire: fire),
            by: owner,
            run: example.hasStarted ? Run(started) : nil,
            task: example.isDeleted ? nil : task,
            now: now + .seconds(10)
        )
        guard case .ended(let result)? = decision.report?.phase else {
            Issue.record("nothing is told")
            return
        }
        #expect(result.message == "the session of agent a had ended by \(owner.endedBy); \(example.text)")
        #expect(result.startedAt == (example.hasStarted ? now : nil))
        #expect(result.endedAt == now + .seconds(10))
    }
}
