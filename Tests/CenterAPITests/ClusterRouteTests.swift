import Center
import CenterDoubles
import Domain
import Foundation
import HTTPTypes
import Payloads
import Scheduling
import Testing

@Suite struct ClusterRouteTests {
    private let fixture = ServerFixture()

    @Test("the cluster at a glance says who leads")
    func cluster() async throws {
        await fixture.center.show([
            ServerFixture.node("a1", url: "http://127.0.0.1:1"), ServerFixture.node("a2", isAway: true),
        ])
        try await fixture.withClient { client async throws in
            let cluster = try await client.send(.get, "/api/v1/cluster").decoded(ClusterPayload.self)
            #expect(
                cluster.leadership == LeadershipPayload(state: .leading, center: CenterID("c1"), epoch: 7)
            )
            #expect(cluster.nodes.map(\.online) == [true, false])
            #expect(cluster.nodes.first?.slots == 4)
        }
    }

    @Test("runtimes are set and read")
    func runtimes() async throws {
        try await fixture.withClient { client async throws in
            let payload = RuntimePayload(
                RuntimeSettings(name: RuntimeID("gpu")!, rejoinGrace: .seconds(30))
            )
            #expect(try await client.send(.get, "/api/v1/runtimes/gpu").status == 404)
            #expect(try await client.send(.put, "/api/v1/runtimes/gpu", json: payload).status == 200)
            #expect(
                try await client.send(.get, "/api/v1/runtimes/gpu").decoded(RuntimePayload.self) == payload
            )
            let list = try await client.send(.get, "/api/v1/runtimes").decoded(
                ListPayload<RuntimePayload>.self
            )
            #expect(list.items == [payload])
            #expect(try await client.send(.put, "/api/v1/runtimes/cpu", json: payload).status == 422)
            let bad = try await client.send(
                .put,
                "/api/v1/runtimes/gpu",
                #"{"name":"gpu","rejoinGrace":"soon"}"#
            )
            #expect(bad.status == 422)
            #expect(try bad.error().field == "rejoinGrace")
        }
    }

    @Test("an agent that has ended is listed with since when, and forgotten on request")
    func gone() async throws {
        var gone = ServerFixture.node("a2", isAway: true)
        gone.departure = NodeView.Departure(at: ServerFixture.now, taskCount: 7)
        await fixture.center.show([ServerFixture.node("a1"), gone])
        try await fixture.withClient { client async throws in
            let node = try await client.send(.get, "/api/v1/nodes/a2").decoded(NodePayload.self)
            #expect(!node.online && node.goneSince == ServerFixture.now && node.tasksThen == 7)
            let other = try await client.send(.get, "/api/v1/nodes/a1")
            #expect(!other.text.contains("goneSince") && !other.text.contains("tasksThen"))
            #expect(try await client.send(.post, "/api/v1/nodes/a1/forget").status == 409)
            #expect(try await client.send(.post, "/api/v1/nodes/a2/forget").status == 204)
            #expect(try await client.send(.post, "/api/v1/nodes/a2/forget").status == 404)
            #expect(try await client.send(.get, "/api/v1/nodes/a2").status == 404)
        }
    }

    @Test("one that has ended does not stand in the way of one of its name elsewhere")
    func elsewhere() async throws {
        var gone = ServerFixture.node("a1", isAway: true)
        gone.departure = NodeView.Departure(at: ServerFixture.now, taskCount: 0)
        await fixture.center.show([gone, ServerFixture.node("a1", runtime: "gpu")])
        try await fixture.withClient { client async throws in
            let node = try await client.send(.get, "/api/v1/nodes/a1").decoded(NodePayload.self)
            #expect(node.runtime.text == "gpu")
        }
    }

    @Test("nodes are read and drained; a name in two runtimes needs the runtime")
    func nodes() async throws {
        await fixture.center.show([
            ServerFixture.node("a1"), ServerFixture.node("a1", runtime: "gpu"), ServerFixture.node("a2"),
        ])
        try await fixture.withClient { client async throws in
            let list = try await client.send(.get, "/api/v1/nodes").decoded(ListPayload<NodePayload>.self)
            #expect(list.items.count == 3)
            #expect(
                try await client.send(.get, "/api/v1/nodes/a2").decoded(NodePayload.self).runtime == .standard
            )
            #expect(try await client.send(.get, "/api/v1/nodes/a1").status == 409)
            #expect(try await client.send(.post, "/api/v1/nodes/a1/drain").status == 409)
            #expect(try await client.send(.post, "/api/v1/nodes/a1/drain?runtime=gpu").status == 204)
            #expect(
                try await client.send(.get, "/api/v1/nodes/a1?runtime=gpu").decoded(NodePayload.self).drained
            )
            #expect(
                try await !client.send(.get, "/api/v1/nodes/a1?runtime=default").decoded(NodePayload.self)
                    .drained
            )
            #expect(try await client.send(.post, "/api/v1/nodes/a1/undrain?runtime=gpu").status == 204)
            #expect(
                try await !client.send(.get, "/api/v1/nodes/a1?runtime=gpu").decoded(NodePayload.self).drained
            )
            #expect(try await client.send(.get, "/api/v1/nodes/none").status == 404)
            #expect(try await client.send(.post, "/api/v1/nodes/none/drain").status == 404)
        }
    }

    @Test("a drained node that went away is undrained all the same")
    func undrainAway() async throws {
        await fixture.center.show([ServerFixture.node("a1")])
        try await fixture.withClient { client async throws in
            #expect(try await client.send(.post, "/api/v1/nodes/a1/drain").status == 204)
            await fixture.center.show([])
            #expect(try await client.send(.post, "/api/v1/nodes/a1/undrain").status == 204)
            #expect(try await client.send(.post, "/api/v1/nodes/a1/undrain").status == 404)
        }
    }
}
