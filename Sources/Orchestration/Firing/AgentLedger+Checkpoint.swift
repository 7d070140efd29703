public import Domain
import Mutations

/// A checkpoint to be written: the buckets that changed, and the segments that need not be kept after it.
public struct CheckpointPlan: Hashable, Sendable {
    /// The buckets, by number.
    public var buckets: [Int: CheckpointBucket]
    /// The segments to be deleted with the last bucket, never before it.
    public var segments: [Int]

    /// Creates a plan.
    public init(buckets: [Int: CheckpointBucket], segments: [Int]) {
        self.buckets = buckets
        self.segments = segments
    }
}

extension AgentLedger {
    /// The attempt ended, or its fire will never be started; kept until the leader has accepted it.
    ///
    /// Returns whether the fire is this incarnation's and had no result yet.
    @discardableResult
    public mutating func ended(_ result: AttemptResult) -> Bool {
        guard let fire = open[result.attempt], fire.result == nil else { return false }
        open[result.attempt]?.result = result
        unjournaledResults.append(result)
        if !fire.fire.demandsAnotherAttempt(after: result) || Mutation.endsRunEarly.isOn {
            leave(fire.fire, at: result.endedAt)
        } else {
            rest(fire.fire)
        }
        changed.insert(checkpointBucket(fire.fire.key))
        if Mutation.releasesAtEnd.isOn { accepted(result.attempt) }
        return true
    }

    /// The leader has accepted what became of the attempt: its fire leaves the ledger.
    ///
    /// A launched fire without a result stays, whatever the leader said.
    public mutating func accepted(_ attempt: AttemptID) {
        guard let fire = open[attempt], fire.result != nil || fire.fire.decision != .launch else { return }
        let bucket = checkpointBucket(fire.fire.key)
        open[attempt] = nil
        openOfBucket[bucket]?.remove(attempt)
        changed.insert(bucket)
        unblock(bucket)
    }

    /// Composes the next write of a checkpoint; `nil` when nothing changed, unless a write is wanted for its own sake.
    ///
    /// A checkpoint that is big takes several writes; the segments it replaces go with its last one.
    public mutating func composeCheckpoint(isRenewal: Bool = false) -> CheckpointPlan? {
        precondition(isIdle, "a checkpoint cannot be composed while \(String(describing: inHand)) is in hand")
        if isRenewal, changed.isEmpty { changed.insert(0) }
        guard needsCheckpoint else { return nil }
        let current = round ?? CheckpointRound(segments: segments, remaining: changed)
        let chosen = firstBuckets(of: current.remaining)
        var buckets: [Int: CheckpointBucket] = [:]
        for bucket in chosen { buckets[bucket] = content(of: bucket) }
        let isLast = chosen.count == current.remaining.count
        let plan = CheckpointPlan(buckets: buckets, segments: isLast ? current.segments : [])
        inHand = .checkpoint(plan, resultCount: isLast && round == nil ? unjournaledResults.count : 0)
        round = current
        changed.subtract(chosen)
        return plan
    }

    /// The composed write of the checkpoint is committed.
    public mutating func checkpointCommitted() {
        guard case .checkpoint(let plan, let resultCount)? = inHand else {
            return impossible("no checkpoint is in hand")
        }
        inHand = nil
        unjournaledResults.removeFirst(min(resultCount, unjournaledResults.count))
        segments.removeAll { plan.segments.contains($0) }
        round?.remaining.subtract(plan.buckets.keys)
        if round?.remaining.isEmpty == true { round = nil }
    }

    /// The composed write of the checkpoint is not done, or only in part: its buckets are to be written again.
    public mutating func checkpointRejected() {
        guard case .checkpoint(let plan, _)? = inHand else { return impossible("no checkpoint is in hand") }
        inHand = nil
        changed.formUnion(plan.buckets.keys)
    }

    /// The first of the buckets, in order, that together are not too much; at least one if there is one.
    private func firstBuckets(of remaining: Set<Int>) -> [Int] {
        var chosen: [Int] = []
        var entries = 0
        for bucket in remaining.sorted() {
            entries += (partsOfBucket[bucket]?.count ?? 0) + (openOfBucket[bucket]?.count ?? 0)
            if entries > Limit.entriesPerCheckpoint, !chosen.isEmpty { break }
            chosen.append(bucket)
        }
        return chosen
    }

    private func content(of bucket: Int) -> CheckpointBucket {
        let cursors = (partsOfBucket[bucket] ?? []).sorted().compactMap { key -> CheckpointCursor? in
            guard let part = parts[key], part.isAdvanced, !Mutation.checkpointsNoCursors.isOn else {
                return nil
            }
            return CheckpointCursor(key: key, cursor: part.cursor)
        }
        return CheckpointBucket(
            cursors: cursors,
            open: (openOfBucket[bucket] ?? []).sorted().compactMap { open[$0] },
            through: nextSegment > 1 ? nextSegment - 1 : nil
        )
    }

    private mutating func unblock(_ bucket: Int) {
        guard !blocked.isEmpty, (openOfBucket[bucket]?.count ?? 0) + 2 <= Limit.openPerBucket else { return }
        for key in blocked where parts[key]?.checkpointBucket == bucket {
            blocked.remove(key)
            schedule(key)
        }
    }
}
