import Center
import Cluster
import Domain
import Scheduling
import SimulationKit
import Synchronization

/// What users do while the faults happen: tasks are saved, edited, paused and deleted, runs requested, nodes drained.
final class Workload {
    private let cluster: SimulatedCluster
    private var generator: SeededGenerator
    private var names: [TaskID] = []
    private var requestCount = 0
    private let requested = Requests()
    /// How often runs of each task were requested, repetitions of one request not counted.
    private(set) var requestCounts: [TaskID: Int] = [:]
    /// What tasks say about runs that would overlap; an edit does not change it.
    private var policies: [TaskID: Concurrency] = [:]
    /// What tasks follow: the ends of their own runs, or those of others; an edit does not change it.
    private var followings: [TaskID: Following] = [:]
    private var followingGenerator: SeededGenerator
    private var pauseGenerator: SeededGenerator
    private var splitGenerator: SeededGenerator
    private var keyGenerator: SeededGenerator
    /// Whether the runs of a task hold a key that those of others hold, too; an edit does not change it.
    private var keyed: [TaskID: Bool] = [:]
    /// Which tasks stand in a group that is paused now and then.
    private var grouped: Set<TaskID> = []
    /// Tasks whose schedules were changed while the cluster ran.
    private(set) var edited: Set<TaskID> = []
    /// Agents that were ever drained.
    private(set) var drained: Set<AgentID> = []

    init(cluster: SimulatedCluster, generator: SeededGenerator) {
        self.cluster = cluster
        self.generator = generator
        followingGenerator = generator
        pauseGenerator = generator
        splitGenerator = generator
        keyGenerator = generator
    }

    /// The group that is paused now and then.
    private static let group = GroupID("folder") ?? .standard

    /// What a task follows besides its schedule.
    private struct Following {
        var after = Dependencies()
        /// From the end of a run to the next; `nil` for a task that is due every so often.
        var completion: CompletionSchedule?
        var isScheduled = true
        /// Whether it runs wherever an agent starts.
        var followsStarts = false
        /// Into how many shards its fires are split, of a task that follows nothing.
        var shards: Shards?

        /// Whether nothing but its schedule begins its runs.
        var isPlain: Bool { after.edges.isEmpty && completion == nil && !followsStarts }
        /// Whether its runs may have to wait for those of others.
        var isPatient: Bool { completion == nil && !followsStarts }
    }

    /// Tasks whose fires may have to wait for the end of a run.
    var waitingTasks: Set<TaskID> { Set(policies.filter { $0.value.waitingMax > 0 }.keys) }

    /// Runs that were requested, and the request acknowledged.
    var requestedRuns: [RunID] { requested.runs }

    /// Saves the first tasks, into a runtime in which agents that flap are soon trusted again: faults make all of them flap.
    func begin() throws {
        var settings = RuntimeSettings(name: .standard)
        settings.rejoinDelay = .seconds(5)
        onLeader("set the runtime") { [settings] operations in
            try await operations.setRuntime(settings)
            return "done"
        }
        let count = 4 + generator.index(below: 6)
        let specifications = try (0..<count).map { try specification("task\($0)") }
        names = specifications.map(\.name)
        onLeader("save") { operations in
            _ = try await operations.save(specifications, condition: .any)
            return "\(specifications.count) tasks"
        }
    }

    /// Does something, or nothing.
    func step() throws {
        guard generator.chance(0.1), let name = generator.element(of: names) else { return }
        switch generator.index(below: 12) {
        case 0:
            let specification = try specification(name.text)
            edited.insert(name)
            onLeader("edit \(name)") { operations in
                _ = try await operations.save([specification], condition: .any)
                return "saved"
            }
        case 1, 2:
            edited.insert(name)
            let isEnabled = generator.chance(0.6)
            if pauseGenerator.chance(0.3) { return pauseGroup(!isEnabled) }
            onLeader(isEnabled ? "resume \(name)" : "pause \(name)") { operations in
                "revision \(try await operations.setEnabled(name, isEnabled).revision)"
            }
        case 3: try replace(name)
        case 4, 5: drain()
        default: request(name)
        }
    }

