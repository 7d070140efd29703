import Domain
import Scheduling
import Testing

/// How far a backfill is, as a value.
@Suite struct BackfillTests {
    private static let start = Instant(millisecondsSinceEpoch: 1_800_000_000_000)

    private static func task(every seconds: Int = 60, isEnabled: Bool = true) throws -> TaskDefinition {
        let specification = TaskSpecification(
            name: TaskID("t")!,
            action: .command(["/bin/true"]),
            schedules: [.every(try IntervalSchedule(every: .seconds(seconds)))],
            isEnabled: isEnabled
        )
        return .created(specification, uid: TaskUID(bits: 1), now: start)
    }

    private static func backfill(parallel: Int = 1, minutes: Int = 3) throws -> Backfill {
        Backfill(
            id: BackfillID(bits: 7),
            task: try task(),
            from: start - .seconds(600),
            to: start - .seconds(600) + .seconds(60 * (minutes - 1)),
            parallel: parallel,
            createdAt: start,
            total: minutes
        )
    }

    private static func run(_ number: UInt64) -> RunID { RunID(request: Nonce(high: 0, low: number)) }

    @Test("the instants of the span come in order, also before the task was made and while it is paused")
    func instants() throws {
        let plan = try Self.task(isEnabled: false).backfilled(from: Self.start - .seconds(600))
        var backfill = try Self.backfill(parallel: 9)
        var seen: [Int] = []
        while let due = backfill.next(of: plan) {
            seen.append(Int(Self.start.duration(to: due).inSeconds))
            backfill.leave(due)
        }
        #expect(seen == [-600, -540, -480])
        #expect(backfill.existing == 3)
        #expect(backfill.waiting == 0)
    }

    struct End: Sendable, CustomTestStringConvertible {
        var outcome: AttemptOutcome?
        var succeeded = 0
        var failed = 0
        var skipped = 0
        var testDescription: String { outcome?.rawValue ?? "not launched" }
    }

    @Test(
        "an end counts once, as what it is",
        arguments: [
            End(outcome: .succeeded, succeeded: 1), End(outcome: .failed, failed: 1),
            End(outcome: .timedOut, failed: 1), End(outcome: .stopped, failed: 1),
            End(outcome: .lost, failed: 1), End(outcome: .notStarted, failed: 1),
            End(outcome: .missed, skipped: 1), End(outcome: nil, skipped: 1),
        ]
    )
    func ends(_ end: End) throws {
        var backfill = try Self.backfill()
        backfill.dispatch(Self.run(1), for: backfill.from, now: Self.start)
        #expect(!backfill.hasRoom)
        #expect(backfill.waiting == 2)
        let counted = [
            backfill.end(Self.run(2), .succeeded), backfill.end(Self.run(1), end.outcome),
            backfill.end(Self.run(1), end.outcome),
        ]
        #expect(counted == [false, true, false])
        #expect(backfill.hasRoom)
        #expect(backfill.succeeded == end.succeeded)
        #expect(backfill.failed == end.failed)
        #expect(backfill.skipped == end.skipped)
        #expect(backfill.failures.map(\.due) == (end.succeeded == 1 ? [] : [backfill.from]))
        #expect(backfill.waiting == 2)
    }

    @Test("only the latest failures are named")
    func failures() throws {
        var backfill = try Self.backfill(minutes: 30)
        for number in 0..<30 {
            let due = backfill.from + .seconds(60 * number)
            backfill.dispatch(Self.run(UInt64(number)), for: due, now: Self.start)
            _ = backfill.end(Self.run(UInt64(number)), .failed)
        }
        #expect(backfill.failed == 30)
        #expect(backfill.failures.count == Backfill.Limit.failuresMax)
        #expect(backfill.failures.last?.run == Self.run(29))
    }

    @Test("it is over when nothing runs: finished at the end of the span, stopped when it is to be")
    func endings() throws {
        var finished = try Self.backfill()
        finished.settle(isExhausted: false, now: Self.start)
        #expect(finished.state == .running)
        finished.settle(isExhausted: true, now: Self.start)
        #expect(finished.state == .finished)
        #expect(finished.endedAt == Self.start)

        var stopped = try Self.backfill()
        stopped.dispatch(Self.run(1), for: stopped.from, now: Self.start)
        stopped.stop(kill: false, because: "wrong", now: Self.start)
        #expect(stopped.state == .stopping)
        #expect(stopped.hasRoom == false)
        _ = stopped.end(Self.run(1), .succeeded)
        stopped.settle(isExhausted: false, now: Self.start)
        #expect(stopped.state == .stopped)
        #expect(stopped.reason == "wrong")
        #expect(stopped.waiting == 2)

        var idle = try Self.backfill()
        idle.stop(kill: true, because: nil, now: Self.start)
        #expect(idle.state == .stopped)
    }

    @Test("a paused one dispatches nothing, and goes on with the revision there is then")
    func pause() throws {
        var backfill = try Self.backfill()
        backfill.pause(because: "lunch")
        #expect(backfill.hasRoom == false)
        backfill.settle(isExhausted: true, now: Self.start)
        #expect(backfill.state == .paused)
        backfill.resume(revision: 4, timeline: nil)
        #expect(backfill.hasRoom)
        #expect(backfill.revision == 4)
        #expect(backfill.reason == nil)
    }

    @Test("what runs does not change with schedules, pauses and descriptions")
    func alike() throws {
        let task = try Self.task()
        var other = try Self.task(every: 90, isEnabled: false)
        other.specification.description = "words"
        #expect(task.runsAlike(other))
        other.specification.environment["A"] = "1"
        #expect(!task.runsAlike(other))
        let taken = other.scheduled(like: task.backfilled(from: Self.start))
        #expect(taken.specification.environment == ["A": "1"])
        #expect(taken.nextDue(after: Self.start) == Self.start + .seconds(60))
    }
}
