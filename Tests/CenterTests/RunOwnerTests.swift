import Domain
import Scheduling
import Testing

@testable import Center

/// Who owns a run that has not ended, and when nobody does.
@Suite struct RunOwnerTests {
    private static let now = Workshop.start
    private static let incarnation = Incarnation(bits: 1)

    private func run(_ task: TaskDefinition, _ phase: RunReport.Phase) -> Run {
        Run(
            RunReport(
                fire: task.fire(Self.now),
                agent: AgentID("a")!,
                incarnation: Self.incarnation,
                runtime: .standard,
                phase: phase
            )
        )
    }

    private func task(timeout: Duration?) -> TaskDefinition {
        var specification = TaskSpecification.every(60, "t")
        specification.timeout = timeout
        specification.killGrace = .seconds(7)
        return .created(specification, uid: TaskUID(bits: 7), now: Self.now)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var timeout: Duration?
        var living: Incarnation?
        var isEnded = false
        var isTaskKnown = true
        var owner: RunOwner?
        var testDescription: String { name }
    }

    @Test(
        "every run that has not ended has an owner, and a deadline if its task has a timeout",
        arguments: [
            Case(
                name: "a living agent, no timeout",
                living: incarnation,
                owner: .agent(AgentID("a")!, incarnation, deadline: nil)
            ),
            Case(
                name: "a living agent, with a timeout and the grace after it",
                timeout: .seconds(30),
                living: incarnation,
                owner: .agent(AgentID("a")!, incarnation, deadline: now + .seconds(38))
            ),
            Case(
                name: "a living agent, the task is gone",
                timeout: .seconds(30),
                living: incarnation,
                isTaskKnown: false,
                owner: .agent(AgentID("a")!, incarnation, deadline: nil)
            ),
            Case(name: "the agent is gone", owner: .leader),
            Case(name: "the agent has started anew", living: Incarnation(bits: 2), owner: .leader),
            Case(name: "it has ended", living: incarnation, isEnded: true, owner: nil),
        ]
    )
    func owner(_ example: Case) {
        let task = task(timeout: example.timeout)
        let fire = task.fire(Self.now)
        let ended = AttemptResult(attempt: fire.attempt, outcome: .failed, endedAt: Self.now)
        let run = run(task, example.isEnded ? .ended(ended) : .started(at: Self.now + .seconds(1)))
        let owner = RunOwner.of(run, living: example.living, task: example.isTaskKnown ? task : nil)
        #expect(owner == example.owner)
    }

    private let attempt = AttemptID(run: RunID(FireKey(uid: TaskUID(bits: 7), due: Self.now)), number: 1)

    @Test(
        "an attempt is lost when it was found nowhere so often in a row, and never while it is held",
        arguments: [(Whereabouts.gone, 3), (.released, 15), (.held, nil)] as [(Whereabouts, Int?)]
    )
    func patience(_ whereabouts: Whereabouts, _ looks: Int?) {
        var memory = SweepMemory()
        for look in 1...40 {
            let ripe = memory.note([attempt: whereabouts])
            #expect(ripe == (looks.map { look >= $0 } ?? false ? [attempt] : []))
            #expect(memory.ownerlessCount == (looks == nil ? 0 : 1))
        }
        memory.settle(attempt)
        #expect(memory.ownerlessCount == 0)
    }

    @Test("what is held or has ended in between starts anew", arguments: [[:], [0: Whereabouts.held]])
    func startsAnew(_ between: [Int: Whereabouts]) {
        var memory = SweepMemory()
        _ = memory.note([attempt: .gone])
        _ = memory.note([attempt: .gone])
        _ = memory.note(between.isEmpty ? [:] : [attempt: .held])
        #expect(memory.ownerlessCount == 0)
        #expect(memory.note([attempt: .gone]).isEmpty)
        #expect(memory.note([attempt: .gone]).isEmpty)
        #expect(memory.note([attempt: .gone]) == [attempt])
    }
}