    /// Pauses the group, or resumes it.
    private func pauseGroup(_ isPaused: Bool) {
        edited.formUnion(grouped)
        onLeader("\(isPaused ? "pause" : "resume") the group") { operations in
            let outcome = try await operations.setPaused(.group(Self.group), isPaused, ChangeNote())
            return "\(outcome.taskCount) tasks"
        }
    }

    /// Nobody asks for anything any more; what was asked may still happen.
    func stop() { requested.stop() }

    /// Nothing stays drained or paused: the cluster must be able to do everything.
    func heal() {
        let (agents, names) = (cluster.agents.map(\.id), names)
        requested.resume()
        onLeader("undrain all") { operations in
            for agent in agents { try await operations.setDrained(agent, in: nil, false) }
            for name in names { try await Self.resume(name, operations) }
            try await Self.resumeGroup(operations)
            return "done"
        }
    }

    /// Resumes a task; one that was to be replaced and was only deleted needs nothing.
    private static func resume(_ name: TaskID, _ operations: any CenterOperations) async throws {
        do {
            _ = try await operations.setEnabled(name, true)
        } catch CenterError.notFound {
            return
        }
    }

    /// Resumes the group; one that has no tasks and was never paused needs nothing.
    private static func resumeGroup(_ operations: any CenterOperations) async throws {
        do {
            _ = try await operations.setPaused(.group(group), false, ChangeNote())
        } catch CenterError.notFound {
            return
        }
    }

    private func specification(_ name: String) throws -> TaskSpecification {
        guard let name = TaskID(name) else { throw CenterError.notFound(kind: "task", name: name) }
        // Most come due often; some so rarely that their agent sleeps for long.
        let seconds = generator.chance(0.15) ? 20 : 1 + generator.index(below: 8)
        let interval = try IntervalSchedule(every: .seconds(seconds))
        if followings[name] == nil, pauseGenerator.chance(0.4) { grouped.insert(name) }
        var following = try followings[name] ?? drawFollowing()
        if followings[name] == nil, splitGenerator.chance(0.2), following.isPlain {
            following.shards = .count(2 + splitGenerator.index(below: 2))
        }
        followings[name] = following
        let drawn = policies[name] ?? drawConcurrency()
        let isKeyed = keyed[name] ?? (keyGenerator.chance(0.3) && following.isPatient)
        keyed[name] = isKeyed
        // Few runs at a time wait for the key or hold it, so that all have their turns.
        let areMany = drawn.livingMax == nil || drawn.waitingMax > 1
        let concurrency =
            following.followsStarts ? Concurrency() : isKeyed && areMany ? Concurrency(.forbid) : drawn
        policies[name] = concurrency
        var schedules = following.isScheduled ? [Schedule.every(interval)] : []
        if let completion = following.completion { schedules = [Schedule(.afterCompletion(completion))] }
        if following.followsStarts { schedules.append(Schedule(.onAgentStart(try AgentStartSchedule()))) }
        // All attempts of what is counted are made by the owner.
        let locations = Retry.Location.allCases.filter { concurrency.livingMax == nil || $0 != .other }
        return TaskSpecification(
            name: name,
            group: grouped.contains(name) ? Self.group : .standard,
            action: .command(["true"]),
            schedules: schedules,
            killGrace: .seconds(1),
            delivery: generator.chance(0.5) ? .atLeastOnce : .atMostOnce,
            misfire: Misfire(generator.element(of: Misfire.Policy.allCases) ?? .once),
            retry: Retry(
                attempts: generator.chance(0.3) ? 2 : 1,
                delay: .seconds(2),
                agent: generator.element(of: locations) ?? .any
            ),
            concurrency: concurrency,
            demand: UnitDemand(keys: isKeyed ? [PoolID("shared")].compactMap(\.self) : []),
            shards: following.shards,
            after: following.after
        )
    }

