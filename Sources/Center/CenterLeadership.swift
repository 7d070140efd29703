import Cluster
import Domain
import Logging
import Mutations
import ZooKeeper

/// One leadership of a center: from taking office to being deposed.
struct CenterLeadership: Sendable {
    let service: CenterService
    let session: any ZooKeeperSession
    let identity: ClusterIdentity
    let epoch: Epoch
    let candidate: ZNodePath
    let follower: CatalogFollower

    private var state: CenterState { service.state }
    var logger: Logger { service.logger }
    private var tree: Tree { service.configuration.tree }

    /// Leads until deposed (throws `LeaderWriteError.deposed`), the session ends or the task is cancelled.
    func lead() async throws {
        try await readCatalogAgain()
        logger.notice("This center leads", metadata: ["leader.epoch": "\(epoch)"])
        let leading = makeLeading()
        state.leadershipChanged(leading)
        defer { state.leadershipChanged(nil) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await reconcile(leading.reconciler) }
            group.addTask { try await remind(leading.reconciler) }
            group.addTask { try await sweep(leading) }
            group.addTask { try await backfill(leading) }
            group.addTask { try await remindOfBackfills() }
            group.addTask { try await grantUnits(leading) }
            group.addTask { try await followClaims(leading) }
            group.addTask { try await remindOfClaims(leading) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func makeLeading() -> LeadingCenter {
        let writer = LeaderWriter(session: session, tree: tree, epoch: epoch)
        let following = RunFollowing(
            writer: writer,
            store: state.store,
            history: service.history,
            time: service.time,
            hints: state.hints,
            logger: logger
        )
        let catalogWriter = CatalogWriter(
            writer: writer,
            store: state.store,
            bucketCount: identity.taskBuckets,
            logger: logger
        )
        let reconciler = Reconciler(
            Reconciler.Environment(
                writer: writer,
                following: following,
                catalogWriter: catalogWriter,
                store: state.store,
                history: service.history,
                time: service.time,
                bucketCount: identity.allocationBuckets,
                hints: state.hints,
                logger: logger
            )
        )
        return LeadingCenter(
            writer: writer,
            reconciler: reconciler,
            catalogWriter: catalogWriter,
            following: following,
            pools: PoolOffice(writer: writer, store: state.store, time: service.time, logger: logger)
        )
    }

    /// Reads what the predecessor wrote and no watch has told of yet, before anything is planned, accepted or answered: a task that it
    /// deleted must not be placed anew, and one that it saved may follow the run whose end is reported next.
    private func readCatalogAgain() async throws {
        var failures = 0
        while !Mutation.plansUnread.isOn {
            do {
                return try await follower.reread()
            } catch {
                failures += 1
                try await recover(from: error, failures)
            }
        }
    }

    /// One pass after the other, as somebody wishes for them.
    private func reconcile(_ reconciler: Reconciler) async throws {
        var failures = 0
        for await _ in state.hints.wishes() {
            do {
                try await reconciler.pass()
                failures = 0
            } catch {
                failures += 1
                try await recover(from: error, failures)
                state.hints.wake()
            }
        }
        throw CancellationError()
    }

    /// Decides whether to go on after a failed attempt at a read or a pass, and waits until there is a point in it.
    private func recover(from error: any Error, _ failures: Int) async throws {
        try Task.checkCancellation()
        switch error {
        case LeaderWriteError.deposed: throw error
        case LeaderWriteError.conflict(let cause):
            logger.debug("Something was not as expected; looking again", metadata: ["error": "\(cause)"])
        case LeaderWriteError.failed(let cause), let cause as ZooKeeperError:
            if cause.endsSession { throw cause }
            if cause.isRetriable { try await session.connected() }
            try await confirmOffice()
        default:
            logger.error("A reconciliation failed; trying again", metadata: ["error": "\(error)"])
        }
        if failures > 1 {
            try await service.time.sleep(for: min(Self.retryDelay * failures, Self.retryDelayMax))
        }
    }

    /// After a second failure in a row: the first repetition is immediate, since most failures are conflicts that reading resolves.
    private static let retryDelay = Duration.milliseconds(100)
    private static let retryDelayMax = Duration.seconds(2)

    /// Whether nobody else took office while this center was cut off.
    private func confirmOffice() async throws {
        do {
            try await session.sync(tree.epoch)
            let version = try await session.get(tree.epoch).stat.version
            if version != epoch.rawValue { throw LeaderWriteError.deposed }
        } catch let error as ZooKeeperError where error.isRetriable {
            // The next pass finds out.
            return
        }
    }

    /// Wishes for passes that time alone makes due, and now and then for one that looks at everything.
    private func remind(_ reconciler: Reconciler) async throws {
        var nextListing = service.time.monotonic + service.random.duration(in: CatalogFollower.resyncInterval)
        while true {
            try await service.time.sleep(for: Self.reminderInterval)
            let now = service.time.monotonic
            if let due = await reconciler.nextWake, due <= now { state.hints.wake() }
            if now >= nextListing {
                nextListing = now + service.random.duration(in: CatalogFollower.resyncInterval)
                state.hints.everythingMayHaveChanged()
                try await checkCandidate()
            }
        }
    }

    /// How late a pass may be that time alone makes due.
    private static let reminderInterval = Duration.milliseconds(200)

    /// A candidate node that somebody deleted lets another center lead: step aside.
    private func checkCandidate() async throws {
        do {
            if try await session.exists(candidate) == nil { throw LeaderWriteError.deposed }
        } catch let error as ZooKeeperError where error.isRetriable {
            return
        }
    }
}
