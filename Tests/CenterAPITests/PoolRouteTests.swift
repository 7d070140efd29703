import Center
import CenterDoubles
import Domain
import Foundation
import HTTPTypes
import Payloads
import Scheduling
import Testing

@Suite struct PoolRouteTests {
    private let fixture = ServerFixture()

    @Test("a pool is set, read, changed, listed and deleted")
    func life() async throws {
        try await fixture.withClient { client async throws in
            let path = "/api/v1/pools/license"
            #expect(try await client.send(.get, path).status == 404)
            let made = try await client.send(.put, path, #"{"units":5,"description":"seats"}"#)
            #expect(made.status == 201)
            #expect(
                try made.decoded(PoolResult.self) == PoolResult(pool: PoolID("license")!, change: .created)
            )
            let same = try await client.send(.put, path, #"{"units":5,"description":"seats"}"#)
            #expect(same.status == 200)
            #expect(try same.decoded(PoolResult.self).change == .unchanged)
            let read = try await client.send(.get, path).decoded(PoolPayload.self)
            #expect(read.units == 5 && read.description == "seats" && read.exclusive == nil)
            #expect(read.holders == [] && read.queue == [])
            let list = try await client.send(.get, "/api/v1/pools").decoded(ListPayload<PoolPayload>.self)
            #expect(list.items.map(\.name.text) == ["license"])
            #expect(list.items.first?.holders == nil)
            #expect(try await client.send(.get, path + "?exclusive=true").status == 404)
            #expect(try await client.send(.delete, path).status == 204)
            #expect(try await client.send(.delete, path).status == 404)
        }
    }

    @Test(
        "what is no pool is refused with its field",
        arguments: [(#"{"units":0}"#, "units"), (#"{"units":"x"}"#, "units"), (#"{}"#, "units")]
    )
    func refused(_ body: String, _ field: String) async throws {
        try await fixture.withClient { client async throws in
            let answer = try await client.send(.put, "/api/v1/pools/license", body)
            #expect(answer.status == 422)
            #expect(try answer.error().field == field)
        }
    }

    @Test("who holds units and who waits come in the order of the line")
    func claims() async throws {
        func claim(_ number: UInt64, granted: Bool) -> UnitClaim {
            var task = TaskSpecification(name: TaskID("t\(number)")!, action: .command(["true"]))
            task.demand.pools = [PoolID("license")!: Int(number)]
            let fire = JournaledFire(
                attempt: AttemptID(run: RunID(request: RandomID(high: 0, low: number)), number: 1),
                task: task.name,
                uid: TaskUID(bits: number),
                revision: 1,
                due: ServerFixture.now,
                trigger: .request,
                delivery: .atMostOnce,
                decision: .launch
            )
            var claim = UnitClaim(
                fire,
                of: task,
                runtime: .standard,
                agent: AgentID("a1")!,
                incarnation: Incarnation(high: 0, low: 1),
                lease: .seconds(5)
            )
            if granted { claim.grantedAt = ServerFixture.now }
            return claim
        }
        _ = try await fixture.center.setPool(Pool(name: PoolID("license")!, units: 5))
        await fixture.center.show(claims: [
            claim(1, granted: true), claim(2, granted: false), claim(3, granted: false),
        ])
        try await fixture.withClient { client async throws in
            let pool = try await client.send(.get, "/api/v1/pools/license").decoded(PoolPayload.self)
            #expect(pool.holders?.map(\.task.text) == ["t1"] && pool.holders?.map(\.units) == [1])
            #expect(pool.holders?.first?.since == ServerFixture.now)
            #expect(pool.queue?.map(\.position) == [1, 2] && pool.queue?.map(\.units) == [2, 3])
        }
    }
}
