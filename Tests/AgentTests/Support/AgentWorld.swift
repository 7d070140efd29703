import Agent
import Cluster
import Domain
import Logging
import Scheduling
import SimulationKit
import Synchronization
import ZooKeeper

/// One agent in a simulated world; the test plays the leader.
final class AgentWorld {
    let simulated = SimulatedWorld()
    let ensemble = InMemoryEnsemble(sessionTimeout: .seconds(10))
    let store = FakeStore()
    let delivery = FakeDelivery()
    let runner: FakeRunner
    let prober = FakeProber()
    let time: TimeSource
    let tree: Tree
    let seat: Seat
    /// Where the wall clock stands when the world begins.
    static let dawn = Instant(millisecondsSinceEpoch: 1_700_000_000_000)
    private let skew = Skew()
    private var generation = 0
    private var seed: UInt64 = 1

    init() throws {
        let clock = simulated.clock
        time = TimeSource(
            clock: clock,
            wall: { [skew] in Self.dawn + clock.now.offset + skew.value.withLock { $0 } }
        )
        runner = FakeRunner(time: time)
        tree = try Tree(workspace: .standard)
        seat = Seat(runtime: .standard, agent: AgentID("a1")!)
        let identity = ClusterIdentity(id: Nonce(bits: 1), timeline: Nonce(bits: 2))
        try ensemble.createAll(try tree.cluster, data: try ZNodeCodec.encode(identity))
        try ensemble.createAll(try tree.centers)
    }

    var runtime: RuntimeTree { get throws { try tree.runtime(seat.runtime) } }
    var now: Instant { time.now }

