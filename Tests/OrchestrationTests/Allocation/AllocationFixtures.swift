import Domain
import Orchestration
import Scheduling
import Testing

/// A generator of reproducible numbers (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}

/// A pool of agents and tasks to plan, and the plan's effect.
struct Pool {
    static let runtime = RuntimeID("default")!
    static let now = Instant(millisecondsSinceEpoch: 1_700_000_000_000)

    var tasks: [PlannableTask] = []
    var agents: [PlannableAgent] = []
    var current: [TaskPart: AgentID] = [:]
    var now = Pool.now

    init() {}

    /// Equal agents and unconstrained tasks.
    init(agents: Int, tasks: Int, seed: UInt64 = 1) {
        var numbers = SeededNumbers(seed)
        for index in 0..<agents { addAgent("a\(index)") }
        for index in 0..<tasks { addTask(TaskUID(bits: numbers.next()), "t\(index)") }
    }

    mutating func addAgent(_ name: String, _ change: (inout PlannableAgent) -> Void = { _ in }) {
        var agent = PlannableAgent(agent: AgentID(name)!, runtime: Self.runtime)
        change(&agent)
        agents.append(agent)
    }

    mutating func addTask(_ uid: TaskUID, _ name: String, _ placement: Placement = Placement()) {
        tasks.append(
            PlannableTask(
                part: TaskPart(uid: uid),
                task: TaskID(name)!,
                runtime: Self.runtime,
                placement: placement
            )
        )
    }

    mutating func addTasks(_ count: Int, from first: Int, _ placement: Placement = Placement()) {
        for number in first..<(first + count) {
            var numbers = SeededNumbers(UInt64(number))
            addTask(TaskUID(bits: numbers.next()), "t\(number)", placement)
        }
    }

    func plan() -> AllocationPlan {
        AllocationPlanner.plan(tasks: tasks, agents: agents, current: current, now: now)
    }

    /// Plans, carries the plan out, checks that it is a cover without duplicates, and returns it.
    @discardableResult
    mutating func settle(sourceLocation: SourceLocation = #_sourceLocation) -> AllocationPlan {
        let plan = plan()
        let parts = plan.keep.map(\.part) + plan.assign.map(\.part) + plan.move.map(\.part)
        let all = parts + plan.unplaceable.map(\.part)
        #expect(all.count == tasks.count, sourceLocation: sourceLocation)
        #expect(Set(all) == Set(tasks.map(\.part)), sourceLocation: sourceLocation)
        #expect(
            plan.move.allSatisfy { current[$0.part] == $0.from && $0.from != $0.to },
            sourceLocation: sourceLocation
        )
        current = plan.owners
        return plan
    }

    var loads: [AgentID: Int] {
        var loads = Dictionary(uniqueKeysWithValues: agents.map { ($0.agent, 0) })
        for owner in current.values { loads[owner, default: 0] += 1 }
        return loads
    }

    /// Checks every load against ceil(1.05 × share), the share being by weight alone.
    func expectBalanced(sourceLocation: SourceLocation = #_sourceLocation) {
        let weight = agents.reduce(0) { $0 + $1.weight }
        let loads = loads
        for agent in agents {
            let share = Double(current.count) * agent.weight / weight
            let bound = (1.05 * share - 1e-6).rounded(.up)
            #expect(
                Double(loads[agent.agent] ?? 0) <= bound,
                "\(agent.agent) holds more than \(bound)",
                sourceLocation: sourceLocation
            )
        }
    }
}
