import Domain
import Scheduling
import Testing

@Suite struct RunTests {
    static let due = Instant(millisecondsSinceEpoch: 1_000)
    static let run = RunID(FireKey(uid: TaskUID(bits: 1), due: due))

    static func report(attempt: Int = 1, _ phase: RunReport.Phase, decision: FireDecision = .launch)
        -> RunReport
    {
        let fire = JournaledFire(
            attempt: AttemptID(run: run, number: attempt),
            task: TaskID("t")!,
            uid: TaskUID(bits: 1),
            revision: 1,
            due: due,
            trigger: .schedule,
            delivery: .atMostOnce,
            decision: decision
        )
        return RunReport(
            fire: fire,
            agent: AgentID("a-\(attempt)")!,
            incarnation: Incarnation(high: 0, low: UInt64(attempt)),
            runtime: .standard,
            phase: phase
        )
    }

    static func ended(_ attempt: Int, _ outcome: AttemptOutcome) -> RunReport {
        report(
            attempt: attempt,
            .ended(
                AttemptResult(
                    attempt: AttemptID(run: run, number: attempt),
                    outcome: outcome,
                    startedAt: outcome == .lost ? nil : Instant(millisecondsSinceEpoch: 1_001),
                    endedAt: Instant(millisecondsSinceEpoch: 2_000)
                )
            )
        )
    }

    static func record(_ reports: [RunReport]) -> Run {
        var run = Run(reports[0])
        for report in reports { run.apply(report) }
        return run
    }

    static func permutations<T>(_ items: [T]) -> [[T]] {
        guard let first = items.first else { return [[]] }
        return permutations(Array(items.dropFirst())).flatMap { rest in
            (0...rest.count).map { rest.prefix($0) + [first] + rest.suffix(rest.count - $0) }
        }
    }

    @Test("reports give the same record in any order, with repetitions")
    func anyOrder() {
        let reports = [
            Self.report(attempt: 1, .started(at: Instant(millisecondsSinceEpoch: 1_001))),
            Self.ended(1, .lost),
            Self.report(attempt: 2, .started(at: Instant(millisecondsSinceEpoch: 1_500))),
            Self.ended(2, .succeeded),
        ]
        let expected = Self.record(reports)
        #expect(expected.state == .succeeded)
        #expect(expected.attempts.map(\.number) == [1, 2])
        for order in Self.permutations(reports + [reports[1]]) {
            #expect(Self.record(order) == expected)
        }
    }

    @Test("the late truth corrects lost, and lost never overwrites the truth")
    func lateTruth() {
        let orders = [
            [Self.ended(1, .lost), Self.ended(1, .succeeded)],
            [Self.ended(1, .succeeded), Self.ended(1, .lost)],
        ]
        for order in orders {
            let run = Self.record(order)
            #expect(run.state == .succeeded)
            #expect(run.attempts.count == 1)
            #expect(run.attempts[0].isCorrected)
            #expect(run.attempts[0].lost?.outcome == .lost)
        }
        let lost = Self.record([Self.ended(1, .lost)])
        #expect(lost.attempts[0].lost == lost.attempts[0].result)
        #expect(!lost.attempts[0].isCorrected)
        #expect(Self.record([Self.ended(1, .succeeded)]).attempts[0].lost == nil)
    }

    @Test("of several records of a loss the earliest stays, whatever comes first")
    func lostTwice() {
        func lost(_ milliseconds: Int64, _ message: String) -> RunReport {
            let attempt = AttemptID(run: Self.run, number: 1)
            let at = Instant(millisecondsSinceEpoch: milliseconds)
            let result = AttemptResult(attempt: attempt, outcome: .lost, endedAt: at, message: message)
            return Self.report(.ended(result))
        }
        let reports = [lost(3_000, "b"), lost(2_000, "b"), lost(2_000, "a"), Self.ended(1, .failed)]
        for order in Self.permutations(reports) {
            let run = Self.record(order)
            #expect(run.attempts[0].lost?.endedAt == Instant(millisecondsSinceEpoch: 2_000))
            #expect(run.attempts[0].lost?.message == "a")
            #expect(run.state == .failed)
        }
    }

    @Test("a record of a version that kept a loss in the result only is corrected like any other")
    func formerLoss() {
        var run = Self.record([Self.ended(1, .lost)])
        run.attempts[0].lost = nil
        run.apply(Self.ended(1, .succeeded))
        #expect(run.attempts[0].isCorrected)
    }

    @Test("a missed range stands for all its instants")
    func missed() {
        let since = Instant(millisecondsSinceEpoch: 100)
        let run = Self.record([
            Self.report(.decided(at: Self.due), decision: .missed(reason: "too late", since: since, count: 9))
        ])
        #expect(run.state == .missed)
        #expect(run.count == 9)
        #expect(run.since == since)
        #expect(run.attempts.isEmpty)
    }

    @Test(
        "the state follows the last attempt",
        arguments: [
            (AttemptOutcome.succeeded, RunState.succeeded), (.failed, .failed), (.notStarted, .failed),
            (.timedOut, .timedOut), (.stopped, .stopped), (.missed, .missed), (.lost, .lost),
        ]
    )
    func state(outcome: AttemptOutcome, expected: RunState) {
        #expect(Self.record([Self.ended(1, outcome)]).state == expected)
    }
}
