import Cluster
import Domain
import Logging
import Mutations
import Orchestration
import Scheduling
import ZooKeeper

/// Grants units to attempts, and takes them back, for as long as one leadership lasts (rules E1–E4).
///
/// What it knows is what ZooKeeper says: all claims are read after taking office, and only this leader grants and forgets them from then
/// on. One step at a time; after a write that failed, or whose outcome is not known, everything is read again.
actor PoolOffice {
    private let shelf: ClaimShelf
    private let writer: LeaderWriter
    private let store: CatalogStore
    private let time: TimeSource
    private let logger: Logger
    private let turnstile = Turnstile()
    /// What stands in ZooKeeper; `nil` until it was read.
    private var claims: [AttemptID: StoredClaim]?
    /// Since when this leader knows that an incarnation writes nothing any more.
    private var sealedSince: [JournalID: MonotonicInstant] = [:]
    private var unreadable: Set<PoolID> = []
    /// Claims that cannot be read.
    private var damages: Set<String> = []
    private var nextAudit: MonotonicInstant

    init(writer: LeaderWriter, store: CatalogStore, time: TimeSource, logger: Logger) {
        shelf = ClaimShelf(writer: writer)
        self.writer = writer
        self.store = store
        self.time = time
        self.logger = logger
        nextAudit = time.monotonic + Self.auditInterval
    }

    /// Who holds units and who waits, as far as it is known.
    var ledger: PoolLedger {
        PoolLedger(
            (claims ?? [:]).values.map { .init($0.claim, madeAt: $0.madeAt, order: $0.order) },
            sizes: store.read { $0.pools.mapValues(\.value.units) },
            unreadable: unreadable
        )
    }

    /// Whether something may be due although nobody has said so.
    var hasClaims: Bool { claims?.isEmpty != true }

    /// Looks at everything once: forgets what is over, grants what is free.
    func round() async throws {
        try await step {
            try await self.load()
            try await self.forgetCutOff()
            try await self.auditIfDue()
            try await self.grant()
        }
    }

    /// Takes back what attempts held that have ended, before their ends are accepted.
    ///
    /// Each attempt comes with whether it may have a claim that nobody here has read yet; returns whether something was taken back.
    func release(_ ended: [AttemptID: Bool]) async throws -> Bool {
        if let claims, !ended.contains(where: { claims[$0.key] != nil || $0.value }) { return false }
        return try await step { try await self.forget(ended) }
    }

    /// Performs one step; whatever fails, what is in ZooKeeper is read again.
    private func step<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        try await turnstile.enter {
            do {
                return try await body()
            } catch {
                await self.distrust()
                throw error
            }
        }
    }

    private func distrust() { claims = nil }

    /// Reads the claims that are not known, and drops those that are gone; now and then all, for one may be another of the same name.
    private func load() async throws {
        var known = time.monotonic >= nextAudit ? [:] : claims ?? [:]
        // What former leaders have granted must be known before anything is granted (E2).
        if claims == nil { try await shelf.catchUp() }
        let names = try await shelf.names()
        let present = Set(names)
        known = known.filter { present.contains($0.key.description) }
        let old = Set(known.keys.map(\.description))
        let found = try await shelf.read(names.filter { !old.contains($0) })
        for claim in found.claims {
            if claim.claim.isGranted, Mutation.forgetsGrants.isOn { continue }
            known[claim.claim.attempt] = claim
        }
        claims = known
        complain(found.damages)
    }

    /// Tells people once what cannot be read.
    private func complain(_ damages: [ZNodeFormatError]) {
        for error in damages where !self.damages.contains(error.path) {
            logger.error(
                "A claim cannot be read, so that nobody knows what it holds; nothing is granted until it is mended or deleted",
                metadata: ["zk.path": "\(error.path)", "error": "\(error.reason)"]
            )
        }
        self.damages = Set(damages.map(\.path))
    }

    /// In the order in which they were made; one write makes several.
    private var sorted: [StoredClaim] {
        (claims ?? [:]).values.sorted { ($0.order, $0.claim.attempt) < ($1.order, $1.claim.attempt) }
    }

    private func forget(_ claim: StoredClaim) async throws {
        try await shelf.forget(claim)
        claims?[claim.claim.attempt] = nil
    }

    private func forget(_ ended: [AttemptID: Bool]) async throws -> Bool {
        if claims == nil { try await load() }
        var isChanged = false
        for attempt in ended.keys.sorted() {
            if let known = claims?[attempt] {
                try await forget(known)
                isChanged = true
            } else if ended[attempt] == true {
                try await shelf.catchUp()
                try await shelf.forget(attempt)
            }
        }
        return isChanged
    }
}

