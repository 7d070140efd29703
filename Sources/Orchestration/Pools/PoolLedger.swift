public import Domain
public import Scheduling

/// Who holds units, who waits for them, and who gets them next; pure.
///
/// The line of those that wait is in the order of their priorities, where whoever waits moves up by one point every `LaunchAging.step`,
/// then in the order in which they came. A claim is granted all at once when everything it needs is free and nobody before it in the
/// line waits for any of it: what is freed gathers for the first in the line, who cannot be overtaken for ever.
public struct PoolLedger: Sendable {
    /// A claim, and where it stands in the line.
    public struct Entry: Hashable, Sendable {
        /// The claim.
        public var claim: UnitClaim
        /// When it was made, by ZooKeeper's clock.
        public var madeAt: Instant
        /// The transaction that made it.
        public var order: Int64

        /// Creates an entry.
        public init(_ claim: UnitClaim, madeAt: Instant, order: Int64) {
            self.claim = claim
            self.madeAt = madeAt
            self.order = order
        }

        /// All entries age at the same pace, so that their order never changes while they wait.
        private var rank: Instant { madeAt - LaunchAging.step * claim.priority }

        /// Whether it is before another in the line.
        func isBefore(_ other: Entry) -> Bool {
            (rank, order, claim.attempt) < (other.rank, other.order, other.claim.attempt)
        }
    }

    /// What a claim waits for.
    public struct Wait: Hashable, Sendable {
        /// What it lacks, the first of several.
        public var source: UnitSource
        /// How many units of it the claim needs.
        public var units: Int
        /// How many there are.
        public var size: Int
        /// Who holds units of it, since the longest first.
        public var holders: [UnitClaim]
        /// How many claims that want any of the same are before it in the line.
        public var ahead: Int
    }

    /// The claims that hold their units, since the longest first.
    public let holders: [UnitClaim]
    /// The claims that wait, in the order of the line.
    public let line: [UnitClaim]
    private let sizes: [PoolID: Int]
    private let unreadable: Set<PoolID>
    private var held: [UnitSource: Int] = [:]

    /// Puts together what is known.
    ///
    /// - Parameters:
    ///   - entries: All claims there are.
    ///   - sizes: The units of each pool. A pool that is not there limits nobody any more.
    ///   - unreadable: Pools that are there, but nobody knows how large: nothing of them is granted.
    public init(_ entries: [Entry], sizes: [PoolID: Int], unreadable: Set<PoolID> = []) {
        self.sizes = sizes
        self.unreadable = unreadable
        holders = entries.filter(\.claim.isGranted).map(\.claim)
            .sorted { ($0.grantedAt ?? .epoch, $0.attempt) < ($1.grantedAt ?? .epoch, $1.attempt) }
        line = entries.filter { !$0.claim.isGranted }.sorted { $0.isBefore($1) }.map(\.claim)
        for holder in holders {
            for (source, units) in needs(of: holder) { held[source, default: 0] += units }
        }
    }

    /// How many units are held.
    public func held(_ source: UnitSource) -> Int { held[source] ?? 0 }

    /// How many units there are; `nil` for a pool that is not there.
    public func size(of source: UnitSource) -> Int? {
        switch source {
        case .key: 1
        case .pool(let pool): unreadable.contains(pool) ? 0 : sizes[pool]
        }
    }

    /// The claims that are granted now, in this order.
    public var grantable: [UnitClaim] {
        var taken = held
        var awaited: Set<UnitSource> = []
        return line.filter { claim in
            let wanted = needs(of: claim)
            let isFree = wanted.allSatisfy { source, units in
                let free = (size(of: source) ?? units) - (taken[source] ?? 0)
                return !awaited.contains(source) && units <= free
            }
            if isFree {
                for (source, units) in wanted { taken[source, default: 0] += units }
            } else {
                awaited.formUnion(wanted.keys)
            }
            return isFree
        }
    }

    /// What an attempt waits for; `nil` for one that does not wait, or is about to get what it needs.
    public func wait(of attempt: AttemptID) -> Wait? {
        guard let place = line.firstIndex(where: { $0.attempt == attempt }) else { return nil }
        let wanted = needs(of: line[place])
        let others = line[..<place].filter { claim in needs(of: claim).keys.contains { wanted[$0] != nil } }
        let lacking = wanted.keys.sorted().first { source in
            (size(of: source) ?? .max) - held(source) < wanted[source] ?? 0
        }
        let contested = wanted.keys.sorted().first { source in
            others.contains { needs(of: $0)[source] != nil }
        }
        guard let source = lacking ?? contested else { return nil }
        return Wait(
            source: source,
            units: wanted[source] ?? 0,
            size: size(of: source) ?? 0,
            holders: holders.filter { needs(of: $0)[source] != nil },
            ahead: others.count
        )
    }

    /// The claims on one source: those that hold units of it, and those that wait.
    public func claims(on source: UnitSource) -> (holders: [UnitClaim], line: [UnitClaim]) {
        (holders.filter { needs(of: $0)[source] != nil }, line.filter { needs(of: $0)[source] != nil })
    }

    /// How many units a claim takes of what is there: all of a pool that was made smaller than what it asks for.
    public func needs(of claim: UnitClaim) -> [UnitSource: Int] {
        var needs: [UnitSource: Int] = [:]
        for (source, units) in claim.demand.units {
            switch source {
            case .key: needs[source] = 1
            case .pool(let pool) where unreadable.contains(pool): needs[source] = units
            case .pool(let pool): needs[source] = sizes[pool].map { min(units, $0) }
            }
        }
        return needs
    }
}
