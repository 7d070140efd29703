import Domain
import Scheduling
import SimulationKit
import Synchronization

/// A whole cluster of real centers and agents that lives through the faults of one seed, and is checked all the time.
///
/// First everything is well and tasks are saved; then, for a minute, faults happen and users change things; then everything is
/// mended, and the cluster must recover and settle all that was left open.
public struct Simulation {
    /// Draws everything: the cluster, the faults, the order in which things happen.
    public let seed: UInt64
    /// How many attempts each agent runs at a time; with one or two, attempts wait for slots.
    let slots: Int

    /// Creates the simulation of a seed; `slots`, at least 1, is how many attempts each agent runs at a time, by default so many that
    /// hardly any waits.
    public init(seed: UInt64, slots: Int? = nil) {
        self.seed = seed
        self.slots = slots ?? SimulatedCluster.ampleSlots
    }

    /// How long faults happen.
    static let faultSpan = Duration.seconds(60)
    /// P13: how soon after the last fault the cluster must be as it should be.
    static let recoveryMax = SimulatedCluster.sessionTimeout * 2 + .seconds(5)
    /// How long users wait for an answer before they give up.
    private static let patience = SimulatedNetwork.patience + .seconds(1)
    /// How long results may need to reach every center after that.
    static let settlingSpan = Duration.seconds(30)
    /// How far the agents' clocks are set forward when all else is well, where clocks were among the faults.
    private static let lastClockStep = Duration.seconds(10)
    /// Faults begin and end, and users act, in steps.
    private static let step = Duration.milliseconds(100)

    /// Runs the cluster from its beginning to its end.
    ///
    /// With `keepsTrace` the report tells everything that happened. Throws only when the cluster cannot be built.
    public func run(keepsTrace: Bool = false) throws -> SimulationReport {
        var generator = SeededGenerator(seed: seed)
        let cluster = try SimulatedCluster(seed: generator.next(), keepsTrace: keepsTrace, slots: slots)
        defer { cluster.end() }
        for number in 1...(2 + generator.index(below: 2)) { try cluster.addCenter("center\(number)") }
        for number in 1...(2 + generator.index(below: 3)) { try cluster.addAgent("agent\(number)") }
        cluster.run(for: .seconds(6))
        let workload = Workload(cluster: cluster, generator: generator.split())
        try workload.begin()
        cluster.run(for: .seconds(4))
        let plan = FaultPlan(span: cluster.now...(cluster.now + Self.faultSpan), generator: &generator)
        let injector = FaultInjector(plan, cluster: cluster, generator: generator.split())
        let end = cluster.now + Self.faultSpan
        while cluster.now < end {
            injector.step()
            try workload.step()
            cluster.run(for: Self.step)
        }
        injector.healAll()
        let areClocksWrong = plan.entries.contains { $0.kind == .stepClock }
        if areClocksWrong { cluster.setAgentClocks(.zero - Self.lastClockStep) }
        workload.stop()
        cluster.run(for: Self.patience)
        workload.heal()
        cluster.run(for: Self.recoveryMax - Self.patience)
        let final = FinalChecks(
            cluster: cluster,
            workload: workload,
            faults: Set(plan.entries.map(\.kind))
        )
        final.checkRecovery()
        cluster.run(for: Self.patience)
        final.checkAllocation()
        // A healthy agent whose clock is set forward starts what has come due by it.
        if areClocksWrong { cluster.setAgentClocks(.zero) }
        let lastDue = cluster.wallNow
        cluster.watch.becameSteady(at: lastDue, waiting: workload.waitingTasks)
        cluster.run(for: Self.settlingSpan / 2)
        let moves = final.moveCount
        cluster.run(for: Self.settlingSpan / 2)
        final.checkMovement(since: moves)
        final.checkLeftovers()
        final.checkRecords(through: lastDue)
        final.checkOutcome(through: lastDue)
        final.checkResults(through: lastDue)
        final.checkRequests()
        final.checkFollowers(through: lastDue)
        final.checkStarts()
        final.checkClaims()
        return SimulationReport(
            seed: seed,
            violations: cluster.trace.violations,
            traceHash: cluster.trace.hash,
            trace: cluster.trace.lines,
            faults: injector.counts,
            startCount: cluster.watch.state.withLock { $0.starts.starts.count },
            duration: cluster.now
        )
    }
}
