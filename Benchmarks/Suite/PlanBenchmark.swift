import Domain
import Orchestration
import Scheduling

/// How long the planner takes for a large cluster, against rendezvous hashing without bounds, weights or constraints.
struct PlanBenchmark: Benchmark {
    let name = "plan"

    private static let taskCount = 100_000
    private static let agentCount = 100

    func run(_ workshop: Workshop) async throws {
        let tasks = try tasks()
        let agents = try agents()
        let planned = plan(tasks, agents, [:])
        let owners = planned.owners
        guard owners.count == Self.taskCount else {
            throw BenchmarkError("only \(owners.count) tasks were placed")
        }
        let survivors = Array(agents.dropLast())
        try await measure("from scratch", tasks, agents, current: [:]) { $0.assign.count == Self.taskCount }
        try await measure("after one loss", tasks, survivors, current: owners) { !$0.move.isEmpty }
        try await measure("unchanged", tasks, agents, current: owners) { $0.changesNothing }
    }

    private func measure(
        _ situation: String,
        _ tasks: [PlannableTask],
        _ agents: [PlannableAgent],
        current: [TaskPart: AgentID],
        isPlausible: (AllocationPlan) -> Bool
    ) async throws {
        let keys = (tasks: keys(tasks.count, seed: 1), agents: keys(agents.count, seed: 2))
        let (ours, theirs) = try await interleaved {
            var plan = AllocationPlan()
            let time = milliseconds { plan = self.plan(tasks, agents, current) }
            guard isPlausible(plan) else {
                throw BenchmarkError("the plan \(situation) is not what it should be")
            }
            return ["time": time]
        } against: {
            var loads: [Int] = []
            let time = milliseconds { loads = rendezvous(keys.tasks, keys.agents) }
            guard loads.allSatisfy({ $0 > 0 }) else {
                throw BenchmarkError("rendezvous hashing left agents idle")
            }
            return ["time": time]
        }
        try Measurement(
            benchmark: name,
            parameters: [
                "situation": .text(situation), "tasks": .number(tasks.count), "agents": .number(agents.count),
            ],
            value: ours["time"] ?? 0,
            unit: "ms",
            baseline: ("unweighted rendezvous hashing of the same numbers", theirs["time"] ?? 0)
        ).report()
    }

    private func plan(
        _ tasks: [PlannableTask],
        _ agents: [PlannableAgent],
        _ current: [TaskPart: AgentID]
    ) -> AllocationPlan {
        AllocationPlanner.plan(tasks: tasks, agents: agents, current: current, now: .epoch)
    }

    private func tasks() throws -> [PlannableTask] {
        try (0..<Self.taskCount).map { number in
            guard let task = TaskID("task-\(number)") else {
                throw BenchmarkError("task-\(number) is no name")
            }
            let uid = TaskUID(bits: mixed(UInt64(number)))
            return PlannableTask(part: TaskPart(uid: uid), task: task, runtime: .standard)
        }
    }

    private func agents() throws -> [PlannableAgent] {
        try (0..<Self.agentCount).map { number in
            guard let agent = AgentID("agent-\(number)") else {
                throw BenchmarkError("agent-\(number) is no name")
            }
            return PlannableAgent(agent: agent, runtime: .standard, slots: 64)
        }
    }

    private func keys(_ count: Int, seed: UInt64) -> [UInt64] {
        (0..<count).map { mixed(UInt64($0) << 8 | seed) }
    }

    /// How many tasks each agent gets when a task goes to the agent with the highest hash of the pair.
    private func rendezvous(_ tasks: [UInt64], _ agents: [UInt64]) -> [Int] {
        var loads = [Int](repeating: 0, count: agents.count)
        for task in tasks {
            var best = (index: 0, score: UInt64(0))
            for (index, agent) in agents.enumerated() {
                let score = mixed(task ^ agent)
                if score > best.score { best = (index, score) }
            }
            loads[best.index] += 1
        }
        return loads
    }

    /// The finaliser of SplitMix64.
    private func mixed(_ bits: UInt64) -> UInt64 {
        var bits = bits &+ 0x9E37_79B9_7F4A_7C15
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}
