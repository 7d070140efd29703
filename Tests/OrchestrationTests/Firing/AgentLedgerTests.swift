import Domain
import Orchestration
import Scheduling
import Testing

@Suite struct AgentLedgerTests {
    static let now = Instant(millisecondsSinceEpoch: 1_000_000_000)

    private func task(_ number: UInt64, every seconds: Int = 10, revision: Int = 1) throws -> TaskDefinition {
        let interval = Schedule.every(try IntervalSchedule(every: .seconds(seconds)))
        let name = try #require(TaskID("t\(number)"))
        var definition = TaskDefinition.created(
            TaskSpecification(name: name, action: .command(["true"]), schedules: [interval]),
            uid: TaskUID(bits: number),
            now: .epoch
        )
        definition.revision = revision
        return definition
    }

    private func row(
        _ task: TaskDefinition,
        cursor: Instant = now,
        state: AllocationRow.State = .active
    ) -> AllocationRow {
        AllocationRow(task: task.name, uid: task.uid, revision: task.revision, cursor: cursor, state: state)
    }

    /// A ledger whose checkpoint has four buckets.
    private func ledger() -> AgentLedger {
        AgentLedger(enumerator: FireEnumerator()) { part in
            Int(part.uid.text.suffix(1), radix: 16).map { $0 % 4 } ?? 0
        }
    }

    private func compose(_ ledger: inout AgentLedger, at seconds: Int) -> JournalSegment? {
        let now = Self.now + .seconds(seconds)
        return ledger.composeSegment(
            now: now,
            horizon: now,
            taking: [],
            isTaking: false,
            nonce: Nonce(bits: UInt64(bitPattern: Int64(seconds)))
        )
    }

    private func segment(_ ledger: inout AgentLedger, at seconds: Int) throws -> JournalSegment {
        let segment = compose(&ledger, at: seconds)
        return try #require(segment)
    }

    private func result(_ attempt: AttemptID) -> AttemptResult {
        AttemptResult(attempt: attempt, outcome: .succeeded, endedAt: Self.now)
    }

    @Test("a part that an edit takes away decides no fire that is due after it, whatever its row says still")
    func partsOfTheTime() throws {
        var ledger = ledger()
        var task = try task(1)
        task.specification.shards = .count(2)
        var specification = task.specification
        specification.shards = .count(1)
        let edited = task.edited(specification, now: Self.now + .seconds(15))
        ledger.define([edited])
        var rows = [row(task), row(task)]
        rows[1].part = 1
        ledger.read(bucket: 0, rows: rows)
        let fires = try segment(&ledger, at: 40).fires
        let dues = Dictionary(grouping: fires, by: \.part).mapValues {
            $0.map { ($0.due - Self.now).wholeMilliseconds }
        }
        #expect(dues[0] == [10_000, 20_000, 30_000, 40_000])
        #expect(dues[1] == [10_000])
        #expect(fires.allSatisfy { $0.attempt.run.fireKey?.part == $0.part })
    }

    @Test("cursors advance only with a committed segment")
    func cursors() throws {
        var ledger = ledger()
        let task = try task(1)
        ledger.define([task])
        ledger.read(bucket: 0, rows: [row(task)])
        let first = try segment(&ledger, at: 10)
        #expect(ledger.cursor(of: row(task).key) == Self.now)
        ledger.segmentRejected()
        #expect(ledger.cursor(of: row(task).key) == Self.now)
        #expect(ledger.openCount == 0)
        let second = try segment(&ledger, at: 10)
        #expect(second.number == first.number)
        #expect(second.fires == first.fires)
        let value1 = ledger.segmentCommitted()
        #expect(value1 == second.fires)
        #expect(ledger.cursor(of: row(task).key) == Self.now + .seconds(10))
        let value2 = compose(&ledger, at: 10)
        #expect(value2 == nil)
        let value3 = compose(&ledger, at: 20)
        #expect(value3?.number == 2)
    }

