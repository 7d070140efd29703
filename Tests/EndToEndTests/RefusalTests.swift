import Domain
import Foundation
import Payloads
import Testing

extension EndToEnd.Live {
    /// What a cluster refuses: nothing of it is half done, and programs are told by status and shape.
    @Suite struct RefusalTests {
        @Test(
            "one bad document of a file keeps all of the file from being applied",
            arguments: [
                (
                    "kind: Task\nname: half-b\ncommand: [ls]\nschedules: [{cron: '61 * * * *'}]",
                    "-:8:21: 61 is not a minute"
                ),
                (
                    "kind: Task\nname: half-b\nruntime: nowhere\ncommand: [ls]",
                    "there is no runtime 'nowhere'"
                ),
                ("kind: Task\nname: half-a\ncommand: [ls]", "task half-a is described twice"),
                ("kind: Runtime\nname: half-r\nrejoinGrace: often", "-:7:"),
            ]
        )
        func half(second: String, says: String) async throws {
            let cluster = try LocalCluster.shared()
            let documents = "kind: Task\nname: half-a\ncommand: [ls]\n---\n" + second + "\n"
            let applied = try await cluster.control("apply", "-f", "-", input: documents)
            #expect(applied.status == 1)
            #expect(applied.errors.contains(says), "\(applied.errors)")
            #expect(try await cluster.task("half-a") == nil)
            #expect(try await cluster.task("half-b") == nil)
            #expect(try await cluster.control("runtime", "get", "half-r").status == 3)
        }

        struct Request: CustomTestStringConvertible, Sendable {
            var method: String
            var path: String
            var headers: [String: String] = [:]
            var body: String?
            var hasToken = true
            var status: Int
            var code: String
            var says: String
            var testDescription: String { "\(method) \(path) \(status)" }
        }

        static let requests = [
            Request(
                method: "GET",
                path: "tasks",
                hasToken: false,
                status: 401,
                code: "unauthorized",
                says: "token"
            ),
            Request(method: "GET", path: "tasks/nobody", status: 404, code: "not-found", says: "nobody"),
            Request(
                method: "GET",
                path: "nothing",
                status: 404,
                code: "not-found",
                says: "nothing under this path"
            ),
            Request(
                method: "GET",
                path: "tasks/No%20Name",
                status: 422,
                code: "invalid",
                says: "not a valid name"
            ),
            Request(method: "GET", path: "tasks?limit=0", status: 422, code: "invalid", says: "limit"),
            Request(method: "PUT", path: "tasks/x", body: "{", status: 400, code: "malformed", says: "JSON"),
            Request(
                method: "PUT",
                path: "tasks/x",
                body: #"{"name":"x","command":["ls"],"schedules":[{"cron":"0 25 * * *"}]}"#,
                status: 422,
                code: "invalid",
                says: #""position":2"#
            ),
            Request(
                method: "PUT",
                path: "tasks/x",
                body: #"{"name":"y","command":["ls"]}"#,
                status: 422,
                code: "invalid",
                says: "the task is named y here and x in the path"
            ),
            Request(
                method: "PUT",
                path: "tasks/x",
                headers: ["If-Match": "\"7\""],
                body: #"{"name":"x","command":["ls"]}"#,
                status: 404,
                code: "not-found",
                says: "x"
            ),
            Request(method: "POST", path: "tasks/nobody/run", status: 404, code: "not-found", says: "nobody"),
            Request(
                method: "POST",
                path: "runs/nonsense/stop",
                status: 422,
                code: "invalid",
                says: "nonsense"
            ),
        ]

        @Test("each refusal of the API has its status and its code in one shape", arguments: requests)
        func refusal(_ request: Request) async throws {
            let cluster = try LocalCluster.shared()
            let answer = try await http(
                request.method,
                try cluster.server() + "/api/v1/" + request.path,
                token: request.hasToken ? try cluster.token() : nil,
                headers: request.headers,
                body: request.body
            )
            #expect(answer.status == request.status, "\(answer.body)")
            #expect(answer.body.contains(request.says), "\(answer.body)")
            let error = try answer.json(ErrorPayload.self)
            #expect(error.code.rawValue == request.code)
            #expect(!error.message.isEmpty)
        }

        @Test("a body of more than 16 MiB is refused, and the center goes on")
        func tooLarge() async throws {
            let cluster = try LocalCluster.shared()
            let body = String(repeating: " ", count: 17 * 1_024 * 1_024)
            let url = try cluster.server() + "/api/v1/tasks"
            let answer = try await http("POST", url, token: try cluster.token(), body: body)
            #expect(answer.status == 413)
            #expect(try await cluster.status().nodes.count == 2)
        }

        @Test("health needs no token and tells the leader apart")
        func health() async throws {
            let cluster = try LocalCluster.shared()
            let centers = try await cluster.status().centers
            var leaders = 0
            for center in centers {
                #expect(try await http("GET", center.url + "/livez").status == 200)
                #expect(try await http("GET", center.url + "/readyz").status == 200)
                if try await http("GET", center.url + "/leaderz").status == 200 { leaders += 1 }
            }
            #expect(leaders == 1)
        }

        @Test("a command with a wrong token is not allowed")
        func wrongToken() async throws {
            let cluster = try LocalCluster.shared()
            let file = cluster.folder.file("wrong-token")
            try Data((String(repeating: "x", count: 40) + "\n").utf8).write(to: file)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
            let answer = try await cluster.control("task", "list", "--token-file", file.path)
            #expect(answer.status == 4)
            #expect(answer.errors.contains("token"), "\(answer.errors)")
        }
    }
}
