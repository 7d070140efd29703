import Center
import CenterAPI
import CenterDoubles
import Domain
import Foundation
import HTTPTypes
import HummingbirdTesting
import Logging
import Payloads
import Scheduling
import ServiceLifecycle
import Testing

/// What needs servers that listen.
@Suite struct ListeningTests {
    @Test("port 0 is any free port, and the URL tells which")
    func anyPort() async throws {
        try await ServerFixture().withListening { url async throws in
            let port = try #require(URLComponents(string: url)?.port)
            #expect(port > 0)
            #expect(url.hasPrefix("http://127.0.0.1:"))
        }
    }

    @Test("a port that is taken is named")
    func portTaken() async throws {
        try await ServerFixture().withListening { url async throws in
            let port = try #require(URLComponents(string: url)?.port)
            let error = await #expect(throws: ListenError.self) {
                try await ServerFixture().server(port: port).run()
            }
            #expect(error == .portTaken(host: "127.0.0.1", port: port))
            #expect(error?.description.contains("127.0.0.1:\(port)") == true)
        }
    }

    @Test(
        "addresses of the network are refused before anything listens",
        arguments: ["0.0.0.0", "::", "10.1.2.3"]
    )
    func addressRefused(_ host: String) async throws {
        let error = await #expect(throws: ListenError.self) {
            try await ServerFixture().server(host: host).run()
        }
        #expect(error == .addressRefused(host))
    }

    @Test("a request by another name is refused, even with the token")
    func hostHeader() async throws {
        try await ServerFixture().withListening { url async throws in
            let port = try #require(URLComponents(string: url)?.port)
            for (name, status) in [
                ("localhost:\(port)", 200), ("127.0.0.1", 200), ("evil.example:\(port)", 403),
            ] {
                let answer = try await TestClient.withClient(host: "127.0.0.1", port: port) {
                    client async throws in
                    try await client.execute(
                        TestClient.Request(
                            "/api/v1/cluster",
                            method: .get,
                            authority: name,
                            headers: [.authorization: "Bearer 0123456789abcdef"]
                        )
                    )
                }
                #expect(Int(answer.status.code) == status)
            }
        }
    }
}
