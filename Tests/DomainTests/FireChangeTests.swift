import Domain
import Foundation
import Scheduling
import Testing

@Suite struct FireChangeTests {
    static let start = Instant(millisecondsSinceEpoch: 1_000_000_000)

    static func at(_ seconds: Int) -> Instant { start + .seconds(seconds) }

    /// Due every 100 s from second 100 on.
    static func task(_ parameters: [Parameter] = []) throws -> TaskDefinition {
        let specification = TaskSpecification(
            name: TaskID("t")!,
            action: .command(["true"]),
            parameters: parameters,
            schedules: [.every(try IntervalSchedule(every: .seconds(100), start: start))]
        )
        return .created(specification, uid: TaskUID(bits: 7), now: start)
    }

    static func dues(_ task: TaskDefinition, after seconds: Int, count: Int) -> [Int64] {
        var (found, cursor) = ([Int64](), at(seconds))
        while found.count < count, let due = task.nextDue(after: cursor) {
            found.append(start.duration(to: due).wholeMilliseconds / 1_000)
            cursor = due
        }
        return found
    }

    static func seconds(_ instant: Instant) -> Int64 { start.duration(to: instant).wholeMilliseconds / 1_000 }

    @Test("what follows events has no fire to change, which is not said of what is over")
    func events() throws {
        func words(_ timing: Schedule.Timing) throws -> String? {
            var specification = try Self.task().specification
            specification.schedules = [Schedule(timing)]
            let task = TaskDefinition.created(specification, uid: TaskUID(bits: 7), now: Self.start)
            let error = #expect(throws: ValidationFailure.self) {
                _ = try task.changed(by: FireChange(.skip), now: Self.at(10))
            }
            return error?.problems.first?.message
        }
        let follows = "nobody knows beforehand when task t is due"
        let delay = Duration.seconds(5)
        #expect(try words(.afterCompletion(CompletionSchedule(delay: delay)))?.hasPrefix(follows) == true)
        #expect(try words(.onAgentStart(AgentStartSchedule()))?.hasPrefix(follows) == true)
        #expect(
            try words(.afterCompletion(CompletionSchedule(delay: delay, end: Self.at(5))))
                == "task t is not due again: there is no fire to change"
        )
        #expect(
            try words(.once(Self.at(5))) == "task t is not due again: there is no fire to change"
        )
    }

    @Test("the next fires are skipped: they stay due, to be recorded")
    func skip() throws {
        let change = FireChange(.skip, count: 2, reason: "holiday", author: "ann")
        let (task, fires) = try Self.task().changed(by: change, now: Self.at(10))
        #expect(fires.map { Self.seconds($0.due) } == [100, 200])
        #expect(Self.dues(task, after: 10, count: 3) == [100, 200, 300])
        #expect(task.nextUnskippedDue(after: Self.at(10)) == Self.at(300))
        #expect(task.exception(decidedAt: Self.at(100))?.isSkipped == true)
        #expect(task.exception(decidedAt: Self.at(300)) == nil)
        #expect(task.revision == 2)
        #expect(task.effectiveFrom == Self.start)
    }

    @Test(
        "a shifted fire comes at its new time, earlier or later, and not at the old one",
        arguments: [(150, [150, 200]), (350, [200, 300, 350, 400]), (50, [50, 200])] as [(Int, [Int64])]
    )
    func shift(to seconds: Int, expected: [Int64]) throws {
        let change = FireChange(.shift(to: Self.at(seconds)))
        let (task, fires) = try Self.task().changed(by: change, now: Self.at(10))
        #expect(fires.map { Self.seconds($0.decidedAt) } == [Int64(seconds)])
        #expect(Self.dues(task, after: 10, count: expected.count) == expected)
        #expect(task.exceptionTerms(decidedAt: Self.at(seconds))?.shiftedFrom == Self.at(100))
        // It is known by its new instant from then on.
        let again = FireChange(.shift(to: Self.at(170)), due: Self.at(seconds))
        let moved = try task.changed(by: again, now: Self.at(20)).definition
        #expect(Self.dues(moved, after: 20, count: 2) == [170, 200])
        let back = FireChange(.restore, due: Self.at(170))
        #expect(
            Self.dues(try moved.changed(by: back, now: Self.at(30)).definition, after: 30, count: 2) == [
                100, 200,
            ]
        )
    }

    @Test("a fire is given values once, also when it was shifted")
    func adjust() throws {
        let parameters = [
            Parameter(name: "mode", kind: .choice, defaultValue: "fast", choices: ["fast", "full"])
        ]
        let shifted = try Self.task(parameters).changed(
            by: FireChange(.shift(to: Self.at(150))),
            now: Self.at(10)
        ).definition
        let change = FireChange(
            .adjust(["mode": "full"]),
            due: Self.at(150),
            reason: "month end",
            author: "ann"
        )
        let task = try shifted.changed(by: change, now: Self.at(20)).definition
        let terms = try #require(task.exceptionTerms(decidedAt: Self.at(150)))
        #expect(terms.parameters == ["mode": "full"])
        #expect(terms.note == "month end" && terms.requestedBy == "ann" && terms.shiftedFrom == Self.at(100))
        #expect(task.specification.launchTerms(terms, ofPart: 0)?.parameters == ["mode": "full"])
        #expect(
            task.specification.launchTerms(task.exceptionTerms(decidedAt: Self.at(200)), ofPart: 0)?
                .parameters
                == ["mode": "fast"]
        )
    }

    @Test("an edit keeps what was said of coming fires; what the new schedules do not have is void")
    func edited() throws {
        let shifted = try Self.task().changed(by: FireChange(.shift(to: Self.at(170))), now: Self.at(10))
            .definition
        var described = shifted.specification
        described.description = "new"
        #expect(Self.dues(shifted.edited(described, now: Self.at(20)), after: 20, count: 2) == [170, 200])
        var other = shifted.specification
        other.schedules = [.every(try IntervalSchedule(every: .seconds(90), start: Self.start))]
        #expect(Self.dues(shifted.edited(other, now: Self.at(20)), after: 20, count: 2) == [90, 180])
    }

    @Test("what is past for a week is forgotten, and the definition stays readable")
    func pruned() throws {
        let skipped = try Self.task().changed(by: FireChange(.skip), now: Self.at(10)).definition
        let later = skipped.edited(skipped.specification, now: Self.at(8 * 86_400))
        #expect(later.exceptions.isEmpty)
        let sooner = skipped.edited(skipped.specification, now: Self.at(86_400))
        #expect(sooner.exceptions.count == 1)
        let read = try JSONDecoder().decode(TaskDefinition.self, from: try JSONEncoder().encode(skipped))
        #expect(read == skipped)
    }

    @Test("what cannot be done is refused in one sentence")
    func refusals() throws {
        let task = try Self.task([Parameter(name: "n", kind: .number)])
        let cases: [(FireChange, Int, String, String)] = [
            (FireChange(.skip, due: Self.at(150)), 10, "due", "is not due at"),
            (FireChange(.skip, due: Self.at(100)), 97, "due", "over or too near"),
            (FireChange(.shift(to: Self.at(12))), 10, "to", "over or too near"),
            (FireChange(.shift(to: Self.at(200))), 10, "to", "anyway: skip the fire of"),
            (FireChange(.adjust([:])), 10, "parameters", "no value is given"),
            (FireChange(.adjust(["n": "x", "m": "1"])), 10, "parameters.m", "has no parameter 'm'"),
            (FireChange(.restore), 10, "due", "nothing is different"),
            (FireChange(.skip, count: 51), 10, "count", "from 1 to 50"),
            (FireChange(.skip, due: Self.at(100), count: 2), 10, "count", "not both"),
            (FireChange(.shift(to: Self.at(150)), count: 2), 10, "count", "one at a time"),
        ]
        for (change, now, field, message) in cases {
            let failure = #expect(throws: ValidationFailure.self) {
                try task.changed(by: change, now: Self.at(now))
            }
            let problem = failure?.problems.first
            #expect(
                problem?.field == field && problem?.message.contains(message) == true,
                "\(String(describing: problem))"
            )
        }
    }
}

