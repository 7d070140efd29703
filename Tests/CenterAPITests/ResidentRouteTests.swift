import Center
import CenterDoubles
import Domain
import Foundation
import HTTPTypes
import Payloads
import Scheduling
import Testing

/// Tasks that are kept running, as the API shows and restarts them.
@Suite struct ResidentRouteTests {
    private let fixture = ServerFixture()

    private func save(_ name: String, _ residency: Residency?) async throws {
        let task = TaskSpecification(
            name: TaskID(name)!,
            action: .command(["gateway"]),
            residency: residency
        )
        _ = try await fixture.center.save([task], condition: .any)
    }

    @Test("a resident task is restarted; another one, and one that is paused, is not")
    func restart() async throws {
        try await save("gateway", Residency())
        try await save("other", nil)
        try await fixture.withClient { client async throws in
            let answer = try await client.send(.post, "/api/v1/tasks/gateway/restart")
            #expect(answer.status == 200)
            #expect(try answer.decoded(ApplyResult.self).revision == 2)
            let other = try await client.send(.post, "/api/v1/tasks/other/restart")
            #expect(other.status == 409)
            #expect(try other.error().message.contains("task other is not resident"))
            let run = try await client.send(.post, "/api/v1/tasks/gateway/run")
            #expect(run.status == 409)
            #expect(try run.error().message.contains("cloudtask task restart gateway"))
            _ = try await client.send(.post, "/api/v1/tasks/gateway/pause")
            let paused = try await client.send(.post, "/api/v1/tasks/gateway/restart")
            #expect(paused.status == 409)
            #expect(try paused.error().message.contains("is paused"))
            #expect(try await client.send(.post, "/api/v1/tasks/nobody/restart").status == 404)
        }
    }

    @Test("a resident task's own page has how its process is, and how often it was restarted")
    func page() async throws {
        try await save("nightly", Residency())
        let report = ServerFixture.report()
        try await fixture.center.runHistory.record([report])
        let note = ProgressNote(
            report.fire.attempt,
            status: RunStatus("serving", at: ServerFixture.now),
            health: RunHealth(isHealthy: false, failures: 3, answer: "status 500", at: ServerFixture.now)
        )
        await fixture.center.note([note], from: report.agent)
        try await fixture.withClient { client async throws in
            let answer = try await client.send(.get, "/api/v1/tasks/nightly")
            let task = try answer.decoded(TaskPayload.self)
            #expect(task.restarts == 0)
            #expect(task.last?.status == note.status)
            #expect(task.last?.health == note.health)
            #expect(answer.text.contains(#""resident":true"#))
            let run = try await client.send(.get, "/api/v1/runs/\(report.fire.attempt.run)")
            #expect(try run.decoded(RunPayload.self).health == note.health)
            #expect(run.text.contains(#""healthy":false"#))
        }
    }
}
