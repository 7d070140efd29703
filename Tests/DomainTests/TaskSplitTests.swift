import Domain
import Foundation
import Scheduling
import Testing

@Suite struct TaskSplitTests {
    static let start = Instant(millisecondsSinceEpoch: 1_000_000)

    static func task(_ split: TaskSplit, every seconds: Int = 10) throws -> TaskSpecification {
        var task = TaskSpecification(
            name: TaskID("t")!,
            action: .command(["true"]),
            schedules: [.every(try IntervalSchedule(every: .seconds(seconds)))]
        )
        task.shards = split.shards
        task.isBroadcast = split == .broadcast
        return task
    }

    /// A task whose split was edited every 100 seconds.
    static func edited(_ splits: TaskSplit...) throws -> TaskDefinition {
        var task = TaskDefinition.created(try task(splits[0]), uid: TaskUID(bits: 7), now: start)
        for (index, split) in splits.enumerated().dropFirst() {
            task = task.edited(try Self.task(split), now: start + .seconds(100 * index))
        }
        return task
    }

    static func at(_ seconds: Int) -> Instant { start + .seconds(seconds) }

    static let eight = TaskSplit.shards(.count(8))
    static let four = TaskSplit.shards(.count(4))

    struct Fault: CustomTestStringConvertible, Sendable {
        var change: @Sendable (inout TaskSpecification) throws -> Void
        var field: String
        var words: String
        var testDescription: String { "\(field): \(words)" }
    }

    static let faults: [Fault] = [
        .init(change: { $0.shards = .count(0) }, field: "shards", words: "from 1 to 1000"),
        .init(change: { $0.shards = .count(-3) }, field: "shards", words: "not -3"),
        .init(change: { $0.shards = .count(1_001) }, field: "shards", words: "from 1 to 1000"),
        .init(change: { $0.shards = .names([]) }, field: "shards", words: "not 0"),
        .init(change: { $0.shards = .names(["eu", " "]) }, field: "shards[1]", words: "is empty"),
        .init(change: { $0.shards = .names(["eu", "us", "eu"]) }, field: "shards[2]", words: "called 'eu'"),
        .init(change: { $0.shards = .names(["a\nb"]) }, field: "shards[0]", words: "control characters"),
        .init(
            change: { $0.shards = .names((0..<400).map { "\($0)" + String(repeating: "x", count: 50) }) },
            field: "shards",
            words: "16384"
        ),
        .init(
            change: {
                $0.shards = .count(2)
                $0.isBroadcast = true
            },
            field: "broadcast",
            words: "never both"
        ),
        .init(
            change: {
                $0.isBroadcast = true
                $0.retry = Retry(attempts: 2, delay: .seconds(1))
                $0.retry.agent = .other
            },
            field: "retry.agent",
            words: "remove retry.agent"
        ),
        .init(
            change: {
                $0.shards = .count(2)
                $0.after = Dependencies([.init(TaskID("p")!)])
            },
            field: "after",
            words: "cannot come after others"
        ),
        .init(
            change: {
                $0.shards = .count(2)
                $0.schedules = [Schedule(.afterCompletion(try CompletionSchedule(delay: .seconds(30))))]
            },
            field: "schedules[0]",
            words: "'afterCompletion'"
        ),
        .init(
            change: { $0.action = .command(["x", "${{ shard.total }}"]) },
            field: "command[1]",
            words: "without shards"
        ),
    ]

    @Test("what cannot be split so is refused with one sentence", arguments: faults)
    func refused(_ fault: Fault) throws {
        var task = try Self.task(.whole)
        try fault.change(&task)
        #expect(task.problems.map(\.field) == [fault.field])
        #expect(task.problems.first?.message.contains(fault.words) == true, "\(task.problems)")
    }

    @Test("1 to 1000 shards, names and broadcasts are accepted")
    func accepted() throws {
        for split: TaskSplit in [
            .shards(.count(1)), .shards(.count(1_000)), .shards(.names(["eu", "us", "asia"])), .broadcast,
        ] {
            #expect(try Self.task(split).problems == [])
        }
        var task = try Self.task(.shards(.names(["eu", "us"])))
        task.action = .command(["x", "${{ shard }}", "${{ shard.index }}/${{ shard.total }}"])
        #expect(task.problems == [])
    }

    @Test("definitions keep how they were split, and say nothing about tasks that never were")
    func coding() throws {
        let task = try Self.edited(.whole, Self.eight, .shards(.names(["eu", "us"])), .broadcast)
        let data = try JSONEncoder().encode(task)
        #expect(try JSONDecoder().decode(TaskDefinition.self, from: data) == task)
        let plain = try JSONEncoder().encode(Self.edited(.whole, .whole))
        let text = String(decoding: plain, as: UTF8.self)
        #expect(!text.contains("shards") && !text.contains("split") && !text.contains("broadcast"))
    }

    @Test("a fire is split as the revision said that was in force when it was due")
    func splitOfTheTime() throws {
        let task = try Self.edited(.whole, Self.eight, Self.four)
        #expect(task.split(at: Self.at(50)) == .whole)
        #expect(task.split(at: Self.at(100)) == .whole)
        #expect(task.split(at: Self.at(110)) == Self.eight)
        #expect(task.split(at: Self.at(200)) == Self.eight)
        #expect(task.split(at: Self.at(210)) == Self.four)
        #expect(task.specification(forDue: Self.at(150)).shards == .count(8))
        #expect(task.specification(forDue: Self.at(50)).shards == nil)
    }