    @Test("only active rows with a definition of their revision are journaled")
    func owned() throws {
        var ledger = ledger()
        let (plain, revoked, newer) = (try task(1), try task(2), try task(3, revision: 2))
        ledger.read(bucket: 0, rows: [row(plain), row(revoked, state: .revoked), row(newer)])
        #expect(ledger.rowsWithoutDefinition.map(\.task) == [plain.name, newer.name])
        ledger.define([plain, revoked, try task(3, revision: 1)])
        #expect(ledger.rowsWithoutDefinition.map(\.task) == [newer.name])
        let value4 = compose(&ledger, at: 10)
        #expect(value4?.fires.map(\.task) == [plain.name])
        _ = ledger.segmentCommitted()
        ledger.define([newer])
        let value5 = compose(&ledger, at: 10)
        #expect(value5?.fires.map(\.revision) == [2])
    }

    @Test("rows that left the table are given up")
    func givenUp() throws {
        var ledger = ledger()
        let (a, b, c) = (try task(1), try task(2), try task(3))
        ledger.define([a, b, c])
        ledger.read(bucket: 0, rows: [row(a), row(b)])
        ledger.read(bucket: 1, rows: [row(c)])
        ledger.read(bucket: 0, rows: [row(a)])
        let value6 = compose(&ledger, at: 10)
        #expect(value6?.fires.map(\.task) == [a.name, c.name])
        _ = ledger.segmentCommitted()
        ledger.keep(buckets: [1])
        let value7 = compose(&ledger, at: 20)
        #expect(value7?.fires.map(\.task) == [c.name])
        _ = ledger.segmentCommitted()
        let value8 = ledger.forgetUnusedDefinitions()
        #expect(value8 == [a.uid, b.uid])
    }

