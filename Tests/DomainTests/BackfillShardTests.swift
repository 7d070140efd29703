import Domain
import Foundation
import Scheduling
import Testing

/// How far a backfill of a task with shards is, as a value.
@Suite struct BackfillShardTests {
    private static let start = Instant(millisecondsSinceEpoch: 1_800_000_000_000)

    private static func backfill(shards: Int? = 3, shard: Int? = nil, parallel: Int = 1) throws -> Backfill {
        var specification = TaskSpecification(
            name: TaskID("t")!,
            action: .command(["/bin/true"]),
            schedules: [.every(try IntervalSchedule(every: .seconds(60)))]
        )
        specification.shards = shards.map { .count($0) }
        return Backfill(
            id: BackfillID(bits: 7),
            task: .created(specification, uid: TaskUID(bits: 1), now: start),
            from: start - .seconds(600),
            to: start - .seconds(480),
            parallel: parallel,
            shard: shard,
            createdAt: start,
            total: 3
        )
    }

    private static func run(_ number: Int) -> RunID {
        RunID(request: Nonce(high: 0, low: UInt64(number)))
    }

    @Test("each fire is all shards, or the one that was named; a task without shards has one part")
    func parts() throws {
        #expect(try Self.backfill().parts == [0, 1, 2])
        #expect(try Self.backfill(shard: 2).parts == [2])
        #expect(try Self.backfill(shards: nil).parts == [0])
    }

    struct Ends: Sendable, CustomTestStringConvertible {
        var outcomes: [AttemptOutcome?]
        var succeeded = 0
        var failed = 0
        var skipped = 0
        var testDescription: String {
            outcomes.map { $0?.rawValue ?? "not launched" }.joined(separator: ", ")
        }
    }

    @Test(
        "a fire is over when all of its shards are, and is what the worst of them is",
        arguments: [
            Ends(outcomes: [.succeeded, .succeeded, .succeeded], succeeded: 1),
            Ends(outcomes: [.failed, .succeeded, nil], failed: 1),
            Ends(outcomes: [nil, .succeeded, .lost], failed: 1),
            Ends(outcomes: [.succeeded, .missed, .succeeded], skipped: 1),
        ]
    )
    func ends(_ ends: Ends) throws {
        var backfill = try Self.backfill()
        backfill.begin([0, 1, 2], of: Self.run(9), for: backfill.from, now: Self.start)
        backfill.dispatch([0, 1, 2], of: backfill.from)
        #expect(!backfill.mayDispatch)
        for (shard, outcome) in ends.outcomes.enumerated() {
            #expect(backfill.active.count == 1)
            let counted = (0..<2).map { _ in
                backfill.end(Self.run(shard), ofShard: shard, of: backfill.from, outcome)
            }
            #expect(counted == [true, false])
        }
        #expect(backfill.active.isEmpty)
        #expect(backfill.succeeded == ends.succeeded)
        #expect(backfill.failed == ends.failed)
        #expect(backfill.skipped == ends.skipped)
        #expect(backfill.waiting == 2)
        let others = [0, 1, 2].filter { ends.outcomes[$0] != .succeeded }
        #expect(backfill.failures.compactMap(\.shard) == others)
        #expect(backfill.shardCounts?.succeeded == 3 - others.count)
    }

    @Test("a fire that has begun has room for the rest of its shards, also when no other fire has")
    func pieces() throws {
        var backfill = try Self.backfill()
        #expect(backfill.begun == nil)
        backfill.begin([0, 1, 2], of: Self.run(9), for: backfill.from, now: Self.start)
        backfill.dispatch([1], of: backfill.from)
        #expect(backfill.begun?.shards?.waiting == [0, 2])
        #expect(backfill.begun?.shards?.running == [1])
        #expect(!backfill.hasRoom && backfill.mayDispatch)
        // What ends meanwhile does not end the fire.
        let counted = [
            backfill.end(Self.run(1), ofShard: 1, of: backfill.from, .succeeded),
            // An end of a shard that was not dispatched does not count, nor that of the fire as one run.
            backfill.end(Self.run(0), ofShard: 0, of: backfill.from, .succeeded),
            backfill.end(Self.run(9), .succeeded),
        ]
        #expect(counted == [true, false, false])
        #expect(backfill.active.count == 1)
        backfill.pause(because: nil)
        #expect(!backfill.mayDispatch)
    }

    @Test("shards that ran before are counted, and so is a fire of which all have")
    func existing() throws {
        var backfill = try Self.backfill()
        backfill.leave(backfill.from, runs: 3)
        let due = backfill.from + .seconds(60)
        backfill.begin([1], of: Self.run(9), for: due, now: Self.start)
        #expect(backfill.active.first?.shards?.total == 1)
        backfill.dispatch([1], of: due)
        _ = backfill.end(Self.run(1), ofShard: 1, of: due, .succeeded)
        #expect(backfill.existing == 1 && backfill.succeeded == 1)
        #expect(backfill.shardCounts?.existing == 5)
    }

    @Test("a stop ends a fire with what runs of it; what was never dispatched was not launched")
    func stop() throws {
        var stopped = try Self.backfill(parallel: 2)
        stopped.begin([0, 1, 2], of: Self.run(9), for: stopped.from, now: Self.start)
        stopped.dispatch([0], of: stopped.from)
        stopped.stop(kill: false, because: "wrong", now: Self.start)
        #expect(stopped.state == .stopping)
        _ = stopped.end(Self.run(0), ofShard: 0, of: stopped.from, .succeeded)
        stopped.settle(isExhausted: false, now: Self.start)
        #expect(stopped.state == .stopped)
        #expect(stopped.skipped == 1 && stopped.succeeded == 0)
        #expect(stopped.shardCounts?.succeeded == 1)

        // Nothing of it runs: it is over at once.
        var idle = try Self.backfill()
        idle.begin([0, 1, 2], of: Self.run(9), for: idle.from, now: Self.start)
        idle.dispatch([0], of: idle.from)
        _ = idle.end(Self.run(0), ofShard: 0, of: idle.from, .failed)
        idle.stop(kill: true, because: nil, now: Self.start)
        #expect(idle.state == .stopped)
        #expect(idle.failed == 1)
    }

    @Test("what it is without shards is written as before, and with shards it is read as it was written")
    func encoding() throws {
        var whole = try Self.backfill(shards: nil)
        whole.dispatch(Self.run(1), for: whole.from, now: Self.start)
        _ = whole.end(Self.run(1), .failed)
        let text = String(decoding: try JSONEncoder().encode(whole), as: UTF8.self)
        #expect(!text.contains("shard"))
        var split = try Self.backfill(shard: 1)
        split.begin([1], of: Self.run(9), for: split.from, now: Self.start)
        #expect(try JSONDecoder().decode(Backfill.self, from: JSONEncoder().encode(split)) == split)
    }

    @Test("other shards are another task to a backfill")
    func alike() throws {
        let specification = TaskSpecification(name: TaskID("t")!, action: .command(["/bin/true"]))
        let task = TaskDefinition.created(specification, uid: TaskUID(bits: 1), now: Self.start)
        var other = task
        other.specification.shards = .count(2)
        #expect(!task.runsAlike(other))
    }
}
