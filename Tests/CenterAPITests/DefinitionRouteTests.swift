import Center
import CenterDoubles
import Domain
import Foundation
import HTTPTypes
import Payloads
import Scheduling
import Testing

@Suite struct DefinitionRouteTests {
    private let fixture = ServerFixture()

    /// A definition that is set twice.
    struct Row: CustomTestStringConvertible, Sendable {
        var kind: Definition.Kind
        var path: String
        var bodies: [String]
        var testDescription: String { path }
    }

    static let rows = [
        Row(
            kind: .calendar,
            path: "calendars/off",
            bodies: [
                #"{"name":"off","dates":["2026-12-25"],"author":"ada","message":"new"}"#,
                #"{"name":"off","dates":["2026-12-26"],"author":"bob"}"#,
            ]
        ),
        Row(
            kind: .pool,
            path: "pools/license",
            bodies: [#"{"units":3,"author":"ada","message":"new"}"#, #"{"units":5,"author":"bob"}"#]
        ),
        Row(
            kind: .runtime,
            path: "runtimes/gpu",
            bodies: [
                #"{"name":"gpu","author":"ada","message":"new"}"#,
                #"{"name":"gpu","description":"cards","author":"bob"}"#,
            ]
        ),
    ]

    @Test("what was set before is told with who set it and what for", arguments: rows)
    func revisions(row: Row) async throws {
        try await fixture.withClient { client async throws in
            let path = "/api/v1/" + row.path
            #expect(try await client.send(.get, path + "/revisions").status == 404)
            for body in row.bodies {
                let status = try await client.send(.put, path, body).status
                #expect(status == 200 || status == 201)
            }
            let answer = try await client.send(.get, path + "/revisions")
            let told = try answer.decoded(ListPayload<DefinitionRevisionPayload>.self).items
            #expect(told.map(\.revision) == [1, 2])
            #expect(told.map(\.author) == ["ada", "bob"] && told.map(\.message) == ["new", nil])
            #expect(told.allSatisfy { $0.definition?.kind == row.kind && $0.savedAt == ServerFixture.now })
            #expect(told.first?.definition != told.last?.definition)
        }
    }

    @Test("a workflow's revisions are whole workflows")
    func workflow() async throws {
        @Sendable func workflow(_ words: String...) -> Workflow {
            let name = WorkflowID("w")!
            let head = TaskSpecification(
                name: TaskID("w")!,
                action: Workflow.beginning,
                workflow: WorkflowPlace(name)
            )
            let step = TaskSpecification(
                name: TaskID("w.a")!,
                action: .command(["true"] + words),
                after: Dependencies([.init(TaskID("w")!)]),
                workflow: WorkflowPlace(name, step: StepID("a")!)
            )
            return Workflow(head: head, steps: [step])!
        }
        try await fixture.withClient { client async throws in
            for version in [workflow(), workflow("x"), workflow("x")] {
                let request = ApplyRequest(tasks: [], workflows: [version], author: "ada")
                #expect(try await client.send(.post, "/api/v1/tasks", json: request).status == 200)
            }
            let told = try await client.send(.get, "/api/v1/workflows/w/revisions").decoded(
                ListPayload<DefinitionRevisionPayload>.self
            )
            #expect(told.items.map(\.definition) == [.workflow(workflow()), .workflow(workflow("x"))])
            #expect(try await client.send(.get, "/api/v1/workflows/v/revisions").status == 404)
        }
    }

    @Test("pools come in one request with tasks, which may be a trial")
    func pools() async throws {
        try await fixture.withClient { client async throws in
            var request = ApplyRequest(
                tasks: [ServerFixture.specification()],
                pools: [Pool(name: PoolID("license")!, units: 5)],
                dryRun: true,
                author: "ada"
            )
            let expected = [PoolResult(pool: PoolID("license")!, change: .created)]
            let trial = try await client.send(.post, "/api/v1/tasks", json: request)
            #expect(try trial.decoded(ApplyResponse.self).pools == expected)
            #expect(try await client.send(.get, "/api/v1/pools/license").status == 404)
            request.dryRun = nil
            let saved = try await client.send(.post, "/api/v1/tasks", json: request)
            #expect(try saved.decoded(ApplyResponse.self).pools == expected)
            let path = "/api/v1/pools/license/revisions"
            let told = try await client.send(.get, path).decoded(
                ListPayload<DefinitionRevisionPayload>.self
            )
            #expect(told.items.map(\.author) == ["ada"])
        }
    }
}
