import Foundation
import Orchestration
import Scheduling

/// One run: a cluster is started, disturbed as planned, left alone until it is steady, and what happened is checked.
public struct NemesisRun: Sendable {
    /// What is done to the cluster.
    public var plan: FaultPlan
    /// Where everything is kept.
    public var workspace: Workspace
    /// The `cloudtask` program.
    public var program: String
    /// The library that steps clocks; `nil` to do without.
    public var clockLibrary: String?

    /// How a run ended.
    public enum Verdict: Hashable, Sendable {
        /// All promises were kept.
        case kept
        /// A promise was broken.
        case broken
        /// Too few faults were injected to say anything, or ZooKeeper itself lost data.
        case void
    }

    /// How long a cluster may take to be there.
    private static let startPatience = Duration.seconds(90)
    /// How much of a plan must come about.
    private static let injectedPercentMin = 80

    /// Creates a run.
    public init(plan: FaultPlan, workspace: Workspace, program: String, clockLibrary: String?) {
        self.plan = plan
        self.workspace = workspace
        self.program = program
        self.clockLibrary = clockLibrary
    }

    /// Runs, and ends whatever was started.
    public func execute() async throws -> Verdict {
        let topology = Topology()
        var builder = ClusterBuilder(
            topology: topology,
            workspace: workspace,
            clockLibrary: clockLibrary
        )
        let cluster = try await builder.build(program: program)
        let witness = EnsembleWitness(
            hosts: cluster.servers,
            sessionTimeout: topology.sessionTimeout
        )
        let result = await Result.catching {
            try await withThrowingTaskGroup(of: Verdict?.self) { group in
                group.addTask {
                    try await cluster.serveLinks()
                    return nil
                }
                group.addTask {
                    try await witness.run()
                    return nil
                }
                group.addTask { try await run(cluster, witness) }
                group.addTask {
                    try await StallWatch().run()
                    return nil
                }
                defer { group.cancelAll() }
                while let verdict = try await group.next() {
                    if let verdict { return verdict }
                }
                throw CancellationError()
            }
        }
        await cluster.destroy()
        // Kept for nobody: it was copied.
        try? FileManager.default.removeItem(atPath: cluster.program)
        return try result.get()
    }

    private func run(_ cluster: TestCluster, _ witness: EnsembleWitness) async throws -> Verdict {
        let workload = Workload(seed: plan.seed)
        try await start(cluster, workload)
        let from = Instant(Date())
        let journal = try FaultJournal(file: workspace.file("faults.ndjson"))
        journal.say("\(workload.items.count) tasks run; \(plan.faults.count) faults follow")
        let injected = try await disturb(Injector(cluster: cluster, journal: journal))
        journal.say("faults are over: \(injected) of \(plan.faults.count) were injected")
        let isSteady = try await heal(cluster, journal, tasks: workload.items.count)
        let to = Instant(Date())
        for outage in witness.outages { try await journal.add(outage) }
        try await journal.close()
        try await settle(journal)
        let evidence = EvidenceCollector(
            cluster: cluster,
            window: from...to,
            title: "Nemesis, seed \(plan.seed)"
        )
        let checked = await Result.catching { try await evidence.check() }
        try await workspace.keepData(of: cluster.topology.servers + cluster.topology.clients)
        if let loss = witness.loss {
            journal.say("VOID: ZooKeeper itself lost data: \(loss)")
            return .void
        }
        let isValid = try checked.get()
        if injected * 100 < plan.faults.count * Self.injectedPercentMin {
            journal.say("VOID: only \(injected) of \(plan.faults.count) planned faults were injected")
            return .void
        }
        return isValid && isSteady ? .kept : .broken
    }

    private func start(_ cluster: TestCluster, _ workload: Workload) async throws {
        Console.say("Starting 3 ZooKeeper servers, 3 centers and 5 agents …")
        for server in cluster.topology.servers { try await cluster.process(server).start() }
        try await wait("the ensemble", Self.startPatience) {
            await cluster.servers(in: "leader").isEmpty ? "it has no leader" : nil
        }
        for client in cluster.topology.clients { try await cluster.process(client).start() }
        try await wait("the cluster", Self.startPatience) { await cluster.unrest(tasks: nil) }
        let documents = workload.documents(recordingTo: cluster.startsFile)
        try documents.write(toFile: workspace.file("tasks.yaml"), atomically: true, encoding: .utf8)
        try Data().write(to: URL(fileURLWithPath: cluster.startsFile))
        let applied = try await cluster.control(["apply", "-f", workspace.file("tasks.yaml")])
        guard applied.status == 0 else {
            throw NemesisError("the tasks were refused: \(applied.errors)")
        }
        try await wait("the tasks", Self.startPatience) {
            await cluster.unrest(tasks: workload.items.count)
        }
    }

    /// Injects each fault at its time; how many came about.
    private func disturb(_ injector: Injector) async throws -> Int {
        let beginning = ContinuousClock.now
        return try await withThrowingTaskGroup(of: Bool.self) { group in
            for fault in plan.faults {
                group.addTask {
                    try await ContinuousClock().sleep(until: beginning + fault.start)
                    return try await injector.perform(fault)
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
    }

    /// Undoes everything, and waits until the cluster is steady; whether that was in time.
    private func heal(_ cluster: TestCluster, _ journal: FaultJournal, tasks: Int) async throws
        -> Bool
    {
        for link in cluster.links { link.set(nil) }
        for name in cluster.topology.servers + cluster.topology.clients {
            let process = cluster.process(name)
            await process.resume()
            if await !process.isRunning {
                journal.say("PROMISE BROKEN: \(name) ended by itself; see \(workspace.log(name))")
            }
            try await process.start()
        }
        // ZooKeeper's own recovery is nobody's promise.
        try await wait("the ensemble", Self.startPatience) {
            await cluster.servers(in: "leader").isEmpty ? "it has no leader" : nil
        }
        let healed = ContinuousClock.now
        let bound = RunCheckPolicy.settling(sessionTimeout: cluster.topology.sessionTimeout)
        do {
            try await wait("the cluster", bound * 4) { await cluster.unrest(tasks: tasks) }
        } catch let error as NemesisError {
            journal.say("PROMISE BROKEN: \(error)")
            return false
        }
        let duration = healed.duration(to: .now)
        for server in await cluster.absentServers() {
            journal.say("  \(server) has not come back: a failure of ZooKeeper itself; a majority serves")
        }
        journal.say("the cluster is steady \(duration.inSeconds) after the last fault")
        if duration > bound {
            journal.say("PROMISE BROKEN: it must be steady after \(bound.inSeconds)")
        }
        return duration <= bound
    }

    /// What was due before now must have ended and reached the centers.
    private func settle(_ journal: FaultJournal) async throws {
        let pause =
            Workload.longestRun + RunCheckPolicy.settling(sessionTimeout: Topology().sessionTimeout)
        journal.say("waiting \(pause.inSeconds) for what still runs")
        try await ContinuousClock().sleep(for: pause)
    }

    private func wait(_ what: String, _ patience: Duration, reason: () async -> String?) async throws {
        let deadline = ContinuousClock.now + patience
        while let reason = await reason() {
            guard ContinuousClock.now < deadline else {
                throw NemesisError("\(what) is not steady after \(patience.inSeconds): \(reason)")
            }
            try await ContinuousClock().sleep(for: .milliseconds(300))
        }
    }
}

extension Result where Failure == any Error {
    fileprivate static func catching(_ body: () async throws -> Success) async -> Self {
        do { return .success(try await body()) } catch { return .failure(error) }
    }
}
