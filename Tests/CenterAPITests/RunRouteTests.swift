import Center
import CenterDoubles
import Domain
import Foundation
import HTTPTypes
import Payloads
import Scheduling
import Testing

@Suite struct RunRouteTests {
    private let fixture = ServerFixture()

    private func record(_ reports: [RunReport]) async throws {
        try await fixture.center.runHistory.record(reports)
    }

    @Test("runs are listed with filters and pages, also below their task")
    func list() async throws {
        try await record([
            ServerFixture.report(second: 1, outcome: .succeeded),
            ServerFixture.report(second: 2, outcome: .failed),
            ServerFixture.report(second: 3, agent: "a2"),
        ])
        try await fixture.withClient { client async throws in
            func seconds(_ path: String) async throws -> [Int] {
                let list = try await client.send(.get, path).decoded(ListPayload<RunPayload>.self)
                return list.items.map { Int((($0.due - ServerFixture.now).inSeconds)) }
            }
            #expect(try await seconds("/api/v1/runs") == [3, 2, 1])
            #expect(try await seconds("/api/v1/runs?state=failed,running") == [3, 2])
            #expect(try await seconds("/api/v1/runs?state=failed&state=succeeded") == [2, 1])
            #expect(try await seconds("/api/v1/runs?agent=a2") == [3])
            #expect(try await seconds("/api/v1/runs?task=other") == [])
            #expect(try await seconds("/api/v1/tasks/nightly/runs?limit=2") == [3, 2])
            let since = (ServerFixture.now + .seconds(2)).formatted()
            #expect(try await seconds("/api/v1/runs?since=\(since)") == [3, 2])
            #expect(try await seconds("/api/v1/runs?until=\(since)") == [2, 1])
            let page = try await client.send(.get, "/api/v1/runs?limit=1").decoded(
                ListPayload<RunPayload>.self
            )
            #expect(try await seconds("/api/v1/runs?limit=1&page=\(page.next!)") == [2])
        }
    }