    @Test("edits of something else, and pauses, do not change how former fires were split")
    func splitOverPauses() throws {
        var task = try Self.edited(Self.eight, Self.eight)
        task = task.paused(PauseRecord(since: Self.at(150), until: Self.at(400)))
        task = task.edited(try Self.task(Self.four), now: Self.at(250))
        #expect(task.split(at: Self.at(120)) == Self.eight)
        #expect(task.split(at: Self.at(500)) == Self.four)
    }

    @Test("what is asked for during a pause of the group is split as the task says by then")
    func splitInPause() throws {
        var task = try Self.edited(Self.eight, Self.eight)
        let suspension = Suspension.until(Self.at(400))
        task = task.edited(try Self.task(Self.eight), now: Self.at(150), suspension: suspension)
        task = task.edited(try Self.task(Self.four), now: Self.at(250), suspension: suspension)
        #expect(task.split(at: Self.at(120)) == Self.eight)
        #expect(task.split(at: Self.at(200)) == Self.eight)
        #expect(task.split(at: Self.at(300)) == Self.four)
        #expect(task.split(at: Self.at(500)) == Self.four)
        #expect(task.nextDue(after: Self.at(250)).map { $0 >= Self.at(400) } == true)
    }

    @Test("a part has the fires of the revisions that have it")
    func narrowed() throws {
        func dues(_ task: TaskDefinition, _ part: Int, until end: Int) -> [Int] {
            var (found, cursor) = ([Int](), Self.start)
            let narrowed = task.narrowed(to: part)
            while let due = narrowed.nextDue(after: cursor), due <= Self.at(end) {
                found.append(Int((due - Self.start).wholeMilliseconds / 1_000))
                cursor = due
            }
            return found
        }
        let task = try Self.edited(Self.eight, Self.four, Self.eight)
        #expect(dues(task, 3, until: 300) == Array(stride(from: 10, through: 300, by: 10)))
        let (first, last) = (stride(from: 10, through: 100, by: 10), stride(from: 210, through: 300, by: 10))
        #expect(dues(task, 5, until: 300) == Array(first) + Array(last))
        #expect(dues(task, 8, until: 300) == [])
        let shrunk = try Self.edited(Self.eight, Self.four)
        #expect(dues(shrunk, 5, until: 300) == Array(first))
        #expect(shrunk.formerParts == [4, 5, 6, 7])
        #expect(task.formerParts == [])
        #expect(try Self.edited(.whole, .broadcast).formerParts == [0])
    }

    @Test("a part without a row begins at the edit that made it, the others at the creation")
    func begin() throws {
        let task = try Self.edited(.whole, Self.four, Self.eight)
        #expect(task.begin(of: 0) == Self.start)
        #expect(task.begin(of: 3) == Self.at(100))
        #expect(task.begin(of: 7) == Self.at(200))
        #expect(try Self.edited(Self.eight, Self.four, Self.eight).begin(of: 7) == Self.at(200))
        #expect(
            try Self.edited(.whole, .broadcast).begin(of: TaskPart.number(of: AgentID("a")!)) == Self.at(100)
        )
        #expect(try Self.edited(Self.eight).begin(of: 7) == Self.start)
    }

    @Test("the parts of agents are numbers that JSON keeps, apart from shards and from each other")
    func agents() {
        let numbers = (0..<2_000).map { TaskPart.number(of: AgentID("agent-\($0)")!) }
        #expect(Set(numbers).count == 2_000)
        #expect(numbers.allSatisfy { TaskPart.isAgent($0) && $0 < 1 << 53 })
        #expect(!TaskPart.isAgent(Shards.Limit.countMax))
        let key = FireKey(uid: TaskUID(bits: 7), part: numbers[0], due: Self.start)
        #expect(RunID(RunID(key).text)?.fireKey == key)
        #expect(TaskPart.number(of: AgentID("agent-1")!) == numbers[1])
    }

    @Test("the ends of parts are one arrival, which is complete when all have come")
    func arrivals() throws {
        func arrival(_ part: Int, _ verdict: DependencyVerdict) -> DependencyArrival {
            DependencyArrival(
                task: TaskID("p")!,
                run: RunID(FireKey(uid: TaskUID(bits: 7), part: part, due: Self.start)),
                verdict: verdict,
                agent: AgentID("a")!,
                incarnation: Incarnation(bits: 1),
                parts: ArrivedParts(part, of: 3)
            )
        }
        func together(_ condition: Dependencies.Condition, _ verdicts: DependencyVerdict...)
            -> DependencyArrival?
        {
            var known: [DependencyArrival] = []
            for (part, verdict) in verdicts.enumerated() {
                known = known.adding(arrival(part, verdict), on: condition, first: [])
                // What is told again changes nothing.
                known = known.adding(arrival(part, verdict), on: condition, first: [])
                #expect(known.count == 1)
                #expect(known[0].isComplete == (part == 2))
            }
            return known.first
        }
        #expect(together(.succeeded, .met, .met, .met)?.verdict == .met)
        let failed = together(.succeeded, .met, .failed, .met)
        #expect(failed?.verdict == .failed)
        #expect(failed?.run.fireKey?.part == 1)
        #expect(together(.failed, .unneeded, .unneeded, .unneeded)?.verdict == .unneeded)
        #expect(together(.failed, .unneeded, .met, .failed)?.verdict == .met)
        #expect(together(.failed, .failed, .unneeded, .unneeded)?.verdict == .failed)
    }
}
