import Domain
import Orchestration
import Scheduling
import Testing

/// Fires that were changed, as their owner decides them.
@Suite struct ExceptionTests {
    static let start = Instant(millisecondsSinceEpoch: 1_000_000_000)

    static func task(_ changes: [FireChange], _ concurrency: Concurrency = Concurrency()) throws
        -> TaskDefinition
    {
        var specification = TaskSpecification(
            name: TaskID("t")!,
            action: .command(["true"]),
            schedules: [.every(try IntervalSchedule(every: .seconds(100), start: start))]
        )
        specification.concurrency = concurrency
        let task = TaskDefinition.created(specification, uid: TaskUID(bits: 1), now: start)
        return try changes.reduce(task) { try $0.changed(by: $1, now: start + .seconds(1)).definition }
    }

    static func decide(_ task: TaskDefinition, at seconds: Int) -> [DecidedInstant] {
        let now = start + .seconds(seconds)
        return FireEnumerator().decide(task, after: start, now: now, horizon: now, limit: 100)
    }

    @Test("a skipped fire is decided when it is due, and recorded with the reason; the next one runs")
    func skipped() throws {
        let task = try Self.task([FireChange(.skip, reason: "holiday", author: "ann")])
        #expect(Self.decide(task, at: 99).isEmpty)
        #expect(
            Self.decide(task, at: 130).map(\.decision) == [
                .skipped(reason: "skipped on request of ann: holiday")
            ]
        )
        let next = FireEnumerator().decide(
            task,
            after: Self.start + .seconds(100),
            now: Self.start + .seconds(200),
            horizon: Self.start + .seconds(200),
            limit: 100
        )
        #expect(next.map(\.decision) == [.launch])
    }

    @Test("a shifted fire is decided at its new instant only")
    func shifted() throws {
        let task = try Self.task([FireChange(.shift(to: Self.start + .seconds(130)))])
        #expect(Self.decide(task, at: 120).isEmpty)
        let decided = Self.decide(task, at: 140)
        #expect(decided == [DecidedInstant(due: Self.start + .seconds(130), decision: .launch)])
    }

    @Test("nobody there: a fire that was to be skipped is not the one that is made up for")
    func late() throws {
        let task = try Self.task([FireChange(.skip, count: 3)])
        // Of the fires of 100, 200 and 300 the latest would be made up for.
        let decided = Self.decide(task, at: 399)
        #expect(!decided.contains { $0.decision == .launch })
    }
}
