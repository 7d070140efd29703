public import Scheduling

extension Backfill {
    /// How the runs of one fire's shards stand.
    public struct ShardRuns: Hashable, Sendable, Codable {
        /// How many shards are run on this occasion: what comes after the fire waits for so many.
        public let total: Int
        /// Shards whose runs were not dispatched yet, ascending.
        public internal(set) var waiting: [Int]
        /// Shards whose runs were dispatched and have not ended, ascending.
        public internal(set) var running: [Int] = []
        /// How many runs have ended, and have not succeeded.
        public internal(set) var failed = 0
        /// How many runs were not launched.
        public internal(set) var skipped = 0

        /// Names the shards that are to be run, none of which is dispatched; `shards` is ascending and not empty.
        public init(_ shards: [Int]) {
            precondition(!shards.isEmpty, "a fire without shards to run was about to begin")
            total = shards.count
            waiting = shards
        }
    }

    /// What has become of the runs of shards.
    public struct ShardCounts: Hashable, Sendable, Codable {
        /// How many had run before and were left alone.
        public var existing = 0
        /// How many have succeeded.
        public var succeeded = 0
        /// How many have ended otherwise.
        public var failed = 0
        /// How many were not launched.
        public var skipped = 0

        /// Creates counts of nothing.
        public init() {}
    }
}

extension Backfill {
    /// The parts of each fire that are run: the shards, the one that was named, or the only part there is.
    public var parts: [Int] {
        if let shard { return [shard] }
        return Array(0..<(shards ?? 1))
    }

    /// The first fire that has begun and some of whose shards were not dispatched yet.
    public var begun: Active? { active.first { !($0.shards?.waiting.isEmpty ?? true) } }

    /// Whether another run may be dispatched now: of a fire that has begun, or of a further one.
    public var mayDispatch: Bool { hasRoom || (state == .running && begun != nil) }

    /// Notes that all shards of a fire which are meant have run before and are left alone.
    public mutating func leave(_ due: Instant, runs: Int) {
        leave(due)
        if shards != nil { count { $0.existing += runs } }
    }

    /// Begins a fire with some of its shards, whose runs follow from `run`; none of them is dispatched by that.
    public mutating func begin(_ shards: [Int], of run: RunID, for due: Instant, now: Instant) {
        dispatch(run, for: due, now: now)
        active[active.count - 1].shards = ShardRuns(shards)
        let left = parts.count - shards.count
        if left > 0 { count { $0.existing += left } }
    }

    /// Notes that runs of shards are dispatched that waited for it.
    public mutating func dispatch(_ shards: [Int], of due: Instant) {
        guard let index = active.firstIndex(where: { $0.due == due }), var runs = active[index].shards else {
            preconditionFailure("\(due) of backfill \(id) has not begun with shards")
        }
        let chosen = Set(shards)
        precondition(chosen.isSubset(of: runs.waiting), "a shard of \(due) of backfill \(id) does not wait")
        runs.waiting.removeAll { chosen.contains($0) }
        runs.running = (runs.running + chosen).sorted()
        active[index].shards = runs
    }

    /// Notes the end of a shard's run; `false` when it was noted before, or is none of these.
    public mutating func end(_ run: RunID, ofShard shard: Int, of due: Instant, _ outcome: AttemptOutcome?)
        -> Bool
    {
        guard let index = active.firstIndex(where: { $0.due == due }), var runs = active[index].shards,
            let place = runs.running.firstIndex(of: shard)
        else { return false }
        runs.running.remove(at: place)
        switch outcome {
        case .succeeded: count { $0.succeeded += 1 }
        case nil, .missed:
            runs.skipped += 1
            count { $0.skipped += 1 }
        default:
            runs.failed += 1
            count { $0.failed += 1 }
        }
        if outcome != .succeeded { name(Failure(due: due, run: run, shard: shard, outcome: outcome)) }
        active[index].shards = runs
        if runs.running.isEmpty, runs.waiting.isEmpty || state == .stopping { endFire(at: index) }
        return true
    }

    /// Of a stop: fires none of whose shards runs are over, though some were never dispatched.
    mutating func endStoppedFires() {
        for index in active.indices.reversed() where active[index].shards?.running.isEmpty ?? false {
            endFire(at: index)
        }
    }

    /// Counts a fire as what the worst of its shards is; those that were never dispatched were not launched.
    private mutating func endFire(at index: Int) {
        guard let runs = active.remove(at: index).shards else { return }
        if runs.failed > 0 {
            failed += 1
        } else if runs.skipped > 0 || !runs.waiting.isEmpty {
            skipped += 1
        } else {
            succeeded += 1
        }
    }

    private mutating func count(_ change: (inout ShardCounts) -> Void) {
        var counts = shardCounts ?? ShardCounts()
        change(&counts)
        shardCounts = counts
    }
}