    @Test("a run is found by its ID; a task shows its latest run")
    func get() async throws {
        let report = ServerFixture.report(outcome: .failed)
        try await record([report])
        try await fixture.withClient { client async throws in
            let id = report.fire.attempt.run
            #expect(
                try await client.send(.get, "/api/v1/runs/\(id)").decoded(RunPayload.self).state == .failed
            )
            let other = ServerFixture.report(second: 9).fire.attempt.run
            #expect(try await client.send(.get, "/api/v1/runs/\(other)").status == 404)
            _ = try await client.send(.put, "/api/v1/tasks/nightly", json: ServerFixture.specification())
            #expect(
                try await client.send(.get, "/api/v1/tasks/nightly").decoded(TaskPayload.self).last?.id == id
            )
        }
    }

    @Test("a record that cannot be read is the center's failure, not the client's mistake")
    func unreadable() async throws {
        let key = DecodingError.Context(codingPath: [], debugDescription: "no such thing")
        await fixture.center.runHistory.failLists(with: DecodingError.dataCorrupted(key))
        try await fixture.withClient { client async throws in
            let answer = try await client.send(.get, "/api/v1/runs")
            #expect(answer.status == 500)
            #expect(try answer.error().code == .failed)
            let body = try await client.send(.post, "/api/v1/tasks/t/run", "[")
            #expect(try body.status == 400 && body.error().code == .malformed)
            let key = try await client.send(.post, "/api/v1/tasks/t/run", #"{"key":1}"#)
            #expect(try key.status == 422 && key.error().field == "key")
        }
    }

    @Test("stop and kill reach the center; a run that is over is a conflict")
    func stop() async throws {
        let running = ServerFixture.report(second: 1)
        let over = ServerFixture.report(second: 2, outcome: .succeeded)
        try await record([running, over])
        try await fixture.withClient { client async throws in
            let id = running.fire.attempt.run
            #expect(try await client.send(.post, "/api/v1/runs/\(id)/stop").status == 202)
            #expect(await fixture.center.stopped[id] == false)
            #expect(try await client.send(.post, "/api/v1/runs/\(id)/kill").status == 202)
            #expect(await fixture.center.stopped[id] == true)
            #expect(try await client.send(.post, "/api/v1/runs/\(over.fire.attempt.run)/stop").status == 409)
            let unknown = ServerFixture.report(second: 9).fire.attempt.run
            #expect(try await client.send(.post, "/api/v1/runs/\(unknown)/stop").status == 404)
        }
    }

    @Test("the output of an agent that is away, of a missing attempt and of a run that never started")
    func logErrors() async throws {
        let report = ServerFixture.report()
        var skipped = ServerFixture.report(second: 1)
        skipped.fire.decision = .skipped(reason: "paused")
        skipped.phase = .decided(at: ServerFixture.now)
        try await record([report, skipped])
        await fixture.center.show([ServerFixture.node("a1", isAway: true)])
        let path = "/api/v1/runs/\(report.fire.attempt.run)/log"
        let skippedPath = "/api/v1/runs/\(skipped.fire.attempt.run)/log"
        try await fixture.withClient { client async throws in
            let away = try await client.send(.get, path)
            #expect(away.status == 503)
            #expect(try away.error().message.contains("a1"))
            #expect(try await client.send(.get, path + "?attempt=2").status == 404)
            #expect(try await client.send(.get, skippedPath).status == 404)
            #expect(try await client.send(.get, path + "?stream=both").status == 422)
            #expect(try await client.send(.get, path + "?offset=-1").status == 422)
            await fixture.center.show([ServerFixture.node("a1", url: "http://127.0.0.1:1")])
            #expect(try await client.send(.get, path).status == 503)
        }
    }

    @Test("a run that is over is repeated on request, one that lives is not, and each shows the other")
    func retry() async throws {
        var repeated = ServerFixture.report(second: 3, outcome: .succeeded)
        let first = ServerFixture.report(second: 1, outcome: .failed)
        repeated.fire.terms = RunTerms(parameters: ["a": "1"], retryOf: first.fire.attempt.run)
        let living = ServerFixture.report(second: 2)
        let again = repeated
        try await record([first, living, again])
        try await fixture.withClient { client async throws in
            _ = try await client.send(.put, "/api/v1/tasks/nightly", json: ServerFixture.specification())
            func path(_ report: RunReport) -> String { "/api/v1/runs/\(report.fire.attempt.run)" }
            #expect(try await client.send(.post, path(first) + "/retry").status == 202)
            #expect(try await client.send(.post, path(living) + "/retry").status == 409)
            #expect(
                try await client.send(.post, path(first) + "/retry", #"{"due": "2026-01-01T00:00:00Z"}"#)
                    .status == 422
            )
            let run = try await client.send(.get, path(first)).decoded(RunPayload.self)
            #expect(run.retriedBy == [again.fire.attempt.run])
            let other = try await client.send(.get, path(again)).decoded(RunPayload.self)
            #expect(other.retryOf == first.fire.attempt.run && other.parameters == ["a": "1"])
            let told = try await client.send(.get, path(first) + "/explain").decoded(Explanation.self)
            #expect(told.subject == "run/\(first.fire.attempt.run)")
        }
    }

    @Test("a run asked for a time to come is shown as one that waits; a repetition begins at once")
    func putOff() async throws {
        let failed = ServerFixture.report(second: 1, outcome: .failed)
        try await record([failed])
        try await fixture.withClient { client async throws in
            _ = try await client.send(.put, "/api/v1/tasks/nightly", json: ServerFixture.specification())
            let body = #"{"at": "2026-01-02T00:00:00Z", "key": "k"}"#
            let answer = try await client.send(.post, "/api/v1/tasks/nightly/run", body)
            #expect(answer.status == 202)
            let run = try answer.decoded(RunAccepted.self).run
            let shown = try await client.send(.get, "/api/v1/runs/\(run)").decoded(RunPayload.self)
            #expect(shown.state == .waiting && shown.attempts.isEmpty && shown.askedAt != nil)
            #expect(shown.due == Instant(rfc3339: "2026-01-02T00:00:00Z"))
            let past = #"{"at": "2020-01-02T00:00:00Z"}"#
            #expect(try await client.send(.post, "/api/v1/tasks/nightly/run", past).status == 422)
            let retry = "/api/v1/runs/\(failed.fire.attempt.run)/retry"
            #expect(try await client.send(.post, retry, body).status == 422)
        }
    }

    /// The report of the end of a shard.
    private func shard(_ part: Int, told outputs: [String: OutputValue], _ outcome: AttemptOutcome)
        -> RunReport
    {
        var report = ServerFixture.report(outcome: outcome)
        let due = report.fire.due
        report.fire.part = part
        report.fire.attempt = AttemptID(
            run: RunID(FireKey(uid: report.fire.uid, part: part, due: due)),
            number: 1
        )
        let result = AttemptResult(attempt: report.fire.attempt, outcome: outcome, endedAt: due)
        report.phase = .ended(result)
        report.account = AttemptAccount(outputs: outputs)
        return report
    }

    @Test("the page of a run shows what all parts of its fire told, by the names of the shards")
    func partOutputs() async throws {
        let reports = [
            shard(0, told: ["rows": .integer(3)], .succeeded), shard(1, told: ["rows": .integer(5)], .failed),
            shard(2, told: [:], .succeeded),
        ]
        try await record(reports)
        try await fixture.withClient { client async throws in
            var task = ServerFixture.specification()
            task.shards = .names(["eu", "us", "asia"])
            _ = try await client.send(.put, "/api/v1/tasks/nightly", json: task)
            let run = try await client.send(.get, "/api/v1/runs/\(reports[2].fire.attempt.run)")
                .decoded(RunPayload.self)
            let parts = try #require(run.parts)
            #expect(parts.state == .failed)
            #expect(parts.runs.map(\.shard) == ["eu", "us", "asia"])
            #expect(parts.runs.map(\.outputs) == [["rows": .integer(3)], ["rows": .integer(5)], nil])
            #expect(parts.outputsLeftOut == nil)
            #expect(run.outputs == nil)
        }
    }

    @Test("outputs of parts that are too large together are left out, and counted")
    func largePartOutputs() {
        let text = OutputValue.text(String(repeating: "x", count: 400_000))
        let runs = (0..<4).map { Run(shard($0, told: ["text": text], .succeeded)) }
        let parts = PartsPayload(total: 4, state: .succeeded, runs: runs)
        #expect(parts.runs.map { $0.outputs != nil } == [true, true, false, false])
        #expect(parts.outputsLeftOut == 2)
    }
}
