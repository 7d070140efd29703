public import Domain
import Mutations
public import Scheduling

extension AgentLedger {
    /// Composes the next segment: every fire due by `horizon`, and the taken dispatches; `nil` when there is nothing to write.
    ///
    /// The segment is frozen: until `segmentCommitted` or `segmentRejected` nothing else may be composed.
    public mutating func composeSegment(
        now: Instant,
        horizon: Instant,
        taking dispatched: [JournaledFire],
        isTaking: Bool,
        nonce: Nonce
    ) -> JournalSegment? {
        precondition(isIdle, "a segment cannot be composed while \(String(describing: inHand)) is in hand")
        precondition(
            dispatched.count <= Limit.takenPerSegment,
            "\(dispatched.count) dispatches in one segment"
        )
        var keys: [TaskPart] = []
        var fires: [JournaledFire] = []
        var room: [Int: Int] = [:]
        for fire in dispatched where fire.decision == .launch {
            launching[fire.key, default: []].insert(fire.attempt.run)
        }
        replaceRunning(now: now)
        while fires.count + 2 <= Limit.firesPerSegment,
            let key = popDue(by: horizon, &room) ?? popExact(by: now, &room)
        {
            keys.append(key)
            fires += decide(
                key,
                now: now,
                horizon: horizon,
                limit: Limit.firesPerSegment - fires.count,
                &room
            )
        }
        fires.sort { ($0.due, $0.uid, $0.part) < ($1.due, $1.uid, $1.part) }
        guard !fires.isEmpty || isTaking else {
            launching = [:]
            for key in keys { schedule(key) }
            return nil
        }
        let ended = Array(unjournaledResults.prefix(Limit.resultsPerSegment))
        let segment = JournalSegment(
            number: nextSegment,
            nonce: nonce,
            fires: fires + dispatched,
            ended: ended
        )
        inHand = .segment(segment, parts: keys)
        return segment
    }

    /// The frozen segment is committed: cursors advance, its fires are open.
    ///
    /// Returns the fires, in order.
    public mutating func segmentCommitted() -> [JournaledFire] {
        guard case .segment(let segment, let keys)? = inHand else {
            return impossible("no segment is in hand")
        }
        inHand = nil
        launching = [:]
        segments.append(segment.number)
        nextSegment += 1
        unjournaledResults.removeFirst(min(segment.ended.count, unjournaledResults.count))
        for fire in segment.fires {
            advance(fire)
            insertOpen(fire)
            enter(fire)
        }
        for key in keys { schedule(key) }
        return segment.fires
    }

    /// The frozen segment is known not to be written and never will be: nothing was decided.
    public mutating func segmentRejected() {
        guard case .segment(_, let keys)? = inHand else { return impossible("no segment is in hand") }
        inHand = nil
        launching = [:]
        // Who takes a segment for absent that is still under way uses another number (M4, I5).
        if Mutation.trustsUnsyncedRead.isOn || Mutation.forgetsUncertainTaking.isOn { nextSegment += 1 }
        for key in keys { schedule(key) }
    }

    /// Whether the fire is one whose decision moves its part's cursor: not a dispatch of a request or a further attempt.
    public static func movesCursor(_ fire: JournaledFire) -> Bool {
        fire.trigger == .schedule && fire.attempt.number == 1
    }

    private mutating func advance(_ fire: JournaledFire) {
        guard Self.movesCursor(fire), let part = parts[fire.key] else { return }
        parts[fire.key]?.cursor = max(part.cursor, fire.due)
        parts[fire.key]?.isAdvanced = true
        changed.insert(part.checkpointBucket)
    }

    /// Takes the earliest part out of the heap if it is due; parts with too many open fires are set aside.
    ///
    /// `room` tells for each checkpoint bucket how many more open fires it may get.
    private mutating func popDue(by horizon: Instant, _ room: inout [Int: Int]) -> TaskPart? {
        while let instant = nextDue(), instant <= horizon {
            if let key = due.popMin()?.key, take(key, &room) { return key }
        }
        return nil
    }

    /// The same for the parts that are decided when they are due.
    private mutating func popExact(by now: Instant, _ room: inout [Int: Int]) -> TaskPart? {
        while let instant = nextExact(), instant <= now {
            if let key = exact.popMin()?.key, take(key, &room) { return key }
        }
        return nil
    }

    private mutating func take(_ key: TaskPart, _ room: inout [Int: Int]) -> Bool {
        guard let bucket = parts[key]?.checkpointBucket else { return false }
        let left = room[bucket] ?? Limit.openPerBucket - (openOfBucket[bucket]?.count ?? 0)
        room[bucket] = left
        // A part may need two: a missed range, and the fire that follows it.
        guard left >= 2 else {
            blocked.insert(key)
            return false
        }
        parts[key]?.next = nil
        return true
    }

    private mutating func decide(
        _ key: TaskPart,
        now: Instant,
        horizon: Instant,
        limit: Int,
        _ room: inout [Int: Int]
    ) -> [JournaledFire] {
        guard let part = parts[key], let definition = definitions[key.uid]?.narrowed(to: key.part) else {
            return []
        }
        let left = room[part.checkpointBucket] ?? Limit.openPerBucket
        let instants =
            restored(definition, after: part.cursor, horizon: horizon)
            ?? counted(part, definition, now: now, horizon: horizon, limit: min(limit, left))
        room[part.checkpointBucket] = left - instants.count
        return instants.map { instant in
            JournaledFire(
                attempt: AttemptID(
                    run: RunID(FireKey(uid: key.uid, part: key.part, due: instant.due)),
                    number: 1
                ),
                task: definition.name,
                uid: key.uid,
                part: key.part,
                revision: definition.revision,
                due: instant.due,
                trigger: .schedule,
                delivery: definition.specification.delivery,
                decision: instant.decision
            )
        }
    }

    /// What was due before the timeline began, as one decision; what follows it is for the next segment.
    private func restored(_ definition: TaskDefinition, after cursor: Instant, horizon: Instant)
        -> [DecidedInstant]?
    {
        floor.flatMap { enumerator.restored(definition, after: cursor, through: min($0, horizon)) }.map {
            [$0]
        }
    }

    private mutating func insertOpen(_ fire: JournaledFire) {
        let bucket = checkpointBucket(fire.key)
        open[fire.attempt] = OpenFire(fire: fire)
        openOfBucket[bucket, default: []].insert(fire.attempt)
        changed.insert(bucket)
    }

    /// Stops at a call that the transitions do not allow.
    func impossible<Result>(_ message: String) -> Result {
        preconditionFailure("\(message): \(String(describing: inHand))")
    }
}
