import Domain
import Orchestration
import Scheduling
import Testing

/// One task, due every ten seconds, in a ledger of its own; seconds count from the row's cursor.
private struct LedgerStory {
    static let start = Instant(millisecondsSinceEpoch: 1_000_000_000)

    var ledger: AgentLedger
    let task: TaskDefinition
    private var nonce: UInt64 = 0

    init(
        _ concurrency: Concurrency,
        delivery: Delivery = .atMostOnce,
        startDeadline: Duration? = nil,
        misfire: Misfire = Misfire(),
        hold: RowHold? = nil,
        countMax: Int = 1_000
    ) throws {
        ledger = AgentLedger(enumerator: FireEnumerator(countMax: countMax)) { _ in 0 }
        var specification = TaskSpecification(
            name: try #require(TaskID("t")),
            action: .command(["true"]),
            schedules: [.every(try IntervalSchedule(every: .seconds(10)))]
        )
        specification.concurrency = concurrency
        specification.delivery = delivery
        specification.startDeadline = startDeadline
        specification.misfire = misfire
        task = TaskDefinition.created(specification, uid: TaskUID(bits: 1), now: .epoch)
        ledger.define([task])
        read(hold: hold)
    }

    mutating func read(hold: RowHold?) {
        let row = AllocationRow(
            task: task.name,
            uid: task.uid,
            revision: task.revision,
            cursor: Self.start,
            hold: hold
        )
        ledger.read(bucket: 0, rows: [row])
    }

    /// A hold of an attempt that lives elsewhere.
    func hold(_ seconds: Double) -> RowHold {
        RowHold(attempts: [
            HeldAttempt(
                attempt(seconds),
                runtime: .standard,
                agent: AgentID("other")!,
                incarnation: Incarnation(bits: 1)
            )
        ])
    }

    static func at(_ seconds: Double) -> Instant { start + .milliseconds(Int64(seconds * 1_000)) }

    func run(_ seconds: Double) -> RunID { RunID(FireKey(uid: task.uid, part: 0, due: Self.at(seconds))) }

    func attempt(_ seconds: Double, _ number: Int = 1) -> AttemptID {
        AttemptID(run: run(seconds), number: number)
    }

    /// Journals everything that is decided at this moment; a line each.
    mutating func decide(_ seconds: Double, ahead: Double = 0, taking: [JournaledFire] = []) -> [String] {
        var lines: [String] = []
        while true {
            nonce += 1
            let segment = ledger.composeSegment(
                now: Self.at(seconds),
                horizon: Self.at(seconds + ahead),
                taking: lines.isEmpty ? taking : [],
                isTaking: lines.isEmpty && !taking.isEmpty,
                nonce: Nonce(bits: nonce)
            )
            guard segment != nil else { return lines }
            lines += ledger.segmentCommitted().map { line($0) }
        }
    }

    func line(_ fire: JournaledFire) -> String {
        let due = Int(fire.due.duration(to: Self.start) / .seconds(-1))
        switch fire.decision {
        case .launch: return "\(due) launch"
        case .skipped(let reason, nil): return "\(due) skipped: \(reason)"
        case .skipped(SkippedReason.crowdedUncounted, let range?):
            return "\(due) skipped \(range.count) or more"
        case .skipped(_, let range?): return "\(due) skipped \(range.count)"
        case .missed(_, _, let count): return "\(due) missed \(count)"
        }
    }

    mutating func end(
        _ attempt: AttemptID,
        at seconds: Double,
        _ outcome: AttemptOutcome = .succeeded,
        retryAt: Double? = nil
    ) {
        var result = AttemptResult(attempt: attempt, outcome: outcome, endedAt: Self.at(seconds))
        result.retryAt = retryAt.map(Self.at)
        ledger.ended(result)
    }

    /// Lets a fire begin when it is due, or later.
    mutating func begin(_ fire: JournaledFire, at seconds: Double? = nil) -> Bool {
        ledger.begin(fire, max: 1, now: seconds.map(Self.at) ?? fire.due)
    }

    func fire(_ attempt: AttemptID, trigger: Trigger = .schedule, due: Double = 1) -> JournaledFire {
        JournaledFire(
            attempt: attempt,
            task: task.name,
            uid: task.uid,
            revision: task.revision,
            due: Self.at(due),
            trigger: trigger,
            delivery: task.specification.delivery,
            decision: .launch
        )
    }

