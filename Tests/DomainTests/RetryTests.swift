import Domain
import Scheduling
import Testing

@Suite struct RetryTests {
    static let ended = Instant(millisecondsSinceEpoch: 1_000_000)

    static func result(_ number: Int, _ outcome: AttemptOutcome = .failed, exitCode: Int32? = 1)
        -> AttemptResult
    {
        AttemptResult(
            attempt: AttemptID(run: RunTests.run, number: number),
            outcome: outcome,
            exitCode: exitCode,
            endedAt: ended
        )
    }

    struct Pauses: CustomTestStringConvertible, Sendable {
        var backoff: Retry.Backoff
        /// Seconds after each attempt but the last.
        var seconds: [Int]
        var testDescription: String { backoff.rawValue }
    }

    @Test(
        "pauses grow as the policy says, up to the longest",
        arguments: [
            Pauses(backoff: .constant, seconds: [10, 10, 10, 10, 10]),
            Pauses(backoff: .linear, seconds: [10, 20, 30, 40, 45]),
            Pauses(backoff: .exponential, seconds: [10, 20, 40, 45, 45]),
        ]
    )
    func pauses(_ pauses: Pauses) {
        let retry = Retry(
            attempts: 6,
            delay: .seconds(10),
            backoff: pauses.backoff,
            maxDelay: .seconds(45),
            jitter: 0
        )
        let found = (1...6).map { number in
            retry.next(after: Self.result(number)).map { Self.ended.duration(to: $0) }
        }
        #expect(found == pauses.seconds.map { Duration.seconds($0) } + [nil])
    }

    @Test("jitter takes off at most its part, the same for everybody, differently for each attempt")
    func jitter() {
        let retry = Retry(attempts: 100, delay: .seconds(100), backoff: .constant, jitter: 0.3)
        let found = (1..<100).compactMap { retry.next(after: Self.result($0)) }
        #expect(found == (1..<100).compactMap { retry.next(after: Self.result($0)) })
        #expect(found.count == 99)
        #expect(found.allSatisfy { (70...100).contains(Self.ended.duration(to: $0).components.seconds) })
        #expect(Set(found).count > 90)
    }

    struct Cause: CustomTestStringConvertible, Sendable {
        var outcome: AttemptOutcome
        var exitCode: Int32?
        var retry: Retry
        var follows: Bool
        var testDescription: String { "\(outcome) \(exitCode.map(String.init) ?? "-") \(retry.on)" }
    }

    @Test(
        "only what the policy names is followed by another attempt",
        arguments: [
            Cause(outcome: .failed, exitCode: 1, retry: Retry(attempts: 2), follows: true),
            Cause(outcome: .failed, retry: Retry(attempts: 2), follows: true),
            Cause(outcome: .failed, exitCode: 1, retry: Retry(), follows: false),
            Cause(outcome: .failed, exitCode: 1, retry: Retry(attempts: 2, on: [.timedOut]), follows: false),
            Cause(outcome: .failed, exitCode: 75, retry: Retry(attempts: 2, exitCodes: [75]), follows: true),
            Cause(outcome: .failed, exitCode: 1, retry: Retry(attempts: 2, exitCodes: [75]), follows: false),
            Cause(outcome: .failed, retry: Retry(attempts: 2, exitCodes: [75]), follows: false),
            Cause(outcome: .timedOut, retry: Retry(attempts: 2), follows: false),
            Cause(outcome: .timedOut, retry: Retry(attempts: 2, on: [.timedOut]), follows: true),
            Cause(outcome: .notStarted, exitCode: 127, retry: Retry(attempts: 2), follows: true),
            Cause(outcome: .succeeded, exitCode: 0, retry: Retry(attempts: 2), follows: false),
            Cause(outcome: .stopped, retry: Retry(attempts: 2, on: Retry.Cause.allCases), follows: false),
            Cause(outcome: .lost, retry: Retry(attempts: 2, on: Retry.Cause.allCases), follows: false),
            Cause(outcome: .missed, retry: Retry(attempts: 2, on: Retry.Cause.allCases), follows: false),
        ]
    )
    func causes(_ cause: Cause) {
        let result = Self.result(1, cause.outcome, exitCode: cause.exitCode)
        #expect((cause.retry.next(after: result) != nil) == cause.follows)
    }

    @Test(
        "why no attempt follows although more may be made is told",
        arguments: [
            (.failed, 4, Retry(attempts: 2, exitCodes: [3]), "exit code 4 is not in retry.exitCodes"),
            (.failed, nil, Retry(attempts: 2, exitCodes: [3]), "it was ended by a signal"),
            (.timedOut, nil, Retry(attempts: 2), "retry.on does not name timed-out"),
            (.failed, 3, Retry(attempts: 2, exitCodes: [3]), nil), (.failed, 4, Retry(), nil),
            (.stopped, nil, Retry(attempts: 2), nil), (.succeeded, 0, Retry(attempts: 2), nil),
        ] as [(AttemptOutcome, Int32?, Retry, String?)]
    )
    func refusal(outcome: AttemptOutcome, exitCode: Int32?, retry: Retry, reason: String?) {
        let told = retry.refusal(after: Self.result(1, outcome, exitCode: exitCode))
        #expect((told == nil) == (reason == nil))
        if let reason { #expect(told?.hasPrefix(reason) == true) }
    }

    @Test("a run whose next attempt is to come is not over, in whatever order that is told and taken back")
    func record() {
        func report(_ number: Int, _ outcome: AttemptOutcome, retryAt: Instant? = nil) -> RunReport {
            var result = Self.result(number, outcome)
            result.retryAt = retryAt
            return RunTests.report(attempt: number, .ended(result))
        }
        let failed = report(1, .failed, retryAt: Self.ended + .seconds(10))
        #expect(RunTests.record([failed]).state == .retrying)
        #expect(!RunState.retrying.isFinal)
        #expect(RunTests.record([failed, report(2, .succeeded)]).state == .succeeded)
        for order in RunTests.permutations([failed, report(1, .lost)]) {
            #expect(RunTests.record(order).state == .failed)
        }
        let skipped = RunTests.report(
            attempt: 2,
            .decided(at: Self.ended),
            decision: .skipped(reason: "deleted")
        )
        for order in RunTests.permutations([failed, skipped]) {
            #expect(RunTests.record(order).state == .failed)
            #expect(RunTests.record(order).reason == "deleted")
        }
        for order in RunTests.permutations([failed, report(1, .failed), report(1, .lost)]) {
            let run = RunTests.record(order)
            #expect(run.state == .failed)
            #expect(run.attempts.first?.result?.retryAt == nil)
        }
    }

    @Test(
        "a further attempt is put off as long as the policy says at most, whatever a clock says",
        arguments: [(-5, 0), (0, 0), (3, 3), (7, 7), (3_600, 7)]
    )
    func putOff(_ seconds: Int, _ pause: Int) throws {
        let now = Instant(millisecondsSinceEpoch: 1_000_000)
        var run = DispatchedRun(
            attempt: AttemptID(run: RunID(FireKey(uid: TaskUID(bits: 1), due: now)), number: 2),
            task: try #require(TaskID("t")),
            uid: TaskUID(bits: 1),
            revision: 1,
            due: now,
            trigger: .schedule
        )
        let retry = Retry(attempts: 2, delay: .seconds(7), jitter: 0)
        run.putOff(until: now + .seconds(seconds), now: now, retry)
        #expect(run.pause == .seconds(pause))
        run.putOff(until: nil, now: now, retry)
        #expect(run.pause == .seconds(pause))
    }
}
