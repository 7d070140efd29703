import Center
import CenterDoubles
import Domain
import Foundation
import HTTPTypes
import Payloads
import Scheduling
import Testing

@Suite struct TaskRouteTests {
    private let fixture = ServerFixture()

    @Test("what the center finds wrong with one task is told without a place in a list")
    func refusedByCenter() async throws {
        await fixture.center.refuseSaves(with: [
            ValidationProblem(field: "tasks[0].runtime", message: "there is no such runtime")
        ])
        try await fixture.withClient { client async throws in
            let specification = ServerFixture.specification()
            let one = try await client.send(.put, "/api/v1/tasks/nightly", json: specification)
            #expect(try one.status == 422 && one.error().field == "runtime")
            #expect(try one.error().problems?.map(\.field) == ["runtime"])
            let list = try await client.send(
                .post,
                "/api/v1/tasks",
                json: ApplyRequest(tasks: [specification])
            )
            #expect(try list.error().problems?.map(\.field) == ["tasks[0].runtime"])
        }
    }

    @Test("tasks are created, read, edited and deleted")
    func lifeCycle() async throws {
        try await fixture.withClient { client async throws in
            let created = try await client.send(
                .put,
                "/api/v1/tasks/nightly",
                json: ServerFixture.specification()
            )
            #expect(created.status == 201)
            #expect(try created.decoded(ApplyResult.self).change == .created)

            let same = try await client.send(
                .put,
                "/api/v1/tasks/nightly",
                json: ServerFixture.specification()
            )
            #expect(try same.decoded(ApplyResult.self).change == .unchanged)

            let edit = ServerFixture.specification(script: "false")
            let edited = try await client.send(.put, "/api/v1/tasks/nightly", json: edit)
            #expect(edited.status == 200 && edited.headers[.eTag] == "\"2\"")

            let read = try await client.send(.get, "/api/v1/tasks/nightly")
            let task = try read.decoded(TaskPayload.self)
            #expect(task.specification == edit && task.revision == 2 && task.unplacedReason == "no agent")
            #expect(read.headers[.eTag] == "\"2\"")

            #expect(try await client.send(.delete, "/api/v1/tasks/nightly").status == 204)
            let gone = try await client.send(.get, "/api/v1/tasks/nightly")
            #expect(gone.status == 404)
            #expect(try gone.error().code == .notFound)
            #expect(try await client.send(.delete, "/api/v1/tasks/nightly").status == 404)
        }
    }

