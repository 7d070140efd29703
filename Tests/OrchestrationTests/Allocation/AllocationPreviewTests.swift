import Domain
import Orchestration
import Scheduling
import Testing

@Suite("Allocation: what would move")
struct AllocationPreviewTests {
    static let tasks = (1...40).map { number in
        PlannableTask(
            part: TaskPart(uid: TaskUID(bits: UInt64(number))),
            task: TaskID("t-\(number)")!,
            runtime: .standard
        )
    }
    static let agents = ["a", "b", "c", "d"].map { agent($0) }
    static let current = AllocationPlanner.plan(tasks: tasks, agents: agents, current: [:], now: .epoch)
        .owners

    static func agent(_ name: String, isDrained: Bool = false) -> PlannableAgent {
        PlannableAgent(agent: AgentID(name)!, runtime: .standard, slots: 4, isDrained: isDrained)
    }

    static func preview(_ change: AllocationPreview.Change) -> AllocationPreview {
        AllocationPreview(tasks: tasks, agents: agents, current: current, change: change, now: .epoch)
    }

    @Test("nothing moves if nothing changes")
    func nothing() {
        let preview = Self.preview(.init())
        #expect(preview.plan.changesNothing)
        #expect(preview.balances.map(\.agent.text) == ["a", "b", "c", "d"])
        #expect(preview.balances.allSatisfy { $0.gains == 0 && $0.losses == 0 && $0.before == $0.after })
    }

    @Test("without an agent its tasks move, others stay", arguments: ["a", "b", "c", "d"])
    func without(name: String) throws {
        let leaver = AgentID(name)!
        let preview = Self.preview(.init(leaving: [leaver]))
        let owned = Set(Self.current.filter { $0.value == leaver }.keys)
        #expect(Set(preview.plan.move.map(\.part)) == owned)
        #expect(preview.plan.move.allSatisfy { $0.from == leaver && $0.to != leaver })
        let balance = try #require(preview.balances.first { $0.agent == leaver })
        #expect((balance.before, balance.losses, balance.after) == (owned.count, owned.count, 0))
        #expect(preview.balances.map(\.gains).reduce(0, +) == owned.count)
    }

    @Test("stopping an agent and draining it moves the same", arguments: ["a", "b", "c", "d"])
    func drain(name: String) {
        let stopped = Self.preview(.init(leaving: [AgentID(name)!])).plan
        let drained = AllocationPlanner.plan(
            tasks: Self.tasks,
            agents: Self.agents.map { Self.agent($0.agent.text, isDrained: $0.agent.text == name) },
            current: Self.current,
            now: .epoch
        )
        #expect(stopped.owners == drained.owners)
    }

    @Test("a new agent takes about its share, from all")
    func with() throws {
        let preview = Self.preview(.init(joining: [Self.agent("new-1")]))
        let balance = try #require(preview.balances.first { $0.agent.text == "new-1" })
        #expect(balance.before == 0 && (6...9).contains(balance.after))
        #expect(preview.plan.move.allSatisfy { $0.to.text == "new-1" })
    }

    @Test("without all agents everything is released, with the reason")
    func withoutAll() {
        let preview = Self.preview(.init(leaving: Set(Self.agents.map(\.agent))))
        #expect(preview.plan.release.count == Self.tasks.count)
        #expect(preview.plan.unplaceable.allSatisfy { $0.reason == .noLiveAgent(.standard) })
        #expect(preview.balances.allSatisfy { $0.after == 0 })
    }
}