    /// Starts the agent (again).
    @discardableResult
    func start(slots: Int = 100, processID: Int32 = 7, name: String? = nil) -> AgentService {
        seed += 1
        let home = self.seat
        let seat = name.flatMap(AgentID.init).map { Seat(runtime: home.runtime, agent: $0) } ?? home
        let configuration = AgentConfiguration(
            tree: tree,
            seat: seat,
            slots: slots,
            version: "1",
            host: "host-1",
            processID: processID
        )
        let service = AgentService(
            configuration,
            connector: ensemble,
            store: store,
            runner: runner,
            delivery: delivery,
            prober: prober,
            time: time,
            random: RandomSource(SeededGenerator(state: seed)),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        _ = simulated.executor.start {
            // The service throws only when it is cancelled, which no test does.
            try? await service.run()
        }
        simulated.settle()
        return service
    }

    /// Lets time pass.
    func run(_ duration: Duration) { simulated.run(for: duration) }

    /// Sets the wall clock.
    func setClock(ahead skew: Duration) { self.skew.value.withLock { $0 = skew } }

    /// Lets the clock reach an instant.
    func run(to instant: Instant) { simulated.run(for: now.duration(to: instant)) }

    /// The incarnation named by the ephemeral node; `nil` while there is none.
    var incarnation: Incarnation? {
        get throws {
            guard let node = ensemble.node(try runtime.agent(seat.agent)) else { return nil }
            return try ZNodeCodec.decode(AgentRegistration.self, from: node.data, at: "agent").incarnation
        }
    }

    var session: Int64 {
        get throws { ensemble.node(try runtime.agent(seat.agent))?.stat.ephemeralOwner ?? 0 }
    }

    // MARK: The leader's part

    /// Publishes a definition and returns it.
    @discardableResult
    func define(
        _ name: String,
        uid: UInt64 = 1,
        every: Duration = .seconds(1),
        timeout: Duration? = nil,
        schedules: [Schedule]? = nil,
        delivery: Delivery = .atMostOnce,
        change: (inout TaskSpecification) -> Void = { _ in }
    ) throws -> TaskDefinition {
        let interval = Schedule.every(try IntervalSchedule(every: every))
        var specification = TaskSpecification(
            name: TaskID(name)!,
            action: .command(["true"]),
            schedules: schedules ?? [interval],
            timeout: timeout,
            delivery: delivery
        )
        change(&specification)
        let definition = TaskDefinition.created(
            specification,
            uid: TaskUID(bits: uid),
            now: Self.dawn - .seconds(86_400)
        )
        let path = try tree.task(definition.name, bucket: Buckets.task(definition.name, count: 4_096))
        try ensemble.createAll(path, data: try ZNodeCodec.encode(definition))
        return definition
    }

    /// A run of a task that somebody asks for now.
    func request(_ task: TaskDefinition, _ number: UInt64 = 1) -> DispatchedRun {
        DispatchedRun(
            attempt: AttemptID(run: RunID(request: Nonce(bits: number)), number: 1),
            task: task.name,
            uid: task.uid,
            revision: task.revision,
            due: now,
            trigger: .request
        )
    }

    /// Adds what a center makes of a workspace, with an office that was taken `epoch` times, last by `guid`.
    func completeTree(epoch: Int32, guid: UInt64 = 5) throws {
        let office = try tree.epoch
        if ensemble.node(try tree.tasks) == nil { try ensemble.createAll(try tree.tasks) }
        if ensemble.node(office) != nil { try ensemble.write([.delete(office, version: nil)]) }
        try ensemble.createAll(office)
        let leadership = Leadership(center: CenterID("c1")!, guid: Nonce(bits: guid))
        let data = try ZNodeCodec.encode(leadership)
        for _ in 0..<epoch { try ensemble.write([.set(office, data: data, version: nil)]) }
    }

    /// Replaces the cluster's identity; `nil` removes it.
    func identify(_ identity: ClusterIdentity?) throws {
        let path = try tree.cluster
        guard let identity else { return _ = try ensemble.write([.delete(path, version: nil)]) }
        if ensemble.node(path) == nil { try ensemble.createAll(path) }
        try ensemble.write([.set(path, data: try ZNodeCodec.encode(identity), version: nil)])
    }

    /// Gives the agent exactly these rows, for an incarnation (the registered one unless told).
    func grant(
        _ rows: [AllocationRow],
        to incarnation: Incarnation? = nil,
        epoch: Int32 = 1,
        raisingFence: Bool = false
    ) throws {
        generation += 1
        let incarnation = try incarnation ?? self.incarnation ?? Incarnation(bits: 0)
        let head = try runtime.allocation(seat.agent)
        let bucket = try runtime.allocationBucket(seat.agent, 0)
        if raisingFence { try raiseFence(of: incarnation, sealed: false) }
        if ensemble.node(head) == nil { try ensemble.createAll(head) }
        if ensemble.node(bucket) == nil { try ensemble.createAll(bucket) }
        let record = AllocationHead(
            incarnation: incarnation,
            generation: generation,
            epoch: Epoch(rawValue: epoch),
            bucketCount: 1,
            buckets: [0: generation]
        )
        try ensemble.write([
            .set(bucket, data: try ZNodeCodec.encode(AllocationBucket(rows: rows)), version: nil),
            .set(head, data: try ZNodeCodec.encode(record), version: nil),
        ])
    }

    func row(_ definition: TaskDefinition, cursor: Instant? = nil, state: AllocationRow.State = .active)
        -> AllocationRow
    {
        AllocationRow(
            task: definition.name,
            uid: definition.uid,
            revision: definition.revision,
            cursor: cursor ?? now,
            state: state
        )
    }

    func raiseFence(of incarnation: Incarnation, sealed: Bool) throws {
        let record = try ZNodeCodec.encode(FenceRecord(isSealed: sealed))
        try ensemble.write([.set(try runtime.fence(seat.agent, incarnation), data: record, version: nil)])
    }

    /// The names of what is in the agent's inbox.
    var inbox: [String] {
        get throws {
            guard let incarnation = try incarnation else { return [] }
            return ensemble.children(try runtime.inbox(seat.agent, incarnation))
        }
    }

    /// Puts something into the agent's inbox.
    func dispatch(_ dispatch: Dispatch) throws {
        guard let incarnation = try incarnation else { return }
        try ensemble.createAll(
            try runtime.inboxEntry(seat.agent, incarnation, dispatch),
            data: try ZNodeCodec.encode(dispatch)
        )
    }

    /// Makes a center appear.
    func addCenter(_ name: String, leads: Bool = false) throws {
        let center = CenterID(name)!
        let registration = CenterRegistration(
            center: center,
            url: "http://\(name)",
            version: "1",
            host: "h",
            processID: 1,
            startedAt: now
        )
        if leads { delivery.state.withLock { $0.leader = center } }
        try ensemble.createAll(try tree.center(center), data: try ZNodeCodec.encode(registration))
    }

    // MARK: What is in the journal

    /// The numbers of an incarnation's segments.
    func segments(_ incarnation: Incarnation) throws -> [Int] {
        ensemble.children(try runtime.fence(seat.agent, incarnation))
            .compactMap(RuntimeTree.segmentNumber(named:)).sorted()
    }

    /// Everything an incarnation has journaled and not been relieved of: of its segments and its checkpoint.
    func journaled(_ incarnation: Incarnation) throws -> [JournaledFire] {
        var fires: [AttemptID: JournaledFire] = [:]
        for number in try segments(incarnation) {
            let path = try runtime.segment(seat.agent, incarnation, number)
            guard let node = ensemble.node(path) else { continue }
            let segment = try ZNodeCodec.decode(JournalSegment.self, from: node.data, at: path.text)
            for fire in segment.fires { fires[fire.attempt] = fire }
        }
        for open in try checkpoint(incarnation).open { fires[open.fire.attempt] = open.fire }
        return fires.values.sorted { $0.attempt < $1.attempt }
    }

    /// All buckets of an incarnation's checkpoint in one.
    func checkpoint(_ incarnation: Incarnation) throws -> CheckpointBucket {
        let parent = try runtime.checkpoint(seat.agent, incarnation)
        var all = CheckpointBucket()
        for name in ensemble.children(parent) {
            guard let node = ensemble.node(try parent.child(name)) else { continue }
            let bucket = try ZNodeCodec.decode(CheckpointBucket.self, from: node.data, at: name)
            all.cursors += bucket.cursors
            all.open += bucket.open
        }
        return all
    }

    /// The due instants that were started, relative to the dawn, in seconds.
    var startedSeconds: [Double] {
        runner.started.compactMap { $0.run.fireKey.map { Self.dawn.duration(to: $0.due).inSeconds } }.sorted()
    }
}

/// How far the wall clock is ahead.
private final class Skew: Sendable {
    let value = Mutex(Duration.zero)
}
