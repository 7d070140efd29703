import Agent
import Center
import CenterDoubles
import Cluster
import Domain
import Logging
import Orchestration
import Scheduling
import SimulationKit
import Synchronization
import ZooKeeper

/// Real centers and real agents over a simulated ensemble, network, clock and disks.
final class SimulatedCluster {
    /// The session timeout: short, so that a minute sees many sessions end.
    static let sessionTimeout = Duration.seconds(4)
    /// How many attempts an agent runs at a time, unless told otherwise: so many that hardly any has to wait.
    static let ampleSlots = 12

    let simulated: SimulatedWorld
    let ensemble: SimulatedEnsemble
    let network: SimulatedNetwork
    let trace: Trace
    let watch: ClusterWatch
    let tree: Tree
    var generator: SeededGenerator
    /// How many attempts each agent runs at a time.
    private let slots: Int
    private(set) var agents: [SimulatedAgent] = []
    private(set) var centers: [SimulatedCenter] = []
    /// Every process that ever ran, to be buried with the world.
    private var processes: [(process: SimulationExecutor, task: Task<Void, Never>)] = []
    private let logger = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }

    init(seed: UInt64, keepsTrace: Bool, slots: Int = SimulatedCluster.ampleSlots) throws {
        self.slots = slots
        generator = SeededGenerator(seed: seed)
        simulated = SimulatedWorld(seed: generator.next())
        trace = Trace(clock: simulated.clock, keepsLines: keepsTrace)
        var configuration = SimulatedEnsemble.Configuration()
        configuration.sessionTimeout = Self.sessionTimeout
        configuration.syncLimit = .seconds(5)
        ensemble = SimulatedEnsemble(
            clock: simulated.clock,
            configuration: configuration,
            generator: generator.split()
        )
        network = SimulatedNetwork(clock: simulated.clock, generator: generator.split())
        tree = try Tree(workspace: .standard)
        watch = ClusterWatch(tree: tree, trace: trace)
        let watch = watch
        ensemble.observe { watch.saw($0) }
        let trace = trace
        ensemble.narrate { trace.note("zookeeper", $0) }
    }

    var now: Duration { simulated.clock.now.offset }

    /// The true time, whatever the machines' clocks say.
    var wallNow: Instant { SimulatedMachine.dawn + now }

    /// Time as clients of the cluster see it.
    var clientTime: TimeSource {
        let clock = simulated.clock
        return TimeSource(clock: clock) { SimulatedMachine.dawn + clock.now.offset }
    }

    /// The center that leads, as far as it knows.
    var leader: SimulatedCenter? {
        centers.first { center in
            guard let current = center.current, current.process.isRunning else { return false }
            return current.service.status.epoch != nil
        }
    }

    // MARK: Processes

    @discardableResult
    func addCenter(_ name: String) throws -> SimulatedCenter {
        guard let id = CenterID(name) else { throw ZooKeeperError(.badArguments, path: name) }
        let center = SimulatedCenter(
            id: id,
            machine: SimulatedMachine(name: name, clock: simulated.clock),
            history: InMemoryRunHistory(identity: RandomID(high: generator.next(), low: generator.next()))
        )
        centers.append(center)
        start(center)
        return center
    }

    @discardableResult
    func addAgent(_ name: String, machine: String? = nil) throws -> SimulatedAgent {
        guard let id = AgentID(name) else { throw ZooKeeperError(.badArguments, path: name) }
        let machine = SimulatedMachine(name: machine ?? name, clock: simulated.clock)
        let agent = SimulatedAgent(id: id, machine: machine)
        agents.append(agent)
        start(agent)
        return agent
    }

    func start(_ center: SimulatedCenter) {
        let process = simulated.makeProcess()
        let client = ensemble.connector(of: process)
        let time = center.machine.makeTime()
        let service = CenterService(
            configuration: CenterConfiguration(
                center: center.id,
                url: "http://\(center.id)",
                tree: tree,
                version: "1",
                host: center.machine.name,
                processID: 1
            ),
            connector: client,
            history: center.history,
            memory: center.memory,
            peers: SimulatedPeers(network: network, caller: center.machine.name),
            time: time,
            random: RandomSource(generator.split()),
            logger: logger
        )
        trace.note(center.machine.name, "starts")
        let task = process.start {
            // It runs for as long as the world, or until it is killed, and leaves no sleeper behind.
            let forever = AsyncStream.makeStream(of: Never.self)
            await service.run { for await _ in forever.stream {} }
        }
        processes.append((process, task))
        center.current = CenterProcess(process: process, client: client, service: service, task: task)
        center.restartAt = nil
        network.listen(center.id, process, service.operations)
    }

    func start(_ agent: SimulatedAgent) {
        let process = simulated.makeProcess()
        let client = ensemble.connector(of: process)
        let time = agent.machine.makeTime()
        let (watch, ensemble, id) = (watch, ensemble, agent.id)
        let runner = SimulatedRunner(
            machine: agent.machine,
            clock: simulated.clock,
            time: time,
            generator: generator.split(),
            onStart: { watch.started($0, by: id, endedByTimeout: { ensemble.hasTimedOut($0) }) },
            onEnd: { watch.ended($0, $1) }
        )
        let seat = Seat(runtime: .standard, agent: agent.id)
        let service = AgentService(
            AgentConfiguration(
                tree: tree,
                seat: seat,
                slots: slots,
                version: "1",
                host: agent.machine.name,
                processID: 1
            ),
            connector: client,
            store: agent.machine.store,
            runner: runner,
            delivery: SimulatedDelivery(network: network, caller: agent.machine.name),
            time: time,
            random: RandomSource(generator.split()),
            logger: logger
        )
        trace.note(agent.machine.name, "starts as \(agent.id)")
        let task = process.start {
            // The service throws only when it is cancelled.
            try? await service.run()
            runner.shutDown()
        }
        processes.append((process, task))
        agent.current = AgentProcess(
            process: process,
            client: client,
            service: service,
            runner: runner,
            task: task
        )
        agent.restartAt = nil
    }

    /// Ends a process as SIGKILL does; its connections break, its children run on.
    func kill(_ agent: SimulatedAgent) {
        guard let current = agent.current else { return }
        trace.note(agent.machine.name, "is killed")
        current.process.kill()
        current.client.reset()
        agent.current = nil
    }

    /// Ends a process as SIGKILL does.
    func kill(_ center: SimulatedCenter) {
        guard let current = center.current else { return }
        trace.note(center.machine.name, "is killed")
        current.process.kill()
        current.client.reset()
        center.current = nil
    }

    /// Takes an agent that was a copy of another out of the cluster.
    func remove(_ agent: SimulatedAgent) {
        kill(agent)
        agents.removeAll { $0 === agent }
    }

    // MARK: Time

    /// Sets the wall clocks of all agents, ahead of the truth or behind it.
    func setAgentClocks(_ offset: Duration) {
        trace.note("clocks", "of all agents are set to be off by \(offset)")
        for agent in agents { agent.machine.setClock(offset: offset, drift: 0) }
    }

    func run(for duration: Duration) { simulated.run(for: duration) }

    /// Has a client of the cluster do something in its own time; `done` is told how it went.
    func perform(_ name: String, _ body: @escaping @Sendable () async throws -> String) {
        let trace = trace
        _ = simulated.executor.start {
            do {
                let result = try await body()
                trace.note("client", "\(name): \(result)")
            } catch {
                trace.note("client", "\(name) fails: \(error)")
            }
        }
    }

    /// Gives back what the processes hold.
    func end() {
        watch.close()
        // Who shuts down in an orderly way waits for time to pass, which it does no more.
        for agent in agents { kill(agent) }
        for center in centers { kill(center) }
        for (_, task) in processes { task.cancel() }
        simulated.bury(processes.map(\.process))
    }
}
