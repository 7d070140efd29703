import Domain
import Foundation
import Scheduling
import Testing

/// Runs that follow the end of the one before.
@Suite struct CompletionTests {
    private static let start = Instant(millisecondsSinceEpoch: 1_000_000)

    private func specification(
        _ delay: Duration = .seconds(60),
        start: Instant? = nil,
        also: [Schedule] = [],
        isEnabled: Bool = true
    ) throws -> TaskSpecification {
        let completion = try CompletionSchedule(delay: delay, start: start)
        return TaskSpecification(
            name: TaskID("t")!,
            action: .command(["true"]),
            schedules: also + [Schedule(.afterCompletion(completion))],
            isEnabled: isEnabled
        )
    }

    private func created(_ specification: TaskSpecification) -> TaskDefinition {
        .created(specification, uid: TaskUID(bits: 7), now: Self.start)
    }

    @Test("the first run is due at once, or at the start; time alone decides no other")
    func first() throws {
        let task = created(try specification())
        #expect(task.nextDue(after: Self.start) == Self.start + .milliseconds(1))
        #expect(task.nextDue(after: Self.start + .milliseconds(1)) == nil)
        let later = created(try specification(start: Self.start + .seconds(30)))
        #expect(later.nextDue(after: Self.start) == Self.start + .seconds(30))
        let end = Self.start + .seconds(9)
        let run = RunID(FireKey(uid: task.uid, due: Self.start))
        let life = RunLife(run: run, outcome: .failed, began: Self.start, ended: end)
        #expect(task.next(after: life) == NextLife(due: Self.start + .seconds(69)))
    }

    @Test("an edit of something else goes on with the chain; a new delay, and a pause, begin another")
    func edits() throws {
        let task = created(try specification())
        var described = try specification()
        described.description = "other"
        let now = Self.start + .seconds(100)
        let edited = task.edited(described, now: now)
        #expect(edited.completionSince == Self.start)
        #expect(edited.nextDue(after: now) == nil)
        let slower = task.edited(try specification(.seconds(90)), now: now)
        #expect(slower.nextDue(after: now) == now + .milliseconds(1))
        let paused = task.edited(try specification(isEnabled: false), now: now)
        #expect(paused.completionSince == nil)
        #expect(paused.nextDue(after: now) == nil)
        let resumed = paused.edited(try specification(), now: now + .seconds(5))
        #expect(resumed.nextDue(after: now) == now + .seconds(5) + .milliseconds(1))
    }

    @Test("other schedules of the task are no part of the chain")
    func besides() throws {
        let every = Schedule.every(try IntervalSchedule(every: .seconds(600)))
        let task = created(try specification(also: [every]))
        let first = Self.start + .milliseconds(1)
        #expect(task.nextDue(after: Self.start) == first)
        #expect(task.nextDue(after: first) == Instant(millisecondsSinceEpoch: 1_200_000))
        #expect(task.isInChain(fire(task, first)))
        #expect(!task.isInChain(fire(task, Instant(millisecondsSinceEpoch: 1_200_000))))
        #expect(task.isInChain(fire(task, first + .seconds(70), .completion, chain: Self.start)))
        #expect(!task.isInChain(fire(task, first + .seconds(70), .completion, chain: .epoch)))
        #expect(!task.isInChain(fire(task, first, .request)))
    }

    @Test("a definition keeps its chain when it is stored, and is written as before without one")
    func stored() throws {
        let task = created(try specification()).edited(try specification(), now: Self.start + .seconds(1))
        let data = try JSONEncoder().encode(task)
        #expect(try JSONDecoder().decode(TaskDefinition.self, from: data) == task)
        var plain = try specification()
        plain.schedules = []
        #expect(
            !String(decoding: try JSONEncoder().encode(created(plain)), as: UTF8.self).contains("completion")
        )
    }

    private func fire(
        _ task: TaskDefinition,
        _ due: Instant,
        _ trigger: Trigger = .schedule,
        chain: Instant? = nil
    ) -> JournaledFire {
        JournaledFire(
            attempt: AttemptID(run: RunID(FireKey(uid: task.uid, due: due)), number: 1),
            task: task.name,
            uid: task.uid,
            revision: task.revision,
            due: due,
            trigger: trigger,
            delivery: .atMostOnce,
            decision: .launch,
            origin: chain.map { RunOrigin(chain: $0) }
        )
    }
}
