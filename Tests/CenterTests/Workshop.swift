import CenterDoubles
import Cluster
import Domain
import Logging
import Scheduling
import SimulationKit
import Synchronization
import ZooKeeper

@testable import Center

/// A workspace in memory, with agents and leaders that act when a test says so.
struct Workshop: Sendable {
    let ensemble = InMemoryEnsemble()
    let tree: Tree
    let history = InMemoryRunHistory()
    let clock = SimulationClock()
    let time: TimeSource
    let random = RandomSource(SystemRandomNumberGenerator())
    /// How far the wall clock of everybody is ahead.
    let lead = Lead()
    static let start = Instant(millisecondsSinceEpoch: 1_800_000_000_000)

    /// Makes an empty workspace; `whenAsked` happens whenever somebody looks at the wall clock.
    init(whenAsked: @escaping @Sendable () -> Void = {}) throws {
        tree = try Tree(workspace: .standard)
        let (clock, lead) = (clock, lead)
        time = TimeSource(clock: clock) {
            whenAsked()
            return Workshop.start + clock.now.offset + lead.length
        }
    }

    /// How far a wall clock is ahead: it may be set.
    final class Lead: Sendable {
        private let value = Mutex(Duration.zero)

        var length: Duration {
            get { value.withLock(\.self) }
            set { value.withLock { $0 = newValue } }
        }
    }

    var now: Instant { time.now }

    /// Starts a leader in a session of its own: it takes office, whoever leads.
    func leader(
        _ name: String = "c1",
        rejoinGrace: Duration = .zero,
        pausingWith pause: Pause? = nil
    ) async throws -> Leader {
        var session = try await ensemble.connect(resuming: nil)
        if let pause { session = PausingSession(inner: session, pause: pause) }
        let identity = try await ClusterTree(session: session, tree: tree)
            .ensure(
                identity: ClusterIdentity(
                    id: random.identifier(),
                    timeline: random.identifier(),
                    allocationBuckets: 8
                )
            )
        let guid: Nonce = random.identifier()
        let election = LeaderElection(session: session, path: try tree.election, guid: guid.text)
        let candidate = try await election.enter()
        let leadership = Leadership(center: CenterID(name)!, guid: guid)
        let epoch = try await LeaderOffice(session: session, tree: tree).take(
            as: leadership,
            candidate: candidate.path
        )
        return Leader(self, session: session, epoch: epoch, identity: identity)
    }

    /// Starts an agent's process: a new incarnation in a session of its own.
    func agent(
        _ name: String,
        runtime: RuntimeID = .standard,
        labels: [String: String] = [:],
        start: StartID? = nil
    ) async throws -> Agent {
        let session = try await ensemble.connect(resuming: nil)
        let agent = Agent(
            id: JournalID(
                seat: Seat(runtime: runtime, agent: AgentID(name)!),
                incarnation: random.identifier()
            ),
            session: session,
            workshop: self
        )
        try await agent.register(labels, start: start)
        return agent
    }

    /// The rows of every place, as an operator would read them.
    func rows() throws -> [Place: [AllocationRow]] {
        var rows: [Place: [AllocationRow]] = [:]
        for path in ensemble.paths {
            let parts = Array(path.components.dropFirst(2))
            guard parts.count > 3, parts[0] == "runtimes", let runtime = RuntimeID(parts[1]) else { continue }
            let place: Place
            if parts[2] == "allocations", parts.count == 5 {
                place = .owned(Seat(runtime: runtime, agent: AgentID(parts[3])!))
            } else if parts[2] == "parked" {
                place = .parked(runtime)
            } else {
                continue
            }
            let bucket: AllocationBucket = try ZNodeCodec.decode(
                from: ensemble.node(path)!.data,
                at: path.text
            )
            rows[place, default: []] += bucket.rows
        }
        return rows
    }

