public import Domain

/// What a process sees of its cluster in ZooKeeper, to be compared with what it remembers.
public struct ClusterSighting: Hashable, Sendable {
    /// Content of `/cluster`; `nil` when there is none.
    public var identity: ClusterIdentity?
    /// Version of `/epoch`; `nil` when there is none.
    public var epoch: Epoch?
    /// Content of `/epoch`; `nil` while nobody took office.
    public var leader: Nonce?
    /// Whether the parent of all task definitions is there.
    public var hasTasks: Bool
    /// By path, the last transaction that changed a node or its list of children; nodes that are not there are absent.
    public var marks: [String: Int64]
    /// A transaction that is known to be later than everything the process can remember: that of a write it just made.
    public var latest: Int64?

    /// Creates a sighting.
    public init(
        identity: ClusterIdentity?,
        epoch: Epoch?,
        leader: Nonce? = nil,
        hasTasks: Bool = true,
        marks: [String: Int64] = [:],
        latest: Int64? = nil
    ) {
        self.identity = identity
        self.epoch = epoch
        self.leader = leader
        self.hasTasks = hasTasks
        self.marks = marks
        self.latest = latest
    }
}

extension ClusterMemory {
    /// Why the process must not work with what it sees; `nil` when nothing is against it (rule T2).
    ///
    /// A new timeline is taken on the word of `/cluster` alone: whoever may write there may declare one. Signatures by a
    /// cluster key come later. Its epochs still go on from where the old timeline's ended, because tasks are given them as
    /// fencing tokens.
    public func refusal(of sighting: ClusterSighting) -> ClusterRefusal? {
        guard let identity = sighting.identity else { return .lost(cluster, epoch) }
        guard identity.id == cluster else { return .another(found: identity.id, remembered: cluster, epoch) }
        let isSame = identity.timeline == timeline
        guard let found = sighting.epoch, found >= epoch else {
            return .epochBehind(found: sighting.epoch, remembered: epoch, isNewTimeline: !isSame)
        }
        guard isSame else { return nil }
        if found == epoch, let leader, sighting.leader != leader { return .anotherLeader(epoch) }
        if !sighting.hasTasks { return .withoutTasks }
        for (path, mark) in marks.sorted(by: { $0.key < $1.key }) {
            if let now = sighting.marks[path], now < mark {
                return .older(path, found: now, remembered: mark)
            }
        }
        if let latest = sighting.latest, latest <= transaction {
            return .behind(found: latest, remembered: transaction)
        }
        return nil
    }

    /// What is remembered from now on: `sighting` after a process that remembered `former` did not refuse it.
    ///
    /// `nil` while the tree is not complete, as when the first center is about to make it: there is nothing to remember.
    public init?(_ sighting: ClusterSighting, after former: ClusterMemory?) {
        guard let identity = sighting.identity, let epoch = sighting.epoch, sighting.hasTasks else {
            return nil
        }
        let same = former.flatMap { $0.cluster == identity.id && $0.timeline == identity.timeline ? $0 : nil }
        let seen = sighting.marks.values.max() ?? 0
        self.init(
            cluster: identity.id,
            timeline: identity.timeline,
            epoch: epoch,
            leader: sighting.leader,
            transaction: max(seen, sighting.latest ?? 0, same?.transaction ?? 0),
            marks: sighting.marks
        )
    }
}