extension PoolOffice {
    /// Forgets the claims of incarnations that are sealed: those that wait at once, for what they were made for never begins; those that
    /// are granted once whatever holds their units is dead (E3).
    private func forgetCutOff() async throws {
        let live = store.read(\.agents)
        let away = sorted.filter { live[$0.journal.seat]?.incarnation != $0.claim.incarnation }
        let journals = Set(away.map(\.journal))
        sealedSince = sealedSince.filter { journals.contains($0.key) }
        for journal in journals.sorted() where sealedSince[journal] == nil {
            // Whoever is not to be seen may still write: only the seal says that it does not.
            if try await shelf.openFence(of: journal) == nil { sealedSince[journal] = time.monotonic }
        }
        let timeout = await writer.session.negotiatedTimeout ?? .zero
        for claim in away {
            guard let since = sealedSince[claim.journal] else { continue }
            let longest = max(timeout, claim.claim.lease) * 2 + claim.claim.killGrace
            let isDead = since + longest <= time.monotonic || Mutation.freesWithSeal.isOn
            guard !claim.claim.isGranted || isDead else { continue }
            try await forget(claim)
        }
    }

    /// Forgets claims of attempts that stand in their agents' journals no more, or with a result: somebody else has accepted their ends.
    ///
    /// An attempt is journaled before its claim is made, and leaves the journal when its end was accepted.
    private func auditIfDue() async throws {
        guard time.monotonic >= nextAudit else { return }
        nextAudit = time.monotonic + Self.auditInterval
        let limit = time.now - Self.auditAge
        let groups = Dictionary(grouping: sorted.filter { $0.madeAt < limit }, by: \.journal)
        for journal in groups.keys.sorted() where sealedSince[journal] == nil {
            let claims = groups[journal] ?? []
            let open = try await LeaderJournal.read(
                journal,
                session: writer.session,
                tree: writer.tree,
                buckets: Set(claims.map { Buckets.checkpoint($0.claim.key) })
            ).open
            let unfinished = Set(open.filter { $0.result == nil }.map(\.fire.attempt))
            for claim in claims where !unfinished.contains(claim.claim.attempt) {
                // A journal that is gone with its sealed incarnation says nothing: then it has to be waited for.
                guard try await shelf.openFence(of: journal) != nil else { break }
                try await forget(claim)
            }
        }
    }

    /// Long enough that an end which is reported has been accepted by then.
    private static let auditAge = Duration.seconds(30)
    private static let auditInterval = Duration.seconds(30)

    private func grant() async throws {
        let isWanted = claims?.values.contains { !$0.claim.isGranted } ?? false
        guard isWanted, damages.isEmpty else { return }
        try await lookAtPools()
        var fences: [JournalID: Int32?] = [:]
        var refusal: ZooKeeperError?
        for claim in ledger.grantable {
            guard let known = claims?[claim.attempt] else { continue }
            let fence: Int32?
            if let read = fences[known.journal] {
                fence = read
            } else {
                fence = try await shelf.openFence(of: known.journal)
                fences[known.journal] = fence
            }
            guard let fence else { continue }
            do {
                claims?[claim.attempt] = try await shelf.grant(known, fence: fence, now: time.now)
            } catch LeaderWriteError.conflict(let error) {
                // Nothing was written. What is amiss with one claim is no reason to grant no other.
                refusal = error
            }
        }
        if let refusal { throw LeaderWriteError.conflict(refusal) }
    }

    /// A pool that the catalog does not know was deleted, or cannot be read.
    private func lookAtPools() async throws {
        let known = store.read { Set($0.pools.keys) }
        let named = Set(sorted.flatMap(\.claim.demand.pools.keys))
        unreadable = []
        for pool in named.subtracting(known).sorted() where try await shelf.hasNode(of: pool) {
            unreadable.insert(pool)
        }
    }
}