    func request(_ number: UInt64) -> JournaledFire {
        fire(
            AttemptID(run: RunID(request: RandomID(high: 0, low: number)), number: 1),
            trigger: .request
        )
    }

    func admit(_ fires: JournaledFire..., stopped: Set<AttemptID> = [], at seconds: Double = 1)
        -> [Admission]
    {
        ledger.admit(
            fires.map { ($0, task.specification.concurrency) },
            stopped: stopped,
            now: Self.at(seconds)
        )
    }
}

@Suite struct ConcurrencyTests {
    private func skipped(_ due: Int, _ story: LedgerStory, _ lives: Double) -> String {
        "\(due) skipped: \(SkippedReason.lives(story.run(lives)))"
    }

    @Test("allow launches every fire")
    func allow() throws {
        var story = try LedgerStory(Concurrency())
        #expect(story.decide(10) == ["10 launch"])
        #expect(story.decide(20) == ["20 launch"])
        #expect(story.ledger.nextExact() == nil)
    }

    @Test("forbid skips what comes while a run lives, when it is due and not before")
    func forbid() throws {
        var story = try LedgerStory(Concurrency(.forbid))
        #expect(story.decide(10) == ["10 launch"])
        #expect(story.decide(19.5, ahead: 1) == [])
        #expect(story.ledger.nextDue() == nil)
        #expect(story.ledger.nextExact() == LedgerStory.at(20))
        #expect(story.decide(20) == [skipped(20, story, 10)])
        story.end(story.attempt(10), at: 25)
        #expect(story.ledger.nextExact() == nil)
        #expect(story.decide(29.5, ahead: 1) == ["30 launch"])
    }

    @Test("a run that ends in time keeps nothing from being launched")
    func endsInTime() throws {
        var story = try LedgerStory(Concurrency(.forbid))
        _ = story.decide(10)
        #expect(story.decide(19.5, ahead: 1) == [])
        story.end(story.attempt(10), at: 19.8)
        #expect(story.decide(19.9, ahead: 1) == ["20 launch"])
    }

    @Test("allow with max counts")
    func max() throws {
        var story = try LedgerStory(Concurrency(.allow, max: 2))
        #expect(story.decide(10) == ["10 launch"])
        #expect(story.decide(20) == ["20 launch"])
        #expect(story.decide(30) == [skipped(30, story, 10)])
        story.end(story.attempt(20), at: 31)
        #expect(story.decide(40) == ["40 launch"])
    }

