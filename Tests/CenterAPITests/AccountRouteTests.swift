import Center
import CenterDoubles
import Domain
import Foundation
import HTTPTypes
import Payloads
import Scheduling
import Testing

/// What runs tell, as the API takes and shows it.
@Suite struct AccountRouteTests {
    private let fixture = ServerFixture()
    private let heard = RunProgress(percent: 40, text: "copying", at: ServerFixture.now)

    @Test("progress is taken from agents, also by a standby, and shown while the run runs")
    func progress() async throws {
        let report = ServerFixture.report()
        try await fixture.center.runHistory.record([report, ServerFixture.report(second: 1)])
        try await fixture.withClient { client async throws in
            await fixture.center.lead(.following(ServerFixture.registration("c2", url: "http://127.0.0.1:1")))
            let payload = ProgressPayload(progress: [ProgressNote(report.fire.attempt, heard)])
            let taken = try await client.send(.post, "/api/v1/agents/a1/progress", json: payload)
            #expect(taken.status == 204)
            await fixture.center.lead(.leading(Epoch(rawValue: 7)))
            let id = report.fire.attempt.run
            let run = try await client.send(.get, "/api/v1/runs/\(id)").decoded(RunPayload.self)
            #expect(run.progress == heard)
            let list = try await client.send(.get, "/api/v1/runs").decoded(ListPayload<RunPayload>.self)
            #expect(list.items.map(\.progress) == [nil, heard])
        }
    }

    @Test("what a run has told under names so far is on its own page, until its end says what there is")
    func soFar() async throws {
        let report = ServerFixture.report()
        let id = report.fire.attempt.run
        try await fixture.center.runHistory.record([report])
        try await fixture.withClient { client async throws in
            let texts = ["rows": "11", "long": String(repeating: "x", count: OutputsSoFar.bytesMax)]
            let outputs = OutputsSoFar(texts, at: ServerFixture.now)
            let note = ProgressNote(report.fire.attempt, outputs: outputs)
            let payload = ProgressPayload(progress: [note])
            #expect(try await client.send(.post, "/api/v1/agents/a1/progress", json: payload).status == 204)
            let run = try await client.send(.get, "/api/v1/runs/\(id)").decoded(RunPayload.self)
            #expect(run.outputs == ["rows": .text("11")] && run.outputsLeftOut == 1)
            #expect(try await !client.send(.get, "/api/v1/runs").text.contains("outputs"))
            var end = ServerFixture.report(outcome: .succeeded)
            end.account = AttemptAccount(outputs: ["rows": .text("12")])
            try await fixture.center.runHistory.record([end])
            let ended = try await client.send(.get, "/api/v1/runs/\(id)").decoded(RunPayload.self)
            #expect(ended.outputs == ["rows": .text("12")] && ended.outputsLeftOut == nil)
        }
    }

    @Test("too much progress at once is refused")
    func tooMuch() async throws {
        let note = ProgressNote(ServerFixture.report().fire.attempt, heard)
        let payload = ProgressPayload(
            progress: Array(repeating: note, count: ReportBatchPayload.reportsMax + 1)
        )
        try await fixture.withClient { client async throws in
            let answer = try await client.send(.post, "/api/v1/agents/a1/progress", json: payload)
            #expect(answer.status == 422)
            #expect(try answer.error().field == "progress")
        }
    }

    @Test(
        "a run's own page has its outputs as JSON, its warnings and its last progress; lists have none of it"
    )
    func outputs() async throws {
        let account = AttemptAccount(
            outputs: ["rows": .integer(12), "files": .list([.text("a"), .text("b")])],
            progress: heard,
            warnings: ["a sentence"]
        )
        var told = ServerFixture.report(outcome: .succeeded)
        told.account = account
        let id = told.fire.attempt.run
        try await fixture.center.runHistory.record([told])
        try await fixture.withClient { client async throws in
            let answer = try await client.send(.get, "/api/v1/runs/\(id)")
            let run = try answer.decoded(RunPayload.self)
            #expect(run.outputs == account.outputs)
            #expect(run.warnings == ["a sentence"])
            #expect(run.progress == heard)
            #expect(answer.text.contains(#""outputs":{"files":["a","b"],"rows":12}"#))
            let list = try await client.send(.get, "/api/v1/runs")
            #expect(!list.text.contains("outputs") && !list.text.contains("a sentence"))
        }
    }

    @Test("outputs that only a journal tells of are said to be missing")
    func missing() async throws {
        var report = ServerFixture.report(outcome: .succeeded)
        guard case .ended(var result) = report.phase else { return }
        result.outputCount = 2
        report.phase = .ended(result)
        let id = report.fire.attempt.run
        try await fixture.center.runHistory.record([report])
        try await fixture.withClient { client async throws in
            let run = try await client.send(.get, "/api/v1/runs/\(id)").decoded(RunPayload.self)
            #expect(run.outputs == nil)
            #expect(
                run.warnings == [
                    "it told 2 outputs, of which only its agent has a record, which has not come"
                ]
            )
        }
    }
}