@Suite struct ChainChangeTests {
    @Test("the first run of a chain can be skipped, not shifted: it has no instant of its own")
    func chain() throws {
        var specification = try FireChangeTests.task().specification
        let now = FireChangeTests.start
        let completion = try CompletionSchedule(delay: .seconds(100), start: now + .seconds(100))
        specification.schedules = [Schedule(.afterCompletion(completion))]
        let task = TaskDefinition.created(specification, uid: TaskUID(bits: 7), now: now)
        let first = try #require(task.firstCompletionDue)
        let skipped = try task.changed(by: FireChange(.skip), now: now).definition
        #expect(skipped.exception(decidedAt: first)?.isSkipped == true)
        let failure = #expect(throws: ValidationFailure.self) {
            try task.changed(by: FireChange(.shift(to: first + .seconds(50))), now: now)
        }
        #expect(failure?.problems.first?.message.contains("begins a chain of runs") == true)
    }
}

@Suite struct TaskPauseTests {
    typealias Fires = FireChangeTests

    static func pause(since: Int, until: Int?) -> PauseRecord {
        PauseRecord(since: Fires.at(since), until: until.map { Fires.at($0) }, reason: "disks", author: "ann")
    }

    @Test("a pause with an end is over at that very instant, on every node, by the definition alone")
    func timed() throws {
        let task = try Fires.task().paused(Self.pause(since: 150, until: 400))
        #expect(Fires.dues(task, after: 0, count: 4) == [100, 400, 500, 600])
        #expect(task.pause(at: Fires.at(399))?.reason == "disks")
        #expect(task.pause(at: Fires.at(400)) == nil)
        #expect(task.specification.isEnabled)
        let read = try JSONDecoder().decode(TaskDefinition.self, from: try JSONEncoder().encode(task))
        #expect(read == task)
    }

