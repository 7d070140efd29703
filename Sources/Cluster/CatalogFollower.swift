import Domain
public import Logging
import Synchronization
public import ZooKeeper

/// Keeps a catalog up to date over one session.
///
/// Watches are hints: they say which topic to read again. After a reconnection, and now and then anyway, everything is read again.
public final class CatalogFollower: Sendable {
    /// The time between full re-reads, drawn anew each time.
    public static let resyncInterval: ClosedRange<Duration> = .seconds(25)...(.seconds(35))

    private struct State {
        var dirty: Set<CatalogTopic> = []
        var known: Set<CatalogTopic> = [
            .cluster, .leadership, .centers, .runtimes, .calendars, .groups, .pools, .buckets,
        ]
        var armed: Set<CatalogTopic> = []
    }

    private let session: any ZooKeeperSession
    private let reader: CatalogReader
    private let time: TimeSource
    private let random: RandomSource
    private let logger: Logger
    private let state = Mutex(State())
    private let wakeups: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation
    private let onChange: @Sendable (CatalogTopic) -> Void

    /// Prepares to follow; `onChange` is called after a topic was read that changed what planning depends on.
    public init(
        session: any ZooKeeperSession,
        tree: Tree,
        store: CatalogStore,
        time: TimeSource,
        random: RandomSource,
        logger: Logger,
        onChange: @escaping @Sendable (CatalogTopic) -> Void
    ) {
        self.session = session
        reader = CatalogReader(session: session, tree: tree, store: store, logger: logger)
        self.time = time
        self.random = random
        self.logger = logger
        self.onChange = onChange
        // One pending wake-up is enough: what is dirty stands in the state.
        (wakeups, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Reads everything once, without watches; on return the catalog is warm.
    public func warmUp() async throws {
        markAllDirty()
        while let topics = takeDirty() {
            for (_, outcome) in try await read(topics, isWatched: false) { discover(outcome.discovered) }
        }
    }

    /// Follows until the session ends or the task is cancelled; `onWarm` is called once everything was read for the first time.
    public func follow(onWarm: @escaping @Sendable () -> Void) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { try await self.resync() }
            group.addTask { await self.rereadAfterReconnections() }
            markAllDirty()
            try await refreshForEver(&group, onWarm)
        }
    }

    private func refreshForEver(
        _ group: inout ThrowingDiscardingTaskGroup<any Error>,
        _ onWarm: @Sendable () -> Void
    ) async throws {
        var isWarm = false
        for await _ in wakeups {
            while let topics = takeDirty() { try await refresh(topics, &group) }
            if !isWarm { onWarm() }
            isWarm = true
        }
        // The stream ends with the task only.
        throw CancellationError()
    }

    /// Reads everything again now, as current as it is when this is called, whatever the watches have said so far.
    ///
    /// For a center that takes office: what its predecessor wrote must be known before anything is planned.
    public func reread() async throws {
        try await session.sync(reader.tree.root)
        var done: Set<CatalogTopic> = []
        while true {
            let topics = state.withLock { $0.known.subtracting(done) }.sorted()
            if topics.isEmpty { return }
            done.formUnion(topics)
            for (topic, outcome) in try await read(topics, isWatched: false) {
                discover(outcome.discovered)
                if outcome.isChanged { onChange(topic) }
            }
        }
    }

    /// Asks for a topic to be read again soon.
    public func invalidate(_ topic: CatalogTopic) {
        state.withLock { state in
            state.known.insert(topic)
            state.dirty.insert(topic)
        }
        wake.yield()
    }

    /// Asks for everything to be read again soon.
    public func markAllDirty() {
        state.withLock { $0.dirty = $0.known }
        wake.yield()
    }
}

extension CatalogFollower {
    private func takeDirty() -> [CatalogTopic]? {
        state.withLock { state in
            // In pieces, so that the loss of an agent never waits for thousands of buckets to be read again.
            let topics = Array(state.dirty.sorted().prefix(Self.batchMax))
            state.dirty.subtract(topics)
            return topics.isEmpty ? nil : topics
        }
    }

    private func discover(_ topics: [CatalogTopic]) {
        state.withLock { state in
            let new = Set(topics).subtracting(state.known)
            state.known.formUnion(new)
            state.dirty.formUnion(new)
        }
    }

    /// Reads topics, arms watches that are not armed, and waits out a lost connection.
    private func refresh(_ topics: [CatalogTopic], _ group: inout ThrowingDiscardingTaskGroup<any Error>)
        async throws
    {
        do {
            for (topic, outcome) in try await read(topics, isWatched: true) {
                discover(outcome.discovered)
                if let watch = outcome.watch {
                    state.withLock { _ = $0.armed.insert(topic) }
                    group.addTask { await self.wait(for: watch, topic) }
                }
                if outcome.isChanged { onChange(topic) }
            }
        } catch let error as ZooKeeperError where error.isRetriable {
            // Watches that were armed by reads of this batch are forgotten with it; those somebody waits for are not among them.
            state.withLock { $0.dirty.formUnion(topics) }
            try await session.connected()
            wake.yield()
        }
    }

    private func read(
        _ topics: [CatalogTopic],
        isWatched: Bool
    ) async throws -> [(CatalogTopic, CatalogReader.Outcome)] {
        let reader = reader
        let logger = logger
        let armed = isWatched ? state.withLock(\.armed) : Set(topics)
        let outcomes = try await pipelined(topics, limit: Self.topicsMax) { topic in
            do {
                return try await reader.read(topic, isWatched: !armed.contains(topic))
            } catch let error as ZNodeFormatError {
                // What the catalog knew of it stays; the next re-read looks again.
                logger.error(
                    "A node cannot be read",
                    metadata: ["zk.path": "\(error.path)", "error": "\(error.reason)"]
                )
                return CatalogReader.Outcome()
            }
        }
        return Array(zip(topics, outcomes))
    }

    /// Topics taken at once, those that matter first.
    private static let batchMax = 128

    /// Topics read at the same time; each may have a few requests in flight.
    private static let topicsMax = 32

    private func wait(for watch: Watch, _ topic: CatalogTopic) async {
        let event = await watch.event()
        state.withLock { _ = $0.armed.remove(topic) }
        // An ended watch belongs to an ended session: whoever made the session notices.
        if event != .ended { invalidate(topic) }
    }

    private func resync() async throws {
        while true {
            try await time.sleep(for: random.duration(in: Self.resyncInterval))
            markAllDirty()
        }
    }

    private func rereadAfterReconnections() async {
        var wasConnected = true
        for await state in await session.states() {
            if state.isConnected, !wasConnected { markAllDirty() }
            wasConnected = state.isConnected
        }
    }
}

extension CatalogTopic: Comparable {
    /// What is small and decides who acts comes first: agents before tasks.
    public static func < (left: CatalogTopic, right: CatalogTopic) -> Bool { left.order < right.order }

    private var order: (Int, String, Int) {
        switch self {
        case .cluster: (0, "", 0)
        case .leadership: (1, "", 0)
        case .runtimes: (2, "", 0)
        case .settings(let runtime): (3, runtime.text, 0)
        case .agents(let runtime): (4, runtime.text, 0)
        case .centers: (5, "", 0)
        case .groups: (6, "", 0)
        case .group(let group): (7, group.text, 0)
        case .calendars: (8, "", 0)
        case .calendar(let calendar): (9, calendar.text, 0)
        case .pools: (10, "", 0)
        case .pool(let pool): (11, pool.text, 0)
        case .buckets: (12, "", 0)
        case .bucket(let bucket): (13, "", bucket)
        }
    }
}
