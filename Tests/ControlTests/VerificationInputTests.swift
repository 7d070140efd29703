import Domain
import Orchestration
import Payloads
import Scheduling
import Testing

@testable import Control

@Suite("Verify: tasks as the API lists them")
struct VerificationInputTests {
    private static let start = Instant(rfc3339: "2026-03-01T00:00:00Z")!
    private static let uid = TaskUID(bits: 1)

    /// A task whose runs follow the ends of those before them, as it is listed.
    private func chain(
        revision: Int = 1,
        effectiveFrom: Instant = start,
        suspended: Bool? = nil
    ) throws -> TaskPayload {
        TaskPayload(
            specification: TaskSpecification(
                name: TaskID("chain")!,
                action: .command(["true"]),
                schedules: [Schedule(.afterCompletion(try CompletionSchedule(delay: .seconds(2))))]
            ),
            uid: Self.uid,
            revision: revision,
            createdAt: Self.start,
            effectiveFrom: effectiveFrom,
            completionSince: suspended == true ? nil : Self.start,
            suspended: suspended
        )
    }

    /// The run with which it began.
    private var first: Run {
        let due = Self.start + .milliseconds(1)
        let id = RunID(FireKey(uid: Self.uid, due: due))
        return Run(
            id: id,
            task: TaskID("chain")!,
            uid: Self.uid,
            part: 0,
            runtime: .standard,
            due: due,
            trigger: .schedule,
            state: .succeeded,
            attempts: [
                RunAttempt(
                    number: 1,
                    agent: AgentID("agent-1")!,
                    incarnation: Incarnation(high: 1, low: 1),
                    revision: 1,
                    startedAt: due,
                    result: AttemptResult(
                        attempt: AttemptID(run: id, number: 1),
                        outcome: .succeeded,
                        startedAt: due,
                        endedAt: due + .seconds(1)
                    )
                )
            ]
        )
    }

    private func violations(_ payload: TaskPayload, _ runs: [Run]) throws -> [RunFinding.Kind] {
        // As it arrives.
        let listed = try PayloadCoding.decode(TaskPayload.self, from: try PayloadCoding.encode(payload))
        var policy = RunCheckPolicy(latenessBound: .seconds(5))
        policy.expectsMarks = false
        let report = try RunChecker(
            definitions: [TaskDefinition(listed: listed)],
            window: Self.start...(Self.start + .seconds(60)),
            policy: policy
        ).check(RunEvidence(runs: runs))
        return report.tasks.flatMap(\.findings).filter(\.isViolation).map(\.kind)
    }

    @Test("the first run of a chain is due, and missed when there is none")
    func beginning() throws {
        #expect(try violations(try chain(), [first]) == [])
        #expect(try violations(try chain(), []) == [.missed])
    }

    @Test("what a chain did before the revision that is listed is not checked")
    func edited() throws {
        let edited = try chain(revision: 2, effectiveFrom: Self.start + .seconds(9))
        #expect(try violations(edited, [first]) == [])
        #expect(try violations(edited, []) == [])
    }

    @Test("while its group is paused nothing is due")
    func suspended() throws {
        let listed = try chain(revision: 2, effectiveFrom: Self.start + .seconds(9), suspended: true)
        #expect(try violations(listed, []) == [])
    }
}
