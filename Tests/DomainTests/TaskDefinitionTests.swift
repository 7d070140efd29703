import Domain
import Foundation
import Scheduling
import Testing

@Suite struct TaskDefinitionTests {
    static let start = Instant(millisecondsSinceEpoch: 1_000_000)

    func every(_ seconds: Int) throws -> Schedule {
        .every(try IntervalSchedule(every: .seconds(seconds)))
    }

    func definition(_ schedules: [Schedule]) -> TaskDefinition {
        let specification = TaskSpecification(
            name: TaskID("t")!,
            action: .command(["true"]),
            schedules: schedules
        )
        return .created(specification, uid: TaskUID(bits: 7), now: Self.start)
    }

    @Test("nothing is due before the task existed")
    func beforeCreation() throws {
        let task = definition([try every(10)])
        #expect(task.nextDue(after: .epoch) == Instant(millisecondsSinceEpoch: 1_010_000))
    }

    @Test("coinciding schedules are one instant")
    func coinciding() throws {
        let task = definition([try every(10), try every(5)])
        #expect(task.nextDue(after: Self.start) == Instant(millisecondsSinceEpoch: 1_005_000))
        #expect(
            task.nextDue(after: Instant(millisecondsSinceEpoch: 1_005_000))
                == Instant(millisecondsSinceEpoch: 1_010_000)
        )
    }

    @Test("instants up to an edit follow the old schedules, later ones the new")
    func edited() throws {
        let edit = Self.start + .seconds(25)
        var specification = definition([try every(10)]).specification
        specification.schedules = [try every(7)]
        let task = definition([try every(10)]).edited(specification, now: edit)
        var dues: [Int64] = []
        var cursor = Self.start
        while dues.count < 5, let due = task.nextDue(after: cursor) {
            dues.append((due - Self.start).wholeMilliseconds / 1_000)
            cursor = due
        }
        // Every 10 s until second 25; then the multiples of 7 s since 1970: 1,000,000 ms + 29 s is the first.
        #expect(dues == [10, 20, 29, 36, 43])
    }

    @Test("a paused time has no fires, and resuming makes up for none of them")
    func paused() throws {
        var off = definition([try every(10)]).specification
        off.isEnabled = false
        var on = off
        on.isEnabled = true
        let task = definition([try every(10)])
            .edited(off, now: Self.start + .seconds(15))
            .edited(on, now: Self.start + .seconds(45))
        let first = try #require(task.nextDue(after: Self.start))
        let second = try #require(task.nextDue(after: first))
        #expect(first == Self.start + .seconds(10))
        #expect(second == Self.start + .seconds(50))
    }

    @Test("a disabled task is never due")
    func disabled() throws {
        var off = definition([try every(10)]).specification
        off.isEnabled = false
        let task = definition([try every(10)]).edited(off, now: Self.start)
        #expect(task.nextDue(after: Self.start) == nil)
    }

    @Test("many edits keep a bounded memory of what was superseded")
    func bounded() throws {
        var task = definition([try every(10)])
        for second in 1...20 { task = task.edited(task.specification, now: Self.start + .seconds(second)) }
        #expect(task.supersededSchedules.count == TaskDefinition.supersededMax)
        #expect(task.revision == 21)
    }

    @Test("a definition survives JSON unchanged")
    func codable() throws {
        var task = definition([try every(10), .once(Self.start)])
        task.specification.environment = ["LANG": "C"]
        task.specification.timeout = .seconds(90)
        task.specification.placement = Placement(
            agents: [AgentID("a")!],
            labels: ["disk": "ssd"],
            regions: ["eu"]
        )
        task = task.edited(task.specification, now: Self.start + .seconds(1))
        let data = try JSONEncoder().encode(task)
        #expect(try JSONDecoder().decode(TaskDefinition.self, from: data) == task)
    }
}

