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
}