    /// Where every task's row is; fails a precondition when one is in two places (V5).
    func places() throws -> [TaskID: (place: Place, row: AllocationRow)] {
        var places: [TaskID: (place: Place, row: AllocationRow)] = [:]
        for (place, rows) in try rows() {
            for row in rows {
                precondition(places[row.task] == nil, "\(row.task) is in two places")
                places[row.task] = (place, row)
            }
        }
        return places
    }

    func head(_ agent: AgentID) throws -> AllocationHead? {
        let path = try tree.runtime(.standard).allocation(agent)
        return try ensemble.node(path).map { try ZNodeCodec.decode(from: $0.data, at: path.text) }
    }

    func journals(_ agent: AgentID) throws -> [String] {
        ensemble.children(try tree.runtime(.standard).journal(agent))
    }

    /// The dispatches in all inboxes, with whose they are.
    func inboxes() throws -> [(agent: String, incarnation: String, dispatch: Dispatch)] {
        var found: [(String, String, Dispatch)] = []
        for path in ensemble.paths {
            let parts = Array(path.components.dropFirst(2))
            guard parts.count == 6, parts[2] == "inbox" else { continue }
            found.append(
                (parts[3], parts[4], try ZNodeCodec.decode(from: ensemble.node(path)!.data, at: path.text))
            )
        }
        return found
    }
}

/// A leading center without its loops: its passes happen when a test calls them.
struct Leader: Sendable {
    let workshop: Workshop
    let session: any ZooKeeperSession
    let state = CenterState()
    let leading: LeadingCenter
    let control: CenterControl
    let follower: CatalogFollower

    init(_ workshop: Workshop, session: any ZooKeeperSession, epoch: Epoch, identity: ClusterIdentity) {
        self.workshop = workshop
        self.session = session
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let writer = LeaderWriter(session: session, tree: workshop.tree, epoch: epoch)
        let following = RunFollowing(
            writer: writer,
            store: state.store,
            history: workshop.history,
            time: workshop.time,
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
            .init(
                writer: writer,
                following: following,
                catalogWriter: catalogWriter,
                store: state.store,
                history: workshop.history,
                time: workshop.time,
                bucketCount: identity.allocationBuckets,
                hints: state.hints,
                logger: logger
            )
        )
        leading = LeadingCenter(
            writer: writer,
            reconciler: reconciler,
            catalogWriter: catalogWriter,
            following: following,
            pools: PoolOffice(writer: writer, store: state.store, time: workshop.time, logger: logger)
        )
        control = CenterControl(
            state: state,
            history: workshop.history,
            time: workshop.time,
            random: workshop.random,
            tree: workshop.tree,
            logger: logger
        )
        follower = CatalogFollower(
            session: session,
            tree: workshop.tree,
            store: state.store,
            time: workshop.time,
            random: workshop.random,
            logger: logger,
            onChange: { [state] topic in state.noticed(topic) }
        )
        state.connectionChanged(true)
        state.leadershipChanged(leading)
    }

    var epoch: Epoch { leading.epoch }

    /// Sees everything there is to see, then passes.
    func pass() async throws {
        try await follower.warmUp()
        state.hints.everythingMayHaveChanged()
        try await leading.reconciler.pass()
    }

    /// Ends as a killed process does.
    func die() async { await workshop.ensemble.expire(session.identity!.id) }
}

/// An agent that does what a test says, by the rules of the agent's side.
struct Agent: Sendable {
    let id: JournalID
    let session: any ZooKeeperSession
    let workshop: Workshop

    var name: AgentID { id.seat.agent }
    private var paths: RuntimeTree { get throws { try workshop.tree.runtime(id.seat.runtime) } }