    @Test(
        "a field that no request has is refused, and nothing is done",
        arguments: [
            ("/run", #"{"params": {"n": 7}}"#, ["params"]),
            ("/pause", #"{"untill": "2030-01-01T00:00:00Z", "why": "disks"}"#, ["untill", "why"]),
            ("/run", #"{"key": "k", "note": null, "Key": 1}"#, ["Key"]),
        ]
    )
    func unknownFields(_ path: String, _ body: String, _ fields: [String]) async throws {
        try await fixture.withClient { client async throws in
            let task = "/api/v1/tasks/nightly"
            #expect(try await client.send(.put, task, json: ServerFixture.specification()).status == 201)
            let answer = try await client.send(.post, task + path, body)
            #expect(answer.status == 422)
            let problems = try #require(try answer.error().problems)
            #expect(problems.map(\.field) == fields)
            #expect(problems[0].message.hasPrefix("'\(fields[0])' is no field of this request: use "))
            #expect(try await client.send(.get, task).decoded(TaskPayload.self).pause == nil)
            #expect(await fixture.center.requests.isEmpty)
        }
    }

    @Test("an edit of another revision, or of a task that exists, is a conflict")
    func conditions() async throws {
        try await fixture.withClient { client async throws in
            let path = "/api/v1/tasks/nightly"
            let body = String(
                decoding: try PayloadCoding.encode(ServerFixture.specification()),
                as: UTF8.self
            )
            #expect(try await client.send(.put, path, body, headers: [.ifMatch: "\"1\""]).status == 409)
            #expect(try await client.send(.put, path, body, headers: [.ifNoneMatch: "*"]).status == 201)
            let again = try await client.send(.put, path, body, headers: [.ifNoneMatch: "*"])
            #expect(again.status == 409)
            #expect(try again.error().code == .conflict)
            #expect(try await client.send(.put, path, body, headers: [.ifMatch: "\"1\""]).status == 200)
            #expect(try await client.send(.put, path, body, headers: [.ifMatch: "\"9\""]).status == 409)
            #expect(try await client.send(.put, path, body, headers: [.ifMatch: "soon"]).status == 422)
            #expect(try await client.send(.put, path, body, headers: [.ifNoneMatch: "\"1\""]).status == 422)
        }
    }

    @Test("applying many answers for each, in order")
    func apply() async throws {
        try await fixture.withClient { client async throws in
            let request = ApplyRequest(tasks: ["b", "a", "c"].map { ServerFixture.specification($0) })
            let answer = try await client.send(.post, "/api/v1/tasks", json: request)
            #expect(answer.status == 200)
            let results = try answer.decoded(ApplyResponse.self).results
            #expect(results.map(\.task.text) == ["b", "a", "c"])
            #expect(results.allSatisfy { $0.change == .created && $0.revision == 1 })
            let absent = ApplyRequest(tasks: request.tasks, condition: .absent)
            #expect(try await client.send(.post, "/api/v1/tasks", json: absent).status == 409)
        }
    }

    @Test("every problem of every task is answered at once, and nothing is saved")
    func allProblems() async throws {
        try await fixture.withClient { client async throws in
            let body = """
                {"tasks": [
                    {"name": "good", "script": "true"},
                    {"name": "Bad Name", "script": "true"},
                    {"name": "no-action"},
                    {"name": "bad-cron", "script": "true", "schedules": [{"cron": "0 0 * * *"}, {"cron": "61 0 * * *"}]},
                    {"name": "two-things", "script": " ", "timeout": "0s"},
                    {"name": "good", "script": "true"},
                    7
                ]}
                """
            let answer = try await client.send(.post, "/api/v1/tasks", body)
            #expect(answer.status == 422)
            let error = try answer.error()
            #expect(error.code == .invalid)
            let fields = try #require(error.problems).map(\.field)
            #expect(fields.contains("tasks[1].name"))
            #expect(fields.contains("tasks[2].command"))
            #expect(fields.contains { $0.hasPrefix("tasks[3].schedules[1]") })
            #expect(fields.contains("tasks[4].script") && fields.contains("tasks[4].timeout"))
            #expect(fields.contains("tasks[5].name"))
            #expect(fields.contains("tasks[6]"))
            #expect(fields.count == 7)
            let list = try await client.send(.get, "/api/v1/tasks").decoded(ListPayload<TaskPayload>.self)
            #expect(list.items.isEmpty)
        }
    }

    @Test(
        "bodies that are no JSON are malformed, JSON that is wrong somewhere is invalid",
        arguments: [
            ("", 400, nil), ("{", 400, nil), ("[]", 400, nil), ("{}", 422, "tasks"),
            (#"{"tasks":1}"#, 422, "tasks"),
            (#"{"tasks":[],"condition":"soon"}"#, 422, "condition"),
        ] as [(String, Int, String?)]
    )
    func bodies(_ body: String, _ status: Int, _ field: String?) async throws {
        try await fixture.withClient { client async throws in
            let answer = try await client.send(.post, "/api/v1/tasks", body)
            #expect(answer.status == status)
            let error = try answer.error()
            #expect(error.code == (status == 400 ? .malformed : .invalid))
            #expect(error.field == field)
        }
    }

    @Test("one task is checked as a whole, its name against the path included")
    func putProblems() async throws {
        try await fixture.withClient { client async throws in
            let body = #"{"name":"other","script":"","killGrace":"2h"}"#
            let error = try await client.send(.put, "/api/v1/tasks/nightly", body).error()
            #expect(error.problems?.map(\.field) == ["script", "killGrace", "name"])
            let name = try await client.send(.put, "/api/v1/tasks/No%20Name", body)
            #expect(name.status == 422)
            #expect(try name.error().field == "name")
        }
    }

    @Test("10,000 tasks fit into one request, one more does not")
    func tenThousand() async throws {
        try await fixture.withClient { client async throws in
            let tasks = (0..<10_000).map { ServerFixture.specification("task-\($0)") }
            let answer = try await client.send(.post, "/api/v1/tasks", json: ApplyRequest(tasks: tasks))
            #expect(answer.status == 200)
            #expect(try answer.decoded(ApplyResponse.self).results.count == 10_000)
            let more = ApplyRequest(tasks: tasks + [ServerFixture.specification("one-more")])
            #expect(try await client.send(.post, "/api/v1/tasks", json: more).status == 422)
        }
    }

    @Test("lists are filtered and come in pages")
    func lists() async throws {
        try await fixture.withClient { client async throws in
            var tasks = (0..<5).map { ServerFixture.specification("t\($0)") }
            tasks[1].runtime = RuntimeID("gpu")!
            tasks[2].group = GroupID("reports")!
            tasks[3].isEnabled = false
            _ = try await client.send(.post, "/api/v1/tasks", json: ApplyRequest(tasks: tasks))
            func names(_ query: String) async throws -> [String] {
                let list = try await client.send(.get, "/api/v1/tasks" + query).decoded(
                    ListPayload<TaskPayload>.self
                )
                return list.items.map(\.specification.name.text)
            }
            #expect(try await names("?runtime=gpu") == ["t1"])
            #expect(try await names("?group=reports") == ["t2"])
            #expect(try await names("?enabled=false") == ["t3"])
            #expect(try await names("?runtime=default&enabled=true") == ["t0", "t2", "t4"])
            let first = try await client.send(.get, "/api/v1/tasks?limit=2").decoded(
                ListPayload<TaskPayload>.self
            )
            #expect(first.items.count == 2)
            #expect(try await names("?limit=10&page=\(first.next!)") == ["t2", "t3", "t4"])
        }
    }

    @Test(
        "parameters that cannot be read are named",
        arguments: [
            ("/api/v1/tasks?limit=0", "limit"), ("/api/v1/tasks?limit=1001", "limit"),
            ("/api/v1/tasks?limit=x", "limit"),
            ("/api/v1/tasks?enabled=maybe", "enabled"), ("/api/v1/tasks?runtime=A", "runtime"),
            ("/api/v1/runs?since=yesterday", "since"), ("/api/v1/runs?state=dead", "state"),
            ("/api/v1/runs?page=x", "page"), ("/api/v1/runs/nonsense", "id"),
            ("/api/v1/peers/authored?after=-1", "after"),
            ("/api/v1/tasks/t/next?count=0", "count"),
        ]
    )
    func parameters(_ path: String, _ field: String) async throws {
        try await fixture.withClient { client async throws in
            _ = try await client.send(.put, "/api/v1/tasks/t", json: ServerFixture.specification("t"))
            let answer = try await client.send(.get, path)
            #expect(answer.status == 422)
            #expect(try answer.error().field == field)
        }
    }

    @Test("pausing and resuming change whether the task is enabled")
    func pause() async throws {
        try await fixture.withClient { client async throws in
            _ = try await client.send(.put, "/api/v1/tasks/t", json: ServerFixture.specification("t"))
            let paused = try await client.send(.post, "/api/v1/tasks/t/pause").decoded(ApplyResult.self)
            #expect(paused.change == .updated && paused.revision == 2)
            let next = try await client.send(.get, "/api/v1/tasks/t/next").decoded(ListPayload<Instant>.self)
            #expect(next.items.isEmpty)
            #expect(
                try await client.send(.post, "/api/v1/tasks/t/resume").decoded(ApplyResult.self).revision == 3
            )
            #expect(try await client.send(.post, "/api/v1/tasks/none/pause").status == 404)
        }
    }

    @Test("the next due instants follow the clock")
    func next() async throws {
        try await fixture.withClient { client async throws in
            _ = try await client.send(.put, "/api/v1/tasks/t", json: ServerFixture.specification("t"))
            let next = try await client.send(.get, "/api/v1/tasks/t/next?count=3").decoded(
                ListPayload<Instant>.self
            )
            #expect(next.items == [60, 120, 180].map { ServerFixture.now + .seconds($0) })
        }
    }

    @Test("the same key gives the same run, no key a new one")
    func run() async throws {
        try await fixture.withClient { client async throws in
            _ = try await client.send(.put, "/api/v1/tasks/t", json: ServerFixture.specification("t"))
            func run(_ body: String?) async throws -> RunID {
                let answer = try await client.send(.post, "/api/v1/tasks/t/run", body)
                #expect(answer.status == 202)
                return try answer.decoded(RunAccepted.self).run
            }
            let first = try await run(#"{"key":"k"}"#)
            #expect(try await run(#"{"key":"k"}"#) == first)
            #expect(try await run(nil) != first)
            #expect(try await run("{}") != first)
            #expect(await fixture.center.requests[TaskID("t")!]?.count == 3)
            #expect(try await client.send(.post, "/api/v1/tasks/t/run", #"{"key":""}"#).status == 422)
            #expect(try await client.send(.post, "/api/v1/tasks/none/run").status == 404)
        }
    }

    @Test("a pause has an end and a reason, fires are changed one by one, and both are shown")
    func exceptions() async throws {
        try await fixture.withClient { client async throws in
            _ = try await client.send(.put, "/api/v1/tasks/t", json: ServerFixture.specification("t"))
            let until = ServerFixture.now + .seconds(86_400)
            let asked = PauseRequest(until: until, reason: "disks", author: "ann")
            #expect(try await client.send(.post, "/api/v1/tasks/t/pause", json: asked).status == 200)
            let paused = try await client.send(.get, "/api/v1/tasks/t").decoded(TaskPayload.self)
            #expect(
                paused.pause?.until == until && paused.pause?.reason == "disks"
                    && paused.specification.isEnabled
            )
            #expect(try await client.send(.post, "/api/v1/tasks/t/resume", json: asked).status == 422)
            #expect(try await client.send(.post, "/api/v1/tasks/t/resume").status == 200)
            let skip = try await client.send(
                .post,
                "/api/v1/tasks/t/fires",
                #"{"action": "skip", "count": 2, "reason": "holiday"}"#
            )
            #expect(try skip.decoded(ListPayload<FireException>.self).items.map(\.isSkipped) == [true, true])
            let task = try await client.send(.get, "/api/v1/tasks/t").decoded(TaskPayload.self)
            #expect(task.exceptions?.count == 2 && task.pause == nil)
            let bad = [
                #"{"action": "shift"}"#, #"{"action": "adjust", "parameters": {"x": 1}}"#,
                #"{"action": "jump"}"#, #"{"action": "skip", "count": 0}"#,
            ]
            for body in bad {
                #expect(try await client.send(.post, "/api/v1/tasks/t/fires", body).status == 422, "\(body)")
            }
        }
    }

    @Test("a request has values of any JSON kind; wrong ones are told with their field")
    func values() async throws {
        try await fixture.withClient { client async throws in
            var specification = ServerFixture.specification("t")
            specification.parameters = [
                Parameter(name: "n", kind: .number), Parameter(name: "f", kind: .boolean),
            ]
            _ = try await client.send(.put, "/api/v1/tasks/t", json: specification)
            let path = "/api/v1/tasks/t/run"
            #expect(
                try await client.send(.post, path, #"{"parameters": {"n": 1.5, "f": true}}"#).status == 202
            )
            let wrong = try await client.send(.post, path, #"{"parameters": {"n": "x", "g": "y"}}"#)
            #expect(wrong.status == 422)
            #expect(try wrong.error().problems?.map(\.field) == ["parameters.g", "parameters.n"])
            #expect(try await client.send(.post, path, #"{"parameters": {"n": [1]}}"#).status == 422)
            let told = try await client.send(.get, "/api/v1/tasks/t/explain?at=2026-01-01T00:00:00Z").decoded(
                Explanation.self
            )
            #expect(told.subject == "task/t" && told.at != nil && !told.findings.isEmpty)
            #expect(try await client.send(.get, "/api/v1/tasks/t/explain?at=soon").status == 422)
            #expect(try await client.send(.get, "/api/v1/tasks/none/explain").status == 404)
        }
    }
}