@Suite struct TaskValidationTests {
    func problems(_ change: (inout TaskSpecification) throws -> Void) rethrows -> [String] {
        var specification = TaskSpecification(name: TaskID("t")!, action: .command(["true"]))
        try change(&specification)
        return specification.problems.map(\.field)
    }

    @Test("a plain task has no problems")
    func fine() {
        #expect(problems { _ in }.isEmpty)
    }

    @Test("each mistake is named with its field")
    func mistakes() throws {
        #expect(problems { $0.action = .command([]) } == ["command"])
        #expect(problems { $0.action = .command([""]) } == ["command"])
        #expect(problems { $0.action = .script(" \n") } == ["script"])
        #expect(problems { $0.action = .command(["a\u{0}b"]) } == ["command"])
        #expect(problems { $0.environment = ["1A": "x"] } == ["environment.1A"])
        #expect(problems { $0.environment = ["CLOUDTASK_RUN": "x"] } == ["environment.CLOUDTASK_RUN"])
        #expect(
            problems { $0.environment = ["A": String(repeating: "x", count: 2_000_000)] } == ["environment"]
        )
        // As JSON each of these takes six bytes.
        let bells = String(repeating: "\u{7}", count: 50_000)
        #expect(problems { $0.environment = ["A": bells] } == [""])
        #expect(problems { $0.description = String(repeating: "x", count: 300_000) } == [""])
        #expect(problems { $0.timeout = .zero } == ["timeout"])
        #expect(problems { $0.killGrace = .seconds(7_200) } == ["killGrace"])
        let never = Schedule.cron(CronSchedule(try CronExpression("0 0 30 2 *", options: CronOptions())))
        #expect(problems { $0.schedules = [.once(.epoch), never] } == ["schedules[1]"])
        #expect(problems { $0.schedules = Array(repeating: .once(.epoch), count: 65) } == ["schedules"])
    }
}

@Suite struct SpreadTaskTests {
    private func definition(_ name: String, uid: String) throws -> TaskDefinition {
        let expression = try CronExpression("H H(2-4) * * *")
        let specification = TaskSpecification(
            name: TaskID(name)!,
            action: .command(["true"]),
            schedules: [
                .cron(CronSchedule(expression)),
                Schedule(.cron(CronSchedule(try CronExpression("0 12 * * *"))), jitter: .seconds(600)),
            ]
        )
        return TaskDefinition.created(specification, uid: TaskUID(uid)!, now: .epoch)
    }

    @Test("the spread is a function of the name: not of the uid, the node, or how the definition came there")
    func identity() throws {
        let one = try definition("billing", uid: "0000000000000001")
        let other = try definition("billing", uid: "0000000000000002")
        let read = try JSONDecoder().decode(TaskDefinition.self, from: JSONEncoder().encode(one))
        let third = try definition("reports", uid: "0000000000000001")
        var cursor = Instant.epoch
        for _ in 0..<20 {
            let due = try #require(one.nextDue(after: cursor))
            #expect(other.nextDue(after: cursor) == due)
            #expect(read.nextDue(after: cursor) == due)
            #expect(third.nextDue(after: cursor) != due)
            cursor = due
        }
    }

    @Test("an edit keeps the spread of what was superseded")
    func superseded() throws {
        let task = try definition("billing", uid: "0000000000000001")
        let noon = Instant.epoch + .seconds(12 * 3_600)
        let due = try #require(task.nextDue(after: noon - .seconds(1)))
        var changed = task.specification
        changed.schedules = []
        let edited = task.edited(changed, now: due + .seconds(1))
        #expect(edited.nextDue(after: noon - .seconds(1)) == due)
        #expect(edited.nextDue(after: due) == nil)
    }

    @Test("an H that never comes for this name is refused where it stands")
    func never() throws {
        var task = TaskSpecification(name: TaskID("t")!, action: .command(["true"]))
        task.schedules = [.cron(CronSchedule(try CronExpression("0 0 H(30-31) 2 *")))]
        #expect(task.problems.map(\.field) == ["schedules[0]"])
    }
}
