import Domain
import Foundation
import HTTPTypes
import Payloads
import Scheduling
import Testing

@Suite struct BackfillRouteTests {
    private let fixture = ServerFixture()

    @Test("a backfill is planned, begun, listed, paused, resumed and stopped")
    func life() async throws {
        try await fixture.withClient { client async throws in
            _ = try await client.send(.put, "/api/v1/tasks/nightly", json: ServerFixture.specification())
            var body = BackfillBody(
                from: ServerFixture.now - .seconds(7_200),
                to: ServerFixture.now - .seconds(3_600),
                parallel: 2,
                note: "why",
                by: "ann",
                isDryRun: true
            )
            let path = "/api/v1/tasks/nightly/backfills"
            let plan = try await client.send(.post, path, json: body)
            #expect(plan.status == 200)
            #expect(try plan.decoded(BackfillPlanPayload.self).fires == 2)
            #expect(
                try await client.send(.get, "/api/v1/backfills").decoded(ListPayload<BackfillPayload>.self)
                    .items.isEmpty
            )
            body.dryRun = nil
            let begun = try await client.send(.post, path, json: body)
            #expect(begun.status == 201)
            let backfill = try begun.decoded(BackfillPayload.self)
            #expect(backfill.state == .running)
            #expect(backfill.parallel == 2)
            #expect(backfill.waiting == 2)
            #expect(backfill.requestedBy == "ann")
            func state(_ verb: String, _ change: BackfillChange = BackfillChange()) async throws
                -> Backfill.State
            {
                let answer = try await client.send(
                    .post,
                    "/api/v1/backfills/\(backfill.id)/\(verb)",
                    json: change
                )
                return try answer.decoded(BackfillPayload.self).state
            }
            #expect(try await state("pause") == .paused)
            #expect(try await state("resume") == .running)
            #expect(try await state("stop", BackfillChange(kill: true, reason: "wrong")) == .stopped)
            #expect(
                try await client.send(.post, "/api/v1/backfills/\(backfill.id)/stop", json: BackfillChange())
                    .status == 409
            )
            let list = try await client.send(.get, "/api/v1/backfills?task=nightly")
            #expect(try list.decoded(ListPayload<BackfillPayload>.self).items.map(\.reason) == ["wrong"])
            #expect(try await client.send(.get, "/api/v1/backfills/0000000000000abc").status == 404)
            #expect(try await client.send(.get, "/api/v1/backfills/x").status == 422)
            (body.from, body.to) = (body.to, body.from)
            #expect(try await client.send(.post, path, json: body).status == 422)
        }
    }

    @Test("of a task with shards a plan tells the runs, and a backfill can be of one shard")
    func shards() async throws {
        try await fixture.withClient { client async throws in
            var task = ServerFixture.specification()
            task.shards = .names(["eu", "us", "asia"])
            _ = try await client.send(.put, "/api/v1/tasks/nightly", json: task)
            var body = BackfillBody(
                from: ServerFixture.now - .seconds(7_200),
                to: ServerFixture.now - .seconds(3_600),
                isDryRun: true
            )
            let path = "/api/v1/tasks/nightly/backfills"
            let all = try await client.send(.post, path, json: body).decoded(BackfillPlanPayload.self)
            #expect(all.fires == 2 && all.runs == 6 && all.existingRuns == 1)
            body.shard = "us"
            let one = try await client.send(.post, path, json: body).decoded(BackfillPlanPayload.self)
            #expect(one.fires == 2 && one.runs == nil && one.existingRuns == nil)
            body.dryRun = nil
            let begun = try await client.send(.post, path, json: body).decoded(BackfillPayload.self)
            #expect(begun.shards == 3 && begun.shard == 1 && begun.runs == nil)
            body.shard = "mars"
            #expect(try await client.send(.post, path, json: body).status == 422)
        }
    }
}