    @Test(
        "a fire leaves only when it has a result and the leader accepted it; results travel in the checkpoint"
    )
    func acceptance() throws {
        var ledger = ledger()
        let task = try task(1)
        ledger.define([task])
        ledger.read(bucket: 0, rows: [row(task)])
        let fires = try segment(&ledger, at: 10).fires
        let attempt = try #require(fires.first?.attempt)
        _ = ledger.segmentCommitted()
        ledger.accepted(attempt)
        #expect(ledger.openCount == 1)
        ledger.ended(result(attempt))
        let composed = ledger.composeCheckpoint()
        let plan = try #require(composed)
        #expect(plan.segments == [1])
        #expect(plan.buckets[1]?.open.map(\.result) == [result(attempt)])
        #expect(
            plan.buckets[1]?.cursors == [
                CheckpointCursor(key: row(task).key, cursor: Self.now + .seconds(10))
            ]
        )
        ledger.checkpointRejected()
        let value9 = ledger.composeCheckpoint()
        #expect(value9 == plan)
        ledger.checkpointCommitted()
        #expect(!ledger.needsCheckpoint)
        ledger.accepted(attempt)
        let value10 = ledger.composeCheckpoint()
        #expect(value10?.buckets[1]?.open == [])
        ledger.checkpointCommitted()
        let value11 = ledger.composeCheckpoint(isRenewal: true)
        #expect(value11 != nil)
    }

    @Test("a big checkpoint takes several writes; its segments go with the last, later ones stay")
    func bigCheckpoint() throws {
        var ledger = AgentLedger(enumerator: FireEnumerator()) { part in
            Int(part.uid.text.suffix(1), radix: 16) ?? 0
        }
        let tasks = try (1...1_600).map { try task(UInt64($0), every: 10) }
        ledger.define(tasks)
        ledger.read(bucket: 0, rows: tasks.map { row($0) })
        for _ in 1...2 {
            _ = try segment(&ledger, at: 10)
            _ = ledger.segmentCommitted()
        }
        let begun = ledger.composeCheckpoint()
        #expect(begun?.segments == [])
        #expect(begun?.buckets.isEmpty == false)
        ledger.checkpointCommitted()
        #expect(ledger.isInCheckpoint)
        _ = compose(&ledger, at: 10)
        _ = ledger.segmentCommitted()
        var deleted: [Int] = []
        var written = Set(begun?.buckets.keys.map { $0 } ?? [])
        while ledger.isInCheckpoint, let plan = ledger.composeCheckpoint() {
            #expect(deleted == [])
            deleted = plan.segments
            written.formUnion(plan.buckets.keys)
            ledger.checkpointCommitted()
        }
        #expect(deleted == [1, 2])
        #expect(written.count == 16)
        #expect(ledger.segmentCount == 1)
        #expect(ledger.needsCheckpoint)
    }

    @Test("every bucket of a checkpoint says which segments it accounts for")
    func accountedSegments() throws {
        var ledger = ledger()
        let task = try task(1)
        ledger.define([task])
        ledger.read(bucket: 0, rows: [row(task)])
        let renewal = ledger.composeCheckpoint(isRenewal: true)
        #expect(renewal?.buckets.values.map(\.through) == [nil])
        ledger.checkpointCommitted()
        for seconds in [10, 20] {
            _ = try segment(&ledger, at: seconds)
            _ = ledger.segmentCommitted()
        }
        let plan = ledger.composeCheckpoint()
        #expect(plan?.buckets.values.map(\.through) == [2])
    }

    @Test("what happens while a checkpoint is written is in the next one")
    func meanwhile() throws {
        var ledger = ledger()
        let task = try task(1)
        ledger.define([task])
        ledger.read(bucket: 0, rows: [row(task)])
        let fires = try segment(&ledger, at: 10).fires
        let attempt = try #require(fires.first?.attempt)
        _ = ledger.segmentCommitted()
        let value12 = ledger.composeCheckpoint()
        #expect(value12 != nil)
        ledger.ended(result(attempt))
        ledger.checkpointCommitted()
        let value13 = ledger.composeCheckpoint()
        #expect(value13?.buckets[1]?.open.first?.result == result(attempt))
    }

    @Test("a result that comes after a segment was composed travels with the next one")
    func endedResults() throws {
        var ledger = ledger()
        let task = try task(1)
        ledger.define([task])
        ledger.read(bucket: 0, rows: [row(task)])
        let fires = try segment(&ledger, at: 10).fires
        let attempt = try #require(fires.first?.attempt)
        _ = ledger.segmentCommitted()
        let value14 = compose(&ledger, at: 20)
        #expect(value14?.ended == [])
        ledger.ended(result(attempt))
        _ = ledger.segmentCommitted()
        let value15 = compose(&ledger, at: 30)
        #expect(value15?.ended == [result(attempt)])
        _ = ledger.segmentCommitted()
        let value16 = compose(&ledger, at: 40)
        #expect(value16?.ended == [])
    }

    @Test("dispatched runs are open but move no cursor")
    func dispatched() throws {
        var ledger = ledger()
        let task = try task(1)
        ledger.define([task])
        ledger.read(bucket: 0, rows: [row(task)])
        let fire = JournaledFire(
            attempt: AttemptID(run: RunID(request: Nonce(bits: 5)), number: 1),
            task: task.name,
            uid: task.uid,
            revision: 1,
            due: Self.now + .seconds(500),
            trigger: .request,
            delivery: .atMostOnce,
            decision: .launch
        )
        let segment = ledger.composeSegment(
            now: Self.now,
            horizon: Self.now,
            taking: [fire],
            isTaking: true,
            nonce: Nonce(bits: 1)
        )
        #expect(segment?.fires == [fire])
        _ = ledger.segmentCommitted()
        #expect(ledger.cursor(of: row(task).key) == Self.now)
        #expect(ledger.openFire(fire.attempt)?.fire == fire)
    }

    @Test("parts with too many open fires wait until the leader accepts some, and lose nothing")
    func blocked() throws {
        var ledger = ledger()
        let task = try task(1, every: 1)
        ledger.define([task])
        ledger.read(bucket: 0, rows: [row(task)])
        var journaled: [JournaledFire] = []
        for second in 1...400 where compose(&ledger, at: second) != nil {
            journaled += ledger.segmentCommitted()
        }
        #expect(journaled.count <= AgentLedger.Limit.openPerBucket)
        #expect(journaled.count >= AgentLedger.Limit.openPerBucket - 1)
        #expect(ledger.blockedCount == 1)
        let value17 = ledger.nextDue()
        #expect(value17 == nil)
        for fire in journaled.prefix(150) {
            ledger.ended(result(fire.attempt))
            ledger.accepted(fire.attempt)
        }
        let value18 = compose(&ledger, at: 400)
        #expect(value18 != nil)
        journaled += ledger.segmentCommitted()
        let covered = journaled.reduce(0) { sum, fire in
            if case .missed(_, _, let count) = fire.decision { sum + count } else { sum + 1 }
        }
        #expect(covered == 400)
    }

    @Test("a big segment is cut, and the rest follows in due order")
    func cut() throws {
        var ledger = ledger()
        let tasks = try (1...500).map { try task($0) }
        ledger.define(tasks)
        ledger.read(bucket: 0, rows: tasks.map { row($0) })
        let first = try segment(&ledger, at: 10).fires.count
        _ = ledger.segmentCommitted()
        let second = try segment(&ledger, at: 10).fires.count
        _ = ledger.segmentCommitted()
        #expect(first <= AgentLedger.Limit.firesPerSegment)
        #expect(first + second == 500)
        let value19 = compose(&ledger, at: 10)
        #expect(value19 == nil)
    }

    @Test("whatever happens, every instant of a part is journaled once and in order", arguments: 1...60)
    func property(seed: UInt64) throws {
        var random = Numbers(state: seed)
        var ledger = ledger()
        let tasks = try (1...5).map { try task($0, every: [1, 2, 5, 10, 30][Int($0) - 1]) }
        ledger.define(tasks)
        var journaled: [TaskPart: [Instant]] = [:]
        var open: [AttemptID] = []
        var table = Set(0..<tasks.count)
        var granted = tasks.map { _ in Self.now }
        ledger.read(bucket: 0, rows: tasks.map { row($0) })
        for second in 1...150 {
            switch random.next() % 8 {
            case 0:
                if random.next() % 2 == 0 {
                    table.remove(Int(random.next() % 5))
                } else {
                    table.insert(Int(random.next() % 5))
                }
                // The leader grants with the cursor it read from the journal.
                for index in table { granted[index] = journaled[row(tasks[index]).key]?.last ?? Self.now }
                ledger.read(bucket: 0, rows: table.sorted().map { row(tasks[$0], cursor: granted[$0]) })
            case 1:
                // Read again as they were granted: the agent's own cursors are ahead.
                ledger.read(bucket: 0, rows: table.sorted().map { row(tasks[$0], cursor: granted[$0]) })
            case 2:
                if ledger.composeCheckpoint() != nil {
                    if random.next() % 2 == 0 {
                        ledger.checkpointCommitted()
                    } else {
                        ledger.checkpointRejected()
                    }
                }
            case 3:
                if let attempt = open.popLast() {
                    ledger.ended(result(attempt))
                    ledger.accepted(attempt)
                }
            case 4: ledger.define(tasks)
            default: break
            }
            guard let segment = compose(&ledger, at: second) else { continue }
            guard random.next() % 4 != 0 else {
                ledger.segmentRejected()
                continue
            }
            let value20 = ledger.segmentCommitted()
            #expect(value20 == segment.fires)
            for fire in segment.fires {
                journaled[fire.key, default: []].append(fire.due)
                open.append(fire.attempt)
                if case .missed(_, let since, _) = fire.decision { #expect(since <= fire.due) }
            }
        }
        for task in tasks {
            let instants = journaled[row(task).key] ?? []
            #expect(instants == instants.sorted())
            #expect(Set(instants).count == instants.count)
        }
        #expect(!journaled.isEmpty)
    }
}

private struct Numbers {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }
}
