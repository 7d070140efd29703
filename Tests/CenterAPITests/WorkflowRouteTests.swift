import Center
import CenterDoubles
import Domain
import Foundation
import HTTPTypes
import Payloads
import Scheduling
import Testing

@Suite struct WorkflowRouteTests {
    private let fixture = ServerFixture()

    private static func workflow(_ steps: [String]) -> Workflow {
        let name = WorkflowID("w")!
        let head = TaskSpecification(
            name: TaskID("w")!,
            action: Workflow.beginning,
            workflow: WorkflowPlace(name)
        )
        let tasks = steps.map { step in
            let place = WorkflowPlace(name, step: StepID(step)!)
            return TaskSpecification(
                name: place.task!,
                action: .command(["true"]),
                after: Dependencies([.init(TaskID("w")!)]),
                workflow: place
            )
        }
        return Workflow(head: head, steps: tasks)!
    }

    @Test("a workflow is saved, listed, read, begun, paused, resumed and deleted")
    func life() async throws {
        try await fixture.withClient { client async throws in
            let path = "/api/v1/workflows/w"
            #expect(try await client.send(.get, path).status == 404)
            #expect(try await client.send(.post, path + "/run", "{}").status == 404)
            let body = ApplyRequest(tasks: [], workflows: [Self.workflow(["a", "b"])])
            let made = try await client.send(.post, "/api/v1/tasks", json: body)
            #expect(made.status == 200)
            #expect(
                try made.decoded(ApplyResponse.self).workflows == [
                    WorkflowResult(workflow: WorkflowID("w")!, change: .created, steps: 2)
                ]
            )
            let less = ApplyRequest(tasks: [], workflows: [Self.workflow(["a"])])
            let changed = try await client.send(.post, "/api/v1/tasks", json: less).decoded(
                ApplyResponse.self
            )
            #expect(changed.workflows?.first?.removed?.map(\.text) == ["w.b"])
            let list = try await client.send(.get, "/api/v1/workflows").decoded(
                ListPayload<WorkflowPayload>.self
            )
            #expect(list.items.map(\.name.text) == ["w"])
            #expect(list.items.allSatisfy { $0.definition == nil && $0.occasions == nil })
            let read = try await client.send(.get, path + "?occasions=3").decoded(WorkflowPayload.self)
            #expect(read.definition == Self.workflow(["a"]))
            #expect(read.occasions == [])
            #expect(try await client.send(.get, path + "?occasions=1000").status == 422)
            let begun = try await client.send(.post, path + "/run", #"{"key":"k"}"#)
            #expect(begun.status == 202)
            let paused = try await client.send(.post, path + "/pause", #"{"reason":"why"}"#)
            #expect(try paused.decoded(ApplyResult.self).change == .updated)
            let resumed = try await client.send(.post, path + "/resume", "{}")
            #expect(try resumed.decoded(ApplyResult.self).change == .updated)
            let trial = try await client.send(.post, path + "/delete", #"{"dryRun":true}"#)
            #expect(try trial.decoded(WorkflowDeleted.self).tasks.map(\.text) == ["w", "w.a"])
            #expect(try await client.send(.post, path + "/delete", "{}").status == 200)
            #expect(try await client.send(.get, path).status == 404)
        }
    }

    @Test("a workflow that cannot be saved is refused with the place of the mistake")
    func refused() async throws {
        try await fixture.withClient { client async throws in
            let body = ApplyRequest(tasks: [], workflows: [Self.workflow([])])
            let answer = try await client.send(.post, "/api/v1/tasks", json: body)
            #expect(answer.status == 422)
            #expect(try answer.error().message.contains("has no steps"))
            let beheaded = try await client.send(
                .post,
                "/api/v1/tasks",
                #"{"tasks":[],"workflows":[{"head":{"name":"w","script":":"},"steps":[]}]}"#
            )
            #expect(beheaded.status == 422)
            #expect(try beheaded.error().message.contains("does not begin a workflow"))
        }
    }
}