    @Test("fires that are made up for together are limited as well")
    func together() throws {
        var story = try LedgerStory(Concurrency(.forbid), misfire: Misfire(.all, grace: .seconds(60)))
        #expect(
            story.decide(35) == ["10 launch", skipped(20, story, 10), skipped(30, story, 10)]
        )
    }

    @Test("queue-one launches the latest fire when the run ends")
    func queueOne() throws {
        var story = try LedgerStory(Concurrency(.queueOne))
        #expect(story.decide(10) == ["10 launch"])
        #expect(story.decide(45) == [])
        #expect(story.ledger.nextDue() == nil)
        story.end(story.attempt(10), at: 45)
        #expect(story.decide(45) == ["30 skipped 2", "40 launch"])
        story.end(story.attempt(40), at: 47)
        #expect(story.decide(47) == [])
        #expect(story.decide(50) == ["50 launch"])
    }

    @Test("queue-all launches one after the other, the oldest give way beyond the cap")
    func queueAll() throws {
        var story = try LedgerStory(Concurrency(.queueAll, cap: 2))
        #expect(story.decide(10) == ["10 launch"])
        story.end(story.attempt(10), at: 55)
        #expect(story.decide(55) == ["30 skipped 2", "40 launch"])
        #expect(story.decide(56) == [])
        story.end(story.attempt(40), at: 57)
        #expect(story.decide(57) == ["50 launch"])
        story.end(story.attempt(50), at: 58)
        #expect(story.decide(60) == ["60 launch"])
    }

    @Test("fires that gave way are counted only so far, and the record says so")
    func uncounted() throws {
        var story = try LedgerStory(Concurrency(.queueOne), countMax: 2)
        #expect(story.decide(10) == ["10 launch"])
        story.end(story.attempt(10), at: 45)
        #expect(story.decide(45) == ["30 skipped 2", "40 launch"])
        story.end(story.attempt(40), at: 95)
        #expect(story.decide(95) == ["80 skipped 2 or more", "90 launch"])
    }

    @Test("what waits for a run is not late, however long it waits")
    func waitingIsNotLate() throws {
        var story = try LedgerStory(Concurrency(.queueAll), misfire: Misfire(.skip, grace: .seconds(5)))
        #expect(story.decide(10) == ["10 launch"])
        story.end(story.attempt(10), at: 35)
        #expect(story.decide(35) == ["20 launch"])
        story.end(story.attempt(20), at: 36)
        #expect(story.decide(36) == ["30 launch"])
    }

    @Test("a start deadline counts for what waits")
    func startDeadline() throws {
        var story = try LedgerStory(Concurrency(.queueAll), startDeadline: .seconds(12))
        #expect(story.decide(10) == ["10 launch"])
        story.end(story.attempt(10), at: 45)
        #expect(story.decide(45) == ["30 missed 2", "40 launch"])
    }

    @Test("replace stops the run that lives when the next is due, once")
    func replace() throws {
        var story = try LedgerStory(Concurrency(.replace))
        #expect(story.decide(10) == ["10 launch"])
        #expect(story.decide(19.5, ahead: 1) == [])
        #expect(story.ledger.takeReplacements() == [])
        #expect(story.decide(20) == [])
        #expect(story.ledger.takeReplacements() == [story.attempt(10)])
        #expect(story.decide(30) == [])
        #expect(story.ledger.takeReplacements() == [])
        story.end(story.attempt(10), at: 31, .stopped)
        #expect(story.decide(31) == ["20 skipped 1", "30 launch"])
    }

    @Test("a run lives on between its attempts")
    func betweenAttempts() throws {
        var story = try LedgerStory(Concurrency(.forbid))
        _ = story.decide(10)
        story.end(story.attempt(10), at: 12, .failed, retryAt: 30)
        #expect(story.decide(20) == [skipped(20, story, 10)])
        story.ledger.accepted(story.attempt(10))
        let second = story.fire(story.attempt(10, 2))
        #expect(story.admit(second) == [.taken])
        #expect(story.decide(30, taking: [second]).contains(skipped(30, story, 10)))
        story.end(story.attempt(10, 2), at: 33)
        #expect(story.decide(40) == ["40 launch"])
    }

    @Test("an acceptance that comes late holds nothing back")
    func lateAcceptance() throws {
        var story = try LedgerStory(Concurrency(.forbid))
        _ = story.decide(10)
        story.end(story.attempt(10), at: 12, .failed, retryAt: 13)
        _ = story.decide(13, taking: [story.fire(story.attempt(10, 2))])
        story.end(story.attempt(10, 2), at: 14)
        story.ledger.accepted(story.attempt(10))
        #expect(story.decide(20) == ["20 launch"])
    }

    @Test("a further attempt that waits in the inbox counts")
    func awaited() throws {
        var story = try LedgerStory(Concurrency(.forbid))
        let key = TaskPart(uid: story.task.uid)
        story.ledger.awaitInbox([key: [story.run(1)]])
        #expect(story.decide(10) == [skipped(10, story, 1)])
        story.ledger.awaitInbox([:])
        #expect(story.decide(20) == ["20 launch"])
    }

    @Test("a held attempt counts until the row is read without it")
    func held() throws {
        var story = try LedgerStory(Concurrency(.forbid), hold: RowHold(attempts: []))
        story.read(hold: story.hold(1))
        #expect(story.decide(10) == [skipped(10, story, 1)])
        story.read(hold: nil)
        #expect(story.decide(20) == ["20 launch"])

        var queue = try LedgerStory(Concurrency(.queueOne), hold: story.hold(1))
        #expect(queue.decide(10) == [])
        queue.read(hold: nil)
        #expect(queue.decide(15) == ["10 launch"])
    }

    @Test(
        "after an owner that was cut off nothing is decided until what it left is dead",
        arguments: [
            Concurrency(.forbid), Concurrency(.queueOne), Concurrency(.replace),
        ]
    )
    func cutOff(_ concurrency: Concurrency) throws {
        var story = try LedgerStory(concurrency, hold: RowHold(cutOffs: 1))
        let key = TaskPart(uid: story.task.uid)
        #expect(story.ledger.partsInGrace == [key: 1])
        #expect(story.decide(10) == [])
        #expect(story.admit(story.request(1)) == [.waiting])
        story.ledger.endGrace(of: key)
        #expect(story.ledger.partsInGrace == [:])
        #expect(story.decide(12) == ["10 launch"])
        story.read(hold: RowHold(cutOffs: 1))
        #expect(story.ledger.partsInGrace == [:])
        story.read(hold: RowHold(cutOffs: 2))
        #expect(story.ledger.partsInGrace == [key: 2])
    }

    @Test("as many cut-off owners as before may be others: the wait begins anew")
    func cutOffUnseen() throws {
        var story = try LedgerStory(Concurrency(.forbid), hold: RowHold(cutOffs: 1))
        let key = TaskPart(uid: story.task.uid)
        let both = RowHold(attempts: story.hold(7).attempts, cutOffs: 1)
        story.read(hold: both)
        story.read(hold: both)
        #expect(story.ledger.partsInGrace == [key: 1])
        // The attempt that was held may have been lost while the row said so for a moment only.
        story.read(hold: RowHold(cutOffs: 1))
        #expect(story.ledger.partsInGrace == [key: 2])
    }

    @Test("requests are admitted by the same rules")
    func requests() throws {
        var forbid = try LedgerStory(Concurrency(.forbid))
        #expect(
            forbid.admit(forbid.request(1), forbid.request(2))
                == [.taken, .skipped(reason: SkippedReason.lives(forbid.request(1).attempt.run))]
        )
        _ = forbid.decide(5, taking: [forbid.request(1)])
        #expect(
            forbid.decide(10) == ["10 skipped: \(SkippedReason.lives(forbid.request(1).attempt.run))"]
        )

        var queue = try LedgerStory(Concurrency(.queueOne))
        _ = queue.decide(10)
        let request = queue.request(1)
        #expect(queue.admit(request) == [.waiting])
        #expect(queue.admit(request, stopped: [request.attempt]) == [.skipped(reason: SkippedReason.stopped)])
        queue.end(queue.attempt(10), at: 11)
        #expect(queue.admit(request) == [.taken])

        var allow = try LedgerStory(Concurrency())
        _ = allow.decide(10)
        #expect(allow.admit(allow.request(1), allow.request(2)) == [.taken, .taken])
    }

    @Test("requests wait behind fires that were due before them")
    func order() throws {
        var queue = try LedgerStory(Concurrency(.queueAll, cap: 5))
        #expect(queue.decide(10) == ["10 launch"])
        var request = queue.request(1)
        request.due = LedgerStory.at(21)
        queue.end(queue.attempt(10), at: 22)
        #expect(queue.admit(request, at: 22) == [.waiting])
        #expect(queue.decide(22) == ["20 launch"])
        queue.end(queue.attempt(20), at: 25)
        #expect(queue.admit(request, at: 25) == [.taken])
        // A clock that is ahead does not keep a request behind fires of the future.
        request.due = LedgerStory.at(100)
        #expect(queue.admit(request, at: 25) == [.taken])
    }

    @Test("a fire that was launched by a clock far ahead holds up nothing that is due before it")
    func launchedAhead() throws {
        var story = try LedgerStory(Concurrency(.queueOne))
        #expect(story.decide(1_000).last == "930 launch")
        let early = story.fire(story.attempt(930), due: 930)
        let request = story.request(1)
        #expect(story.admit(request) == [.taken])
        _ = story.decide(2, taking: [request])
        // A second one waits for the first.
        #expect(story.admit(story.request(2)) == [.waiting])
        var begins = [story.begin(request)]
        // Its instant comes while what went before it runs, waits for its next attempt, and runs again.
        begins.append(story.begin(early))
        story.end(request.attempt, at: 999, .failed, retryAt: 1_005)
        begins.append(story.begin(early))
        var again = story.fire(AttemptID(run: request.attempt.run, number: 2), trigger: .request)
        again.due = request.due
        #expect(story.admit(again, at: 1_005) == [.taken])
        _ = story.decide(1_005, taking: [again])
        begins += [story.begin(again), story.begin(early)]
        story.end(again.attempt, at: 1_006)
        begins.append(story.begin(early))
        #expect(begins == [true, false, false, true, false, true])
        // From then on it counts.
        #expect(story.admit(story.request(2)) == [.waiting])
    }

    @Test("a run that a clock far ahead has begun holds up nothing while it waits for its next attempt")
    func begunAhead() throws {
        var story = try LedgerStory(Concurrency(.queueOne))
        _ = story.decide(1_000)
        let early = story.fire(story.attempt(930), due: 930)
        let request = story.request(1)
        var begins = [story.begin(early)]
        // The clock is set right; what runs, runs.
        #expect(story.admit(request) == [.waiting])
        story.end(early.attempt, at: 3, .failed, retryAt: 5)
        let isReleased = story.ledger.takeRelease()
        #expect(isReleased)
        #expect(story.admit(request, at: 3) == [.taken])
        _ = story.decide(3, taking: [request])
        begins.append(story.begin(request))
        // The next attempt waits for its instant, and then for what runs.
        let again = story.fire(AttemptID(run: early.attempt.run, number: 2), due: 930)
        begins.append(story.begin(again))
        story.end(request.attempt, at: 4)
        begins.append(story.begin(again))
        #expect(begins == [true, true, false, true])
    }

    @Test("what was launched here waits for each other also when the task has moved away")
    func launchedAheadAndMoved() throws {
        var story = try LedgerStory(Concurrency(.queueOne))
        _ = story.decide(1_000)
        let early = story.fire(story.attempt(930), due: 930)
        let request = story.request(1)
        _ = story.decide(2, taking: [request])
        var begins = [story.begin(request)]
        story.ledger.keep(buckets: [])
        #expect(story.ledger.forgetUnusedDefinitions() == [story.task.uid])
        begins.append(story.begin(early))
        story.end(request.attempt, at: 999)
        begins.append(story.begin(early))
        #expect(begins == [true, false, true])
    }

    @Test("what is left of a part that moved is handed on while its instant is far off")
    func stranded() throws {
        var story = try LedgerStory(Concurrency(.queueOne))
        _ = story.decide(1_000)
        let early = story.fire(story.attempt(930), due: 930)
        var found = [story.ledger.strandedAttempts(now: LedgerStory.at(2))]
        story.ledger.keep(buckets: [])
        found += [2, 919, 921].map { story.ledger.strandedAttempts(now: LedgerStory.at($0)) }
        _ = story.begin(early, at: 930)
        found.append(story.ledger.strandedAttempts(now: LedgerStory.at(2)))
        #expect(found == [[], [early.attempt], [early.attempt], [], []])
    }

    @Test("a run of an instant long past is not let by before one that waits for what it needs")
    func oldOccasion() throws {
        var story = try LedgerStory(Concurrency(.forbid))
        var waiting = story.request(1)
        waiting.due = LedgerStory.at(62)
        #expect(story.admit(waiting, at: 62) == [.taken])
        _ = story.decide(62, taking: [waiting])
        var old = story.request(2)
        old.due = LedgerStory.at(32)
        let reason = SkippedReason.lives(waiting.attempt.run)
        #expect(story.admit(old, at: 66) == [.skipped(reason: reason)])
    }

    @Test("what waits behind a fire that is not launched is looked at again")
    func skippedAhead() throws {
        var queue = try LedgerStory(Concurrency(.queueOne), startDeadline: .seconds(5))
        _ = queue.decide(10)
        queue.end(queue.attempt(10), at: 18)
        _ = queue.ledger.takeRelease()
        var request = queue.request(1)
        request.due = LedgerStory.at(27)
        #expect(queue.admit(request, at: 28) == [.waiting])
        #expect(queue.decide(28) == ["20 missed 1"])
        let isReleased = queue.ledger.takeRelease()
        #expect(isReleased)
        #expect(queue.admit(request, at: 28) == [.taken])
    }

    @Test("a request and a fire of the same moment are not launched together")
    func requestWithFire() throws {
        var story = try LedgerStory(Concurrency(.forbid))
        let request = story.request(1)
        #expect(story.admit(request) == [.taken])
        let lines = story.decide(10, taking: [request])
        #expect(lines == ["10 skipped: \(SkippedReason.lives(request.attempt.run))", "1 launch"])
    }

    @Test("a write that was refused leaves no trace")
    func rejected() throws {
        var story = try LedgerStory(Concurrency(.forbid))
        let request = story.request(1)
        let segment = story.ledger.composeSegment(
            now: LedgerStory.at(5),
            horizon: LedgerStory.at(5),
            taking: [request],
            isTaking: true,
            nonce: Nonce(bits: 99)
        )
        #expect(segment != nil)
        story.ledger.segmentRejected()
        #expect(story.decide(10) == ["10 launch"])
    }

    @Test("a row that comes back has forgotten the run whose next attempt went elsewhere")
    func comesBack() throws {
        var story = try LedgerStory(Concurrency(.forbid))
        _ = story.decide(10)
        story.end(story.attempt(10), at: 12, .failed, retryAt: 30)
        story.ledger.keep(buckets: [])
        story.read(hold: nil)
        #expect(story.decide(20) == ["10 launch", skipped(20, story, 10)])
    }
}