    func register(_ labels: [String: String], start: StartID?) async throws {
        let registration = AgentRegistration(
            agent: name,
            incarnation: id.incarnation,
            labels: labels,
            slots: 4,
            version: "1",
            host: "h",
            processID: 1,
            startedAt: workshop.now,
            start: start.map { ProcessStart(id: $0, at: workshop.now) }
        )
        for parent in try [paths.journal(name), paths.inbox(name)] {
            try await session.createIfAbsent(parent)
        }
        _ = try await session.multi([
            .create(try paths.fence(name, id.incarnation), data: try ZNodeCodec.encode(FenceRecord())),
            .create(try paths.checkpoint(name, id.incarnation), data: []),
            .create(try paths.inbox(name, id.incarnation), data: []),
            .create(try paths.agent(name), data: try ZNodeCodec.encode(registration), mode: .ephemeral),
        ])
    }

    /// Commits a segment under the fence as it is now (rule A4).
    func journal(_ number: Int, _ fires: [JournaledFire], ended: [AttemptResult] = [], fence: Int32? = nil)
        async throws
    {
        let path = try paths.fence(name, id.incarnation)
        let version: Int32
        if let fence { version = fence } else { version = try await session.get(path).stat.version }
        let segment = JournalSegment(
            number: number,
            nonce: workshop.random.identifier(),
            fires: fires,
            ended: ended
        )
        _ = try await session.multi([
            .check(path, version: version),
            .create(try paths.segment(name, id.incarnation, number), data: try ZNodeCodec.encode(segment)),
        ])
    }

    /// Commits a segment with a fire that it takes from its inbox (rule A4).
    func take(_ fire: JournaledFire, _ number: Int) async throws {
        let inbox = try paths.inbox(name, id.incarnation)
        let entry = try inbox.child("\(fire.attempt.run)-\(fire.attempt.number)")
        let segment = JournalSegment(number: number, nonce: workshop.random.identifier(), fires: [fire])
        _ = try await session.multi([
            .check(try paths.fence(name, id.incarnation), version: try await fence),
            .delete(entry, version: nil),
            .create(try paths.segment(name, id.incarnation, number), data: try ZNodeCodec.encode(segment)),
        ])
    }

    var fence: Int32 {
        get async throws { try await session.get(paths.fence(name, id.incarnation)).stat.version }
    }

    /// Writes a checkpoint bucket and deletes segments (rule A8).
    func checkpoint(_ content: CheckpointBucket, of key: TaskPart, deleting segments: [Int]) async throws {
        let bucket = try paths.checkpointBucket(name, id.incarnation, Buckets.checkpoint(key))
        var operations: [Operation] = [
            .check(try paths.fence(name, id.incarnation), version: try await fence),
            .create(bucket, data: try ZNodeCodec.encode(content)),
        ]
        for number in segments {
            operations.append(.delete(try paths.segment(name, id.incarnation, number), version: nil))
        }
        _ = try await session.multi(operations)
    }

    /// Ends as a killed process does, once its session is over.
    func die() async { await workshop.ensemble.expire(session.identity!.id) }
}

extension TaskSpecification {
    static func every(
        _ seconds: Int,
        _ name: String,
        delivery: Delivery = .atMostOnce,
        placement: Placement = Placement(),
        runtime: RuntimeID = .standard,
        isEnabled: Bool = true
    ) -> TaskSpecification {
        TaskSpecification(
            name: TaskID(name)!,
            runtime: runtime,
            action: .command(["/bin/true"]),
            schedules: [.every(try! IntervalSchedule(every: .seconds(seconds)))],
            delivery: delivery,
            placement: placement,
            isEnabled: isEnabled
        )
    }
}

extension TaskDefinition {
    /// A fire of this task as an agent journals it.
    func fire(
        _ due: Instant,
        attempt: Int = 1,
        _ decision: FireDecision = .launch,
        trigger: Trigger = .schedule
    ) -> JournaledFire {
        JournaledFire(
            attempt: AttemptID(run: RunID(FireKey(uid: uid, due: due)), number: attempt),
            task: name,
            uid: uid,
            revision: revision,
            due: due,
            trigger: trigger,
            delivery: specification.delivery,
            decision: decision
        )
    }
}
