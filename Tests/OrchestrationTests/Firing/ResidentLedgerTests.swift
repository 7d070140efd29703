import Domain
import Orchestration
import Scheduling
import Testing

/// One resident task in the ledger of the agent that owns it.
@Suite struct ResidentLedgerTests {
    private static let start = Instant(millisecondsSinceEpoch: 1_000_000_000)

    private struct Story {
        var ledger = AgentLedger(enumerator: FireEnumerator()) { _ in 0 }
        var nonce: UInt64 = 0

        mutating func take(_ task: TaskDefinition) {
            let row = AllocationRow(
                task: task.name,
                uid: task.uid,
                revision: task.revision,
                cursor: ResidentLedgerTests.start
            )
            ledger.read(bucket: 0, rows: [row])
            ledger.define([task])
        }

        /// Journals what is due at an instant; what was launched.
        mutating func journal(at now: Instant, taking dispatched: [JournaledFire] = []) -> [AttemptID] {
            nonce += 1
            let segment = ledger.composeSegment(
                now: now,
                horizon: now,
                taking: dispatched,
                isTaking: !dispatched.isEmpty,
                nonce: Nonce(bits: nonce)
            )
            guard segment != nil else { return [] }
            return ledger.segmentCommitted().filter { $0.decision == .launch }.map(\.attempt)
        }
    }

    private func task(_ change: (inout TaskSpecification) -> Void = { _ in }) throws -> TaskDefinition {
        var specification = TaskSpecification(
            name: try #require(TaskID("gateway")),
            action: .command(["gateway"]),
            residency: Residency()
        )
        change(&specification)
        return .created(specification, uid: TaskUID(bits: 1), now: Self.start)
    }

    /// A ledger with the first process of a task that runs.
    private func running(_ task: TaskDefinition) throws -> (story: Story, attempt: AttemptID) {
        var story = Story()
        story.take(task)
        let launched = story.journal(at: Self.start + .seconds(1))
        #expect(story.ledger.takeResidentStops().isEmpty)
        return (story, try #require(launched.first))
    }

    @Test("a process that belongs to the present definition goes on")
    func goesOn() throws {
        let task = try task()
        var (story, _) = try running(task)
        var described = task.specification
        described.description = "other"
        story.take(task.edited(described, now: Self.start + .seconds(9)))
        #expect(story.ledger.takeResidentStops().isEmpty)
        #expect(story.journal(at: Self.start + .seconds(9)).isEmpty)
    }

    @Test("an edit stops the process; the next one begins when it has ended, and not before")
    func edited() throws {
        let task = try task()
        var (story, attempt) = try running(task)
        var other = task.specification
        other.action = .command(["gateway", "-v"])
        let now = Self.start + .seconds(9)
        story.take(task.edited(other, now: now))
        let stops = story.ledger.takeResidentStops()
        #expect(stops.map(\.attempt) == [attempt])
        #expect(stops.map(\.stop) == [.changed])
        #expect(story.journal(at: now + .seconds(1)).isEmpty)
        #expect(story.ledger.takeResidentStops().isEmpty)
        story.ledger.ended(AttemptResult(attempt: attempt, outcome: .stopped, endedAt: now + .seconds(3)))
        let next = story.journal(at: now + .seconds(3))
        #expect(next.map(\.run) == [RunID(FireKey(uid: task.uid, due: now + .milliseconds(1)))])
    }

    @Test("a pause stops the process, and nothing follows; so does the end of the residency")
    func paused() throws {
        let task = try task()
        let now = Self.start + .seconds(9)
        var scheduled = task.specification
        scheduled.residency = nil
        let changes: [(TaskDefinition, ResidentStop)] = [
            (task.paused(PauseRecord(since: now)), .paused),
            (task.paused(PauseRecord(since: now, until: now + .seconds(60))), .paused),
            (task.edited(task.specification, now: now, suspension: .open), .paused),
            (task.edited(task.specification, now: now, suspension: .until(now + .seconds(60))), .paused),
            (task.edited(scheduled, now: now), .changed),
        ]
        for (next, stop) in changes {
            var (story, attempt) = try running(task)
            story.take(next)
            let stops = story.ledger.takeResidentStops()
            #expect(stops.map(\.attempt) == [attempt])
            #expect(stops.map(\.stop) == [stop])
            story.ledger.ended(AttemptResult(attempt: attempt, outcome: .stopped, endedAt: now))
            #expect(story.journal(at: now + .seconds(5)).isEmpty)
        }
    }

    @Test("a row that goes elsewhere leaves no process behind; other tasks' runs go on")
    func moved() throws {
        let task = try task()
        var (story, attempt) = try running(task)
        story.ledger.read(bucket: 0, rows: [])
        let stops = story.ledger.takeResidentStops()
        #expect(stops.map(\.attempt) == [attempt])
        #expect(stops.map(\.stop) == [.moved])
        let every = Schedule.every(try IntervalSchedule(every: .seconds(1)))
        let plain = try self.task {
            $0.residency = nil
            $0.schedules = [every]
            $0.concurrency = Concurrency(.forbid)
        }
        var (other, _) = try running(plain)
        other.ledger.read(bucket: 0, rows: [])
        #expect(other.ledger.takeResidentStops().isEmpty)
    }
}
