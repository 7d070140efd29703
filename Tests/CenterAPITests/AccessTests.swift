import Center
import CenterDoubles
import Domain
import Foundation
import HTTPTypes
import Payloads
import Scheduling
import Testing

@Suite struct AccessTests {
    private let fixture = ServerFixture()

    @Test(
        "everything but health needs the token",
        arguments: [nil, "", "wrong", "0123456789abcdeF"] as [String?]
    )
    func token(_ token: String?) async throws {
        try await fixture.withClient { client async throws in
            for path in [
                "/api/v1/cluster", "/api/v1/tasks", "/api/v1/peers/authored", "/api/v1/nothing", "/other",
            ] {
                let answer = try await client.send(.get, path, token: token)
                #expect(answer.status == 401)
                #expect(try answer.error().code == .unauthorized)
                #expect(answer.headers[.wwwAuthenticate] == "Bearer")
            }
            #expect(try await client.send(.get, "/livez", token: token).status == 200)
        }
    }

    @Test("health tells who leads")
    func health() async throws {
        try await fixture.withClient { client async throws in
            func statuses() async throws -> [Int] {
                var statuses: [Int] = []
                for path in ["/livez", "/readyz", "/leaderz"] {
                    statuses.append(try await client.send(.get, path, token: nil).status)
                }
                return statuses
            }
            #expect(try await statuses() == [200, 200, 200])
            await fixture.center.lead(.following(ServerFixture.registration("c2", url: "http://127.0.0.1:1")))
            #expect(try await statuses() == [200, 200, 503])
            await fixture.center.lead(.unknown(reason: "an election is on"))
            #expect(try await statuses() == [200, 503, 503])
        }
    }

    @Test("unknown paths and methods are answered in the one error shape, with the request's id")
    func notFound() async throws {
        try await fixture.withClient { client async throws in
            for (method, path) in [(HTTPRequest.Method.get, "/api/v1/nothing"), (.patch, "/api/v1/tasks")] {
                let answer = try await client.send(method, path)
                #expect(answer.status == 404)
                let id = try answer.error().requestId
                #expect(!id.isEmpty && answer.headers[HTTPField.Name("x-request-id")!] == id)
            }
        }
    }

    @Test("a body above 16 MiB is refused")
    func tooLarge() async throws {
        try await fixture.withClient { client async throws in
            let body = String(repeating: " ", count: 16 * 1_024 * 1_024 + 1)
            let answer = try await client.send(.post, "/api/v1/tasks", body)
            #expect(answer.status == 413)
            #expect(try answer.error().code == .tooLarge)
        }
    }
}
