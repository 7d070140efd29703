import Domain
import Foundation
import Scheduling
import Testing

@Suite struct RestartTests {
    private static let start = Instant(millisecondsSinceEpoch: 1_000_000_000)
    private let run: RunID

    init() throws { run = RunID(FireKey(uid: TaskUID(bits: 7), due: Self.start)) }

    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var restart = Restart()
        var outcome: AttemptOutcome? = .failed
        var lived = Duration.seconds(5)
        var restarts = 0
        /// The longest pause, of which half may be taken off; `nil` when nothing follows.
        var pause: Duration?
        var count = 1
        var testDescription: String { name }
    }

    static let rows = [
        Row(name: "the first end", pause: .seconds(1), count: 1),
        Row(name: "the second short life", restarts: 1, pause: .seconds(2), count: 2),
        Row(name: "the fifth short life", restarts: 4, pause: .seconds(16), count: 5),
        Row(name: "the longest pause", restarts: 40, pause: .seconds(300), count: 41),
        Row(name: "a long life begins anew", lived: .seconds(600), restarts: 12, pause: .seconds(1)),
        Row(name: "just too short", lived: .milliseconds(599_999), restarts: 1, pause: .seconds(2), count: 2),
        Row(name: "success", outcome: .succeeded, pause: .seconds(1)),
        Row(name: "success, after failures only", restart: Restart(on: .failure), outcome: .succeeded),
        Row(name: "failure, after failures only", restart: Restart(on: .failure), pause: .seconds(1)),
        Row(
            name: "lost, after failures only",
            restart: Restart(on: .failure),
            outcome: .lost,
            pause: .seconds(1)
        ),
        Row(name: "not launched", outcome: nil, pause: .seconds(1)),
        Row(name: "not to be started", outcome: .notStarted, restarts: 2, pause: .seconds(4), count: 3),
        Row(
            name: "stopped: at once, counted no further",
            outcome: .stopped,
            restarts: 3,
            pause: .zero,
            count: 3
        ),
        Row(
            name: "stopped, after failures only",
            restart: Restart(on: .failure),
            outcome: .stopped,
            pause: .zero,
            count: 0
        ),
        Row(
            name: "its own delays",
            restart: Restart(delay: .seconds(20), maxDelay: .seconds(60), resetAfter: .seconds(2)),
            lived: .seconds(1),
            restarts: 2,
            pause: .seconds(60),
            count: 3
        ),
    ]

    @Test("the next life follows the end after a pause that grows", arguments: rows)
    func next(_ row: Row) throws {
        let end = Self.start + row.lived
        let life = RunLife(
            run: run,
            outcome: row.outcome,
            began: Self.start,
            ended: end,
            restarts: row.restarts
        )
        guard let pause = row.pause else {
            #expect(row.restart.next(after: life) == nil)
            return
        }
        let next = try #require(row.restart.next(after: life))
        #expect(next.restarts == row.count)
        let waited = end.duration(to: next.due)
        #expect(waited <= pause && waited >= pause / 2 - .milliseconds(1))
        #expect(row.restart.next(after: life) == next)
    }

    @Test("tasks that end together do not come again together")
    func jitter() {
        let dues = (0..<20).map { number in
            let life = RunLife(
                run: RunID(FireKey(uid: TaskUID(bits: UInt64(number)), due: Self.start)),
                outcome: .failed,
                began: Self.start,
                ended: Self.start,
                restarts: 8
            )
            return Restart().next(after: life)?.due
        }
        #expect(Set(dues).count > 15)
    }
}

@Suite struct ResidencyTests {
    private static let start = Instant(millisecondsSinceEpoch: 1_000_000_000)

    private func specification(_ change: (inout TaskSpecification) -> Void = { _ in }) throws
        -> TaskSpecification
    {
        var task = TaskSpecification(
            name: try #require(TaskID("gateway")),
            action: .command(["gateway"]),
            residency: Residency()
        )
        change(&task)
        return task
    }

    private func created(_ specification: TaskSpecification) -> TaskDefinition {
        .created(specification, uid: TaskUID(bits: 7), now: Self.start)
    }

    private func fire(_ task: TaskDefinition, _ due: Instant, chain: Instant? = nil) -> JournaledFire {
        JournaledFire(
            attempt: AttemptID(run: RunID(FireKey(uid: task.uid, due: due)), number: 1),
            task: task.name,
            uid: task.uid,
            revision: task.revision,
            due: due,
            trigger: chain == nil ? .schedule : .completion,
            delivery: .atMostOnce,
            decision: .launch,
            origin: chain.map { RunOrigin(chain: $0) }
        )
    }

    @Test("it begins when it is created; a newer process replaces the one before")
    func begins() throws {
        let task = created(try specification())
        #expect(task.nextDue(after: Self.start) == Self.start + .milliseconds(1))
        #expect(task.nextDue(after: Self.start + .milliseconds(1)) == nil)
        #expect(task.isInChain(fire(task, Self.start + .milliseconds(1))))
        #expect(task.specification.concurrency == Concurrency(.replace))
        #expect(task.specification.concurrency.isExclusive)
    }

