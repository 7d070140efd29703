import Domain
import Testing

@testable import Control

@Suite struct SavingPartTests {
    private func task(_ name: String, after others: String...) -> TaskSpecification {
        TaskSpecification(
            name: TaskID(name)!,
            action: .command(["true"]),
            after: Dependencies(others.map { .init(TaskID($0)!, on: .succeeded) })
        )
    }

    private func names(_ parts: [SavingPart]) -> [[String]] { parts.map { $0.tasks.map(\.name.text) } }

    @Test("tasks that have nothing to do with one another are cut in their order")
    func cut() {
        let tasks = (0..<5).map { task("t\($0)") }
        #expect(names(SavingPart.parts([], tasks, size: 2)) == [["t0", "t1"], ["t2", "t3"], ["t4"]])
        #expect(names(SavingPart.parts([], [], size: 2)) == [])
    }

    @Test("what comes after one another stays together, also when it is more than a part has")
    func together() {
        let tasks = [
            task("a"), task("b"), task("c", after: "d"), task("d"), task("e", after: "elsewhere"),
            task("f", after: "a", "c"),
        ]
        #expect(names(SavingPart.parts([], tasks, size: 2)) == [["a", "c", "d", "f"], ["b", "e"]])
    }

    @Test("a chain of ten thousand is one part")
    func chain() {
        let tasks = (0..<10_000).map { $0 == 0 ? task("t0") : task("t\($0)", after: "t\($0 - 1)") }
        #expect(SavingPart.parts([], tasks.reversed(), size: 1_000).map(\.count) == [10_000])
    }

    @Test("a workflow goes with the tasks that come after its steps")
    func workflow() throws {
        var head = task("w")
        head.workflow = WorkflowPlace(WorkflowID("w")!)
        let flow = try #require(Workflow(head: head, steps: [task("w.one", after: "w")]))
        let parts = SavingPart.parts([flow], [task("a"), task("b", after: "w.one")], size: 2)
        #expect(names(parts) == [["b"], ["a"]])
        #expect(parts.map(\.count) == [3, 1])
        #expect(parts.map(\.workflows.count) == [1, 0])
    }
}
