import Domain
import Scheduling
import Testing

@testable import Cluster

@Suite struct LeaderJournalTests {
    private let id = JournalID(
        seat: Seat(runtime: .standard, agent: AgentID("a")!),
        incarnation: Incarnation(high: 1, low: 2)
    )
    private let key = TaskPart(uid: TaskUID(bits: 5))

    private func fire(_ second: Int64, trigger: Trigger = .schedule, uid: TaskUID = TaskUID(bits: 5))
        -> JournaledFire
    {
        let due = Instant(millisecondsSinceEpoch: second * 1_000)
        return JournaledFire(
            attempt: AttemptID(run: RunID(FireKey(uid: uid, due: due)), number: 1),
            task: TaskID("t")!,
            uid: uid,
            revision: 1,
            due: due,
            trigger: trigger,
            delivery: .atMostOnce,
            decision: .launch
        )
    }

    private func segment(_ number: Int, _ fires: [JournaledFire], ended: [AttemptResult] = [])
        -> JournalSegment
    {
        JournalSegment(number: number, nonce: Nonce(bits: UInt64(number)), fires: fires, ended: ended)
    }

    private func journal(_ checkpoint: CheckpointBucket?, _ segments: [JournalSegment]) -> LeaderJournal {
        let buckets = checkpoint.map { [Buckets.checkpoint(key): Versioned($0, version: 0)] } ?? [:]
        return LeaderJournal(id: id, checkpoint: buckets, segments: segments)
    }

    @Test("the cursor is the highest of checkpoint and segments, whichever that is")
    func cursors() {
        let checkpoint = CheckpointBucket(cursors: [CheckpointCursor(key: key, cursor: fire(50).due)])
        #expect(journal(checkpoint, [segment(1, [fire(40)])]).cursors == [key: fire(50).due])
        #expect(
            journal(checkpoint, [segment(2, [fire(70)]), segment(1, [fire(60)])]).cursors == [
                key: fire(70).due
            ]
        )
        #expect(journal(nil, []).cursors.isEmpty)
    }

    @Test("a request decides no instant of the schedule")
    func requests() {
        let journal = journal(nil, [segment(1, [fire(40), fire(90, trigger: .request)])])
        #expect(journal.cursors == [key: fire(40).due])
        #expect(
            journal.folded(1).first?.content.cursors == [CheckpointCursor(key: key, cursor: fire(40).due)]
        )
    }

    @Test("results of later segments find their fires; a fire that is in both is there once")
    func fold() {
        let result = AttemptResult(attempt: fire(10).attempt, outcome: .succeeded, endedAt: fire(11).due)
        let checkpoint = CheckpointBucket(open: [OpenFire(fire: fire(10))])
        let open = journal(checkpoint, [segment(1, [fire(10), fire(20)]), segment(2, [], ended: [result])])
            .open
        #expect(open == [OpenFire(fire: fire(10), result: result), OpenFire(fire: fire(20))])
    }

    @Test("a fire that its bucket accounts for and does not hold was accepted, even while its segment stands")
    func acceptedFires() {
        let checkpoint = CheckpointBucket(
            cursors: [CheckpointCursor(key: key, cursor: fire(20).due)],
            open: [OpenFire(fire: fire(20))],
            through: 2
        )
        let journal = journal(
            checkpoint,
            [segment(1, [fire(10)]), segment(2, [fire(20)]), segment(3, [fire(30)])]
        )
        #expect(journal.open.map(\.fire) == [fire(20), fire(30)])
        #expect(journal.folded(3).map(\.content.through) == [3])
        #expect(journal.cursors == [key: fire(30).due])
    }

    @Test("folding a part keeps every fire in the checkpoint or in a segment")
    func partialFold() {
        let segments = (1...5).map { segment($0, [fire(Int64($0) * 10)]) }
        for count in 0...5 {
            let folded = journal(nil, segments).folded(count).flatMap { $0.content.open.map(\.fire) }
            let left = segments.dropFirst(count).flatMap(\.fires)
            #expect(Set(folded + left) == Set(segments.flatMap(\.fires)))
        }
    }
}
