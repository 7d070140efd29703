import Cluster
import Domain
import Scheduling
import SimulationKit
import Testing
import ZooKeeper

@testable import Center

@Suite struct SavingTests {
    @Test("conditions are kept, and the same specification changes nothing")
    func conditions() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        try await leader.pass()
        _ = try await leader.control.save([.every(60, "t")], condition: .absent)
        #expect(
            try await leader.control.save([.every(60, "t")], condition: .any).map(\.change) == [.unchanged]
        )
        await #expect(throws: CenterError.self) {
            try await leader.control.save([.every(60, "t")], condition: .absent)
        }
        await #expect(throws: CenterError.self) {
            try await leader.control.save([.every(61, "t")], condition: .revision(2))
        }
        await #expect(throws: CenterError.self) {
            try await leader.control.save([.every(61, "u")], condition: .revision(1))
        }
        #expect(
            try await leader.control.save([.every(61, "t")], condition: .revision(1)).map(\.revision) == [2]
        )
    }

    @Test("all problems are told with the place of their task, and nothing is saved")
    func problems() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        try await leader.pass()
        let bad = TaskSpecification(
            name: TaskID("bad")!,
            runtime: RuntimeID("nowhere")!,
            action: .command([])
        )
        do {
            _ = try await leader.control.save([.every(60, "t"), bad, .every(60, "t")], condition: .any)
            Issue.record("bad tasks were saved")
        } catch CenterError.invalid(let problems) {
            #expect(problems.map(\.field) == ["tasks[1].command", "tasks[1].runtime", "tasks[2].name"])
            #expect(problems[1].message.contains("cloudtask runtime set nowhere"))
        }
        #expect(await leader.control.cluster().taskCount == 0)
    }

    @Test("a leader whose catalog is behind reads again and saves")
    func catalogBehind() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        try await leader.pass()
        _ = try await leader.control.save([.every(60, "t")], condition: .any)
        let task = try await leader.control.task(TaskID("t")!).definition
        let bucket = Buckets.task(task.name, count: 4_096)
        let other = task.edited(.every(90, "t"), now: workshop.now)
        let index = TaskIndex(tasks: [task.name: other.indexEntry])
        try workshop.ensemble.write([
            .set(try workshop.tree.taskBucket(bucket), data: try ZNodeCodec.encode(index), version: nil),
            .set(
                try workshop.tree.task(task.name, bucket: bucket),
                data: try ZNodeCodec.encode(other),
                version: nil
            ),
        ])
        #expect(try await leader.control.save([.every(45, "t")], condition: .any).map(\.revision) == [3])
    }

    @Test("a task that turns out to be deleted while it is edited comes back as another task")
    func deletedMeanwhile() async throws {
        let workshop = try Workshop()
        let pause = Pause()
        let leader = try await workshop.leader(pausingWith: pause)
        try await leader.pass()
        _ = try await leader.control.save([.every(60, "t")], condition: .any)
        let former = try await leader.control.task(TaskID("t")!).definition
        let revisions = try workshop.tree.revisions
        // The edit is worked out and has begun, when the end of a deletion is seen whose reply was lost.
        pause.set({ $0.contains { $0.path.text.hasPrefix("\(revisions)/") } }) {
            try await leader.leading.catalogWriter.write([.delete(former.name)])
        }
        let outcomes = try await leader.control.save([.every(45, "t")], condition: .any)
        #expect(pause.wasReached)
        #expect(outcomes == [SaveOutcome(task: former.name, change: .created, revision: 1)])
        #expect(try await leader.control.task(former.name).definition.uid != former.uid)
    }

    @Test("tasks are listed in pages, by name")
    func pages() async throws {
        let workshop = try Workshop()
        let leader = try await workshop.leader()
        try await leader.pass()
        _ = try await leader.control.save(["a", "b", "c"].map { .every(60, $0) }, condition: .any)
        let first = try await leader.control.tasks(TaskFilter(), page: nil, limit: 2)
        let second = try await leader.control.tasks(TaskFilter(), page: first.next, limit: 2)
        #expect((first.elements + second.elements).map(\.definition.name.text) == ["a", "b", "c"])
        #expect(first.next != nil && second.next == nil)
    }
}