    /// Tasks come after those that were drawn before them, so that none comes after itself.
    private func drawFollowing() throws -> Following {
        var following = Following()
        if followingGenerator.chance(0.15) {
            let delay = Duration.seconds(1 + followingGenerator.index(below: 3))
            following.completion = try CompletionSchedule(delay: delay)
        } else if followingGenerator.chance(0.15) {
            following.followsStarts = true
        } else if followingGenerator.chance(0.3) {
            var parents = followings.keys.sorted()
            for _ in 0..<(followingGenerator.chance(0.3) ? 2 : 1) where !parents.isEmpty {
                let parent = parents.remove(at: followingGenerator.index(below: parents.count))
                let condition: Dependencies.Condition =
                    followingGenerator.chance(0.7) ? .finished : .succeeded
                following.after.edges.append(.init(parent, on: condition))
            }
            following.isScheduled = following.after.edges.isEmpty || followingGenerator.chance(0.3)
        }
        return following
    }

    private func drawConcurrency() -> Concurrency {
        switch generator.index(below: 10) {
        case 0, 1: Concurrency(.forbid)
        case 2: Concurrency(.queueOne)
        case 3: Concurrency(.queueAll, cap: 3)
        case 4: Concurrency(.replace)
        case 5: Concurrency(.allow, max: 2)
        default: Concurrency()
        }
    }

    private func replace(_ name: TaskID) throws {
        let specification = try specification(name.text)
        edited.insert(name)
        onLeader("replace \(name)") { operations in
            try await operations.deleteTask(name)
            _ = try await operations.save([specification], condition: .any)
            return "another task of that name"
        }
    }

    private func drain() {
        guard let agent = generator.element(of: cluster.agents)?.id else { return }
        let isDrained = generator.chance(0.4)
        if isDrained { drained.insert(agent) }
        onLeader("\(isDrained ? "drain" : "undrain") \(agent)") { operations in
            try await operations.setDrained(agent, in: nil, isDrained)
            return "done"
        }
    }

    /// Requests a run, as often as it takes: every time with the same key.
    private func request(_ name: TaskID) {
        requestCount += 1
        requestCounts[name, default: 0] += 1
        let (key, time, requests) = ("key\(requestCount)", cluster.clientTime, requested)
        let (network, centers) = (cluster.network, cluster.centers.map(\.id))
        cluster.perform("request \(name)") {
            for round in 0..<12 where !requests.areOver {
                do {
                    let run = try await network.call(centers[round % centers.count], from: "client") {
                        try await $0.requestRun(of: name, key: key)
                    }
                    requests.add(run)
                    return run.text
                } catch {
                    try await time.sleep(for: .milliseconds(700))
                }
            }
            return "given up"
        }
    }

    /// Asks whoever leads, again and again for a while.
    private func onLeader(
        _ what: String,
        _ body: @escaping @Sendable (any CenterOperations) async throws -> String
    ) {
        let (network, centers, time) = (cluster.network, cluster.centers.map(\.id), cluster.clientTime)
        let requests = requested
        cluster.perform(what) {
            for round in 0..<12 where !requests.areOver {
                do {
                    return try await network.call(centers[round % centers.count], from: "client", body)
                } catch {
                    try await time.sleep(for: .milliseconds(500))
                }
            }
            return "given up"
        }
    }
}

/// What users asked for, and whether they go on asking.
private final class Requests: Sendable {
    private struct State {
        var runs: Set<RunID> = []
        var areOver = false
    }

    private let state = Mutex(State())

    /// The runs whose requests were acknowledged.
    var runs: [RunID] { state.withLock { $0.runs.sorted() } }
    var areOver: Bool { state.withLock(\.areOver) }

    func add(_ run: RunID) { state.withLock { _ = $0.runs.insert(run) } }
    func stop() { state.withLock { $0.areOver = true } }
    func resume() { state.withLock { $0.areOver = false } }
}