    @Test("an edit during a pause keeps it, and what came before it")
    func edited() throws {
        var specification = try Fires.task().specification
        specification.schedules = [.every(try IntervalSchedule(every: .seconds(70), start: Fires.start))]
        let task = try Fires.task().paused(Self.pause(since: 150, until: 400)).edited(
            specification,
            now: Fires.at(250)
        )
        #expect(Fires.dues(task, after: 0, count: 3) == [100, 420, 490])
        #expect(task.pause(at: Fires.at(300)) == Self.pause(since: 150, until: 400))
        let twice = task.edited(specification, now: Fires.at(260))
        #expect(twice.supersededSchedules.count == task.supersededSchedules.count)
    }

    @Test("a task that its document disabled is paused since then, whatever else is edited")
    func disabled() throws {
        var specification = try Fires.task().specification
        specification.isEnabled = false
        let off = try Fires.task().edited(specification, now: Fires.at(150))
        specification.description = "still off"
        let later = off.edited(specification, now: Fires.at(300))
        #expect(
            later.edited(specification, now: Fires.at(310)).pause(at: Fires.at(320))?.since == Fires.at(150)
        )
        let suspended = off.edited(off.specification, now: Fires.at(400), suspension: .open)
        #expect(suspended.pause(at: Fires.at(410))?.since == Fires.at(150))
    }

    @Test("a pause of its group that has an end is over at that very instant, whatever becomes of the task")
    func suspended() throws {
        let task = try Fires.task()
        let suspended = task.edited(task.specification, now: Fires.at(150), suspension: .until(Fires.at(400)))
        #expect(Fires.dues(suspended, after: 0, count: 4) == [100, 400, 500, 600])
        #expect(!suspended.counts(at: Fires.at(399)) && suspended.counts(at: Fires.at(400)))
        #expect(suspended.suspension(at: Fires.at(400)) == .absent)
        #expect(suspended.pause(at: Fires.at(200)) == nil)
        let read = try JSONDecoder().decode(TaskDefinition.self, from: try JSONEncoder().encode(suspended))
        #expect(read == suspended)
        let paused = suspended.paused(Self.pause(since: 200, until: 300))
        #expect(Fires.dues(paused, after: 0, count: 2) == [100, 400])
        let longer = suspended.paused(Self.pause(since: 200, until: 550))
        #expect(Fires.dues(longer, after: 0, count: 2) == [100, 600])
        let resumed = try #require(longer.resumed(now: Fires.at(250)))
        #expect(Fires.dues(resumed, after: 0, count: 2) == [100, 400])
        let ended = suspended.edited(task.specification, now: Fires.at(250), suspension: .absent)
        #expect(Fires.dues(ended, after: 0, count: 2) == [100, 300])
        let created = TaskDefinition.created(
            task.specification,
            uid: task.uid,
            now: Fires.at(150),
            suspension: .until(Fires.at(400))
        )
        #expect(Fires.dues(created, after: 0, count: 2) == [400, 500])
    }

    @Test(
        "what pauses of group and runtime mean together: the later end, and none beside one without",
        arguments: [
            ([], Suspension.absent), ([400], .until(Fires.at(400))), ([400, 500], .until(Fires.at(500))),
            ([nil], .open), ([400, nil], .open), ([90], .absent), ([90, 400], .until(Fires.at(400))),
            ([90, nil], .open), ([100], .absent),
        ] as [([Int?], Suspension)]
    )
    func together(ends: [Int?], expected: Suspension) {
        #expect(Suspension(ends.map { Self.pause(since: 0, until: $0) }, at: Fires.at(100)) == expected)
    }

    @Test("resuming ends a pause then; what was due meanwhile is not made up for")
    func resumed() throws {
        let paused = try Fires.task().paused(Self.pause(since: 150, until: 900))
        let task = try #require(paused.resumed(now: Fires.at(350)))
        #expect(Fires.dues(task, after: 0, count: 3) == [100, 400, 500])
        #expect(task.pause(at: Fires.at(360)) == nil)
        #expect(task.resumed(now: Fires.at(360)) == nil)
    }

    @Test("a pause can be made longer, shorter, endless, and be ended by the document")
    func changed() throws {
        let paused = try Fires.task().paused(Self.pause(since: 150, until: 400))
        let longer = paused.paused(Self.pause(since: 200, until: 700))
        #expect(Fires.dues(longer, after: 0, count: 2) == [100, 700])
        #expect(longer.pause(at: Fires.at(210))?.since == Fires.at(150))
        let shorter = paused.paused(Self.pause(since: 200, until: 300))
        #expect(Fires.dues(shorter, after: 0, count: 2) == [100, 300])
        let endless = paused.paused(Self.pause(since: 200, until: nil))
        #expect(Fires.dues(endless, after: 0, count: 2) == [100])
        #expect(endless.pause(at: Fires.at(9_000))?.reason == "disks")
        var off = endless.specification
        off.description = "still off"
        #expect(endless.edited(off, now: Fires.at(210)).pause(at: Fires.at(220))?.reason == "disks")
        var on = endless.specification
        on.isEnabled = true
        let resumed = endless.edited(on, now: Fires.at(450))
        #expect(resumed.pause(at: Fires.at(460)) == nil)
        #expect(Fires.dues(resumed, after: 0, count: 3) == [100, 500, 600])
        let dated = endless.paused(Self.pause(since: 220, until: 600))
        #expect(Fires.dues(dated, after: 0, count: 2) == [100, 600])
    }

    @Test("after a pause is over by itself, an edit supersedes the schedules that counted since")
    func editedAfterwards() throws {
        var specification = try Fires.task().specification
        specification.schedules = []
        let task = try Fires.task().paused(Self.pause(since: 150, until: 400)).edited(
            specification,
            now: Fires.at(650)
        )
        #expect(Fires.dues(task, after: 0, count: 9) == [100, 400, 500, 600])
        #expect(task.pause == nil)
    }
}
