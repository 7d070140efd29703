import Domain
import Orchestration
import Scheduling
import Testing

/// What an agent decides about fires that were due before the cluster was restored (rule T3).
@Suite struct RestoredFiresTests {
    private static let now = Instant(millisecondsSinceEpoch: 1_000_000_000)

    private func ledger(floor seconds: Int?, cursor: Int) throws -> AgentLedger {
        let interval = Schedule.every(try IntervalSchedule(every: .seconds(10)))
        let name = try #require(TaskID("t"))
        let task = TaskDefinition.created(
            TaskSpecification(name: name, action: .command(["true"]), schedules: [interval]),
            uid: TaskUID(bits: 1),
            now: .epoch
        )
        var ledger = AgentLedger(enumerator: FireEnumerator()) { _ in 0 }
        ledger.floor = seconds.map { Self.now + .seconds($0) }
        ledger.define([task])
        let row = AllocationRow(
            task: task.name,
            uid: task.uid,
            revision: 1,
            cursor: Self.now + .seconds(cursor)
        )
        ledger.read(bucket: 0, rows: [row])
        return ledger
    }

    /// The decisions of all segments at `now`, with the due instants in seconds relative to it.
    private func decisions(_ ledger: inout AgentLedger) -> [(due: Int, decision: FireDecision)] {
        var found: [(due: Int, decision: FireDecision)] = []
        while let segment = ledger.composeSegment(
            now: Self.now,
            horizon: Self.now,
            taking: [],
            isTaking: false,
            nonce: Nonce(bits: 1)
        ) {
            _ = ledger.segmentCommitted()
            found += segment.fires.map {
                (Int(Self.now.duration(to: $0.due) / .seconds(1)), $0.decision)
            }
        }
        return found
    }

    @Test("what was due until the floor is missed in one record, what follows is decided as ever")
    func range() throws {
        var ledger = try ledger(floor: -25, cursor: -100)
        let found = decisions(&ledger)
        #expect(found.map(\.due) == [-30, -20, -10, 0])
        let since = Self.now - .seconds(90)
        #expect(found[0].decision == .missed(reason: MissedReason.restored, since: since, count: 7))
        #expect(found.dropFirst().allSatisfy { $0.decision == .launch })
    }

    @Test("the floor itself belongs to what is missed, and nothing is missed twice")
    func border() throws {
        var ledger = try ledger(floor: -20, cursor: -40)
        #expect(decisions(&ledger).map(\.due) == [-20, -10, 0])
        #expect(ledger.cursor(of: TaskPart(uid: TaskUID(bits: 1))) == Self.now)
    }

    @Test("without a floor, and after it, nothing changes", arguments: [nil, -50])
    func none(floor: Int?) throws {
        var ledger = try ledger(floor: floor, cursor: -30)
        let found = decisions(&ledger)
        #expect(found.map(\.due) == [-20, -10, 0] && found.allSatisfy { $0.decision == .launch })
    }

    @Test("a floor ahead of the agent's clock takes what comes due until then")
    func ahead() throws {
        var ledger = try ledger(floor: 15, cursor: -10)
        let found = decisions(&ledger)
        #expect(found.map(\.due) == [0])
        #expect(found[0].decision == .missed(reason: MissedReason.restored, since: Self.now, count: 1))
    }
}