    @Test("an edit of what its process is made of begins a new chain; of anything else it does not")
    func edits() throws {
        let task = created(try specification())
        let now = Self.start + .seconds(100)
        let quiet = try specification {
            $0.description = "d"
            $0.labels = ["a": "b"]
            $0.priority = 3
            $0.placement.zones = ["z"]
            $0.residency?.restart = Restart(on: .failure)
        }
        #expect(task.edited(quiet, now: now).completionSince == Self.start)
        let other = try specification { $0.action = .command(["gateway", "-v"]) }
        let edited = task.edited(other, now: now)
        #expect(edited.completionSince == now)
        #expect(edited.nextDue(after: Self.start + .milliseconds(1)) == now + .milliseconds(1))
        #expect(!edited.isInChain(fire(task, Self.start + .milliseconds(1))))
        let probed = try specification { $0.residency?.probe = HealthProbe(.command(["true"])) }
        #expect(task.edited(probed, now: now).completionSince == now)
        let scheduled = try specification { $0.residency = nil }
        #expect(task.edited(scheduled, now: now).completionSince == nil)
    }

    @Test("a pause ends the chain, also one with an end; resuming begins another")
    func pauses() throws {
        let task = created(try specification())
        let now = Self.start + .seconds(100)
        let paused = task.paused(PauseRecord(since: now))
        #expect(paused.completionSince == nil)
        #expect(paused.nextDue(after: now) == nil)
        let resumed = try #require(paused.resumed(now: now + .seconds(5)))
        #expect(resumed.nextDue(after: now) == now + .seconds(5) + .milliseconds(1))
        let end = now + .seconds(60)
        let short = task.paused(PauseRecord(since: now, until: end))
        #expect(short.nextDue(after: now) == end)
        #expect(!short.isInChain(fire(task, Self.start + .milliseconds(1))))
        #expect(task.edited(try specification(), now: now, suspension: .open).completionSince == nil)
        let brief = task.edited(try specification(), now: now, suspension: .until(end))
        #expect(brief.nextDue(after: now) == end)
        #expect(brief.restarted(now: now + .seconds(1)) == nil)
        let back = brief.edited(try specification(), now: now + .seconds(5), suspension: .absent)
        #expect(back.nextDue(after: now) == now + .seconds(5) + .milliseconds(1))
    }

    @Test("a restart begins a new chain, also when the clock is behind; what is not kept running has none")
    func restarts() throws {
        let task = created(try specification())
        let first = Self.start + .milliseconds(1)
        let later = try #require(task.restarted(now: Self.start + .seconds(9)))
        #expect(later.nextDue(after: first) == Self.start + .seconds(9) + .milliseconds(1))
        #expect(later.revision == 2)
        let behind = try #require(task.restarted(now: Self.start - .seconds(9)))
        #expect(behind.nextDue(after: first) == first + .milliseconds(1))
        #expect(!behind.isInChain(fire(task, first)))
        let paused = task.paused(PauseRecord(since: Self.start + .seconds(1)))
        #expect(paused.restarted(now: Self.start + .seconds(2)) == nil)
        #expect(created(try specification { $0.residency = nil }).restarted(now: Self.start) == nil)
    }

    @Test(
        "a specification keeps its residency when it is stored",
        arguments: [
            Residency(),
            Residency(
                restart: Restart(
                    on: .failure,
                    delay: .seconds(2),
                    maxDelay: .seconds(3),
                    resetAfter: .seconds(4)
                )
            ),
            Residency(probe: HealthProbe(.command(["a", "b"]), every: .seconds(1), failures: 1)),
            Residency(
                probe: HealthProbe(
                    .http("http://127.0.0.1:1/"),
                    timeout: .seconds(1),
                    startDelay: .seconds(30)
                )
            ),
        ]
    )
    func stored(_ residency: Residency) throws {
        let task = try specification { $0.residency = residency }
        let data = try JSONEncoder().encode(task)
        #expect(try JSONDecoder().decode(TaskSpecification.self, from: data) == task)
        #expect(!String(decoding: data, as: UTF8.self).contains("concurrency"))
        #expect(task.problems.isEmpty)
        let plain = Data(#"{"name": "t", "command": ["a"], "resident": false}"#.utf8)
        #expect(try JSONDecoder().decode(TaskSpecification.self, from: plain).residency == nil)
    }

    @Test("what contradicts it is refused, all at once, and what is out of range")
    func problems() throws {
        let every = Schedule.every(try IntervalSchedule(every: .seconds(1)))
        let other = try #require(TaskID("other"))
        let contradictory = try specification {
            $0.schedules = [every]
            $0.after = Dependencies([.init(other)])
            $0.shards = .count(3)
            $0.retry = Retry(attempts: 3)
            $0.misfire = Misfire(.all)
            $0.delivery = .atLeastOnce
            $0.concurrency = Concurrency(.forbid)
            $0.demand.keys = [PoolID("db")!]
        }
        let fields = [
            "schedules", "after", "shards", "retry", "misfire", "delivery", "concurrency", "exclusive",
        ]
        let found = contradictory.problems.filter { $0.message.hasPrefix("a resident task") }
        #expect(found.map(\.field) == fields)
        let wrong = try specification {
            $0.residency = Residency(
                restart: Restart(delay: .milliseconds(10), maxDelay: .milliseconds(5), resetAfter: .zero),
                probe: HealthProbe(
                    .http("ftp://host"),
                    every: .zero,
                    timeout: .seconds(100),
                    failures: 0,
                    startDelay: .seconds(-1)
                )
            )
        }
        let ranges = ["restart.delay", "restart.maxDelay", "restart.resetAfter", "probe.http", "probe.every"]
        let others = ["probe.timeout", "probe.failures", "probe.startDelay"]
        #expect(wrong.problems.map(\.field) == (ranges + others).map { "resident.\($0)" })
        let empty = try specification { $0.residency?.probe = HealthProbe(.command([])) }
        #expect(empty.problems.map(\.field) == ["resident.probe.command"])
    }
}
