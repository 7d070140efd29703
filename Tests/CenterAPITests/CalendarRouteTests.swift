import Center
import CenterDoubles
import Domain
import Foundation
import HTTPTypes
import Payloads
import Scheduling
import Testing

@Suite struct CalendarRouteTests {
    private let fixture = ServerFixture()

    @Test("a calendar is created, read, changed, listed and deleted")
    func life() async throws {
        try await fixture.withClient { client async throws in
            let path = "/api/v1/calendars/off"
            #expect(try await client.send(.get, path).status == 404)
            let made = try await client.send(.put, path, #"{"name":"off","dates":["2026-12-25"]}"#)
            #expect(made.status == 201)
            #expect(
                try made.decoded(CalendarResult.self)
                    == CalendarResult(calendar: CalendarID("off")!, change: .created, tasks: 0)
            )
            let same = try await client.send(.put, path, #"{"name":"off","dates":["2026-12-25"]}"#)
            #expect(same.status == 200)
            #expect(try same.decoded(CalendarResult.self).change == .unchanged)
            let read = try await client.send(.get, path)
            #expect(read.text.contains(#""dates":["2026-12-25"]"#) && read.text.contains(#""tasks":0"#))
            #expect(try read.decoded(CalendarPayload.self).calendar.name.text == "off")
            let list = try await client.send(.get, "/api/v1/calendars").decoded(
                ListPayload<CalendarPayload>.self
            )
            #expect(list.items.map(\.calendar.name.text) == ["off"])
            #expect(try await client.send(.delete, path).status == 204)
            #expect(try await client.send(.delete, path).status == 404)
        }
    }

    @Test(
        "what is no calendar is refused with its field",
        arguments: [
            (#"{"name":"other","dates":["2026-12-25"]}"#, "name"),
            (#"{"dates":["2026-12-25"]}"#, "name"), (#"{"name":"off","dates":["soon"]}"#, "dates[0]"),
            (#"{"name":"off","dates":7}"#, "dates"),
        ]
    )
    func refused(_ body: String, _ field: String) async throws {
        try await fixture.withClient { client async throws in
            let answer = try await client.send(.put, "/api/v1/calendars/off", body)
            #expect(answer.status == 422)
            #expect(try answer.error().field?.hasPrefix(field.prefix(5)) == true)
        }
    }

    @Test("calendars and tasks come in one request, which may be a trial")
    func together() async throws {
        try await fixture.withClient { client async throws in
            let calendar = DayCalendar(name: CalendarID("off")!, days: DaySelection(weekdays: [.sunday]))
            var request = ApplyRequest(
                tasks: [ServerFixture.specification()],
                calendars: [calendar],
                dryRun: true
            )
            let trial = try await client.send(.post, "/api/v1/tasks", json: request)
            #expect(try trial.decoded(ApplyResponse.self).results.map(\.change) == [.created])
            #expect(try await client.send(.get, "/api/v1/tasks/nightly").status == 404)
            request.dryRun = nil
            let saved = try await client.send(.post, "/api/v1/tasks", json: request).decoded(
                ApplyResponse.self
            )
            #expect(saved.calendars?.map(\.change) == [.created] && saved.results.map(\.revision) == [1])
            #expect(try await client.send(.get, "/api/v1/calendars/off").status == 200)
        }
    }
}

@Suite struct ChangeRouteTests {
    private let fixture = ServerFixture()

    @Test("several tasks are changed at once, and listed by their labels")
    func changes() async throws {
        try await fixture.withClient { client async throws in
            let tasks = ["a", "b", "c"].map { name in
                var task = ServerFixture.specification(name)
                task.labels = ["team": name == "c" ? "web" : "data"]
                return task
            }
            _ = try await client.send(.post, "/api/v1/tasks", json: ApplyRequest(tasks: tasks))
            let list = try await client.send(.get, "/api/v1/tasks?labels=team%3Ddata").decoded(
                ListPayload<TaskPayload>.self
            )
            #expect(list.items.map(\.specification.name.text) == ["a", "b"])
            #expect(try await client.send(.get, "/api/v1/tasks?labels=a%20b").status == 422)
            let names = ["a", "b", "x"].map { TaskID($0)! }
            let paused = try await client.send(
                .post,
                "/api/v1/changes",
                json: ChangeRequest(action: .pause, tasks: names)
            )
            #expect(
                try paused.decoded(ChangeResponse.self).results.map(\.change) == [
                    .changed, .changed, .absent,
                ]
            )
            let bad = try await client.send(.post, "/api/v1/changes", #"{"action":"burn","tasks":[]}"#)
            #expect(bad.status == 422)
        }
    }

    @Test("a mass change is a conflict until it is confirmed")
    func held() async throws {
        try await fixture.withClient { client async throws in
            let tasks = (0..<12).map { ServerFixture.specification("t\($0)") }
            _ = try await client.send(.post, "/api/v1/tasks", json: ApplyRequest(tasks: tasks))
            var request = ChangeRequest(action: .delete, tasks: tasks.map(\.name))
            let held = try await client.send(.post, "/api/v1/changes", json: request)
            #expect(held.status == 409)
            #expect(try held.error().message.contains("--confirm 12"))
            request.confirm = 12
            #expect(try await client.send(.post, "/api/v1/changes", json: request).status == 200)
        }
    }

    @Test("revisions say who saved what, and why")
    func revisions() async throws {
        try await fixture.withClient { client async throws in
            let edits = [nil, "false"].map { ServerFixture.specification(script: $0 ?? "true") }
            for (index, edit) in edits.enumerated() {
                let request = ApplyRequest(tasks: [edit], author: "me", message: "edit \(index)")
                _ = try await client.send(.post, "/api/v1/tasks", json: request)
            }
            let path = "/api/v1/tasks/nightly/revisions"
            let list = try await client.send(.get, path).decoded(ListPayload<RevisionPayload>.self).items
            #expect(list.map(\.revision) == [1, 2] && list.map(\.message) == ["edit 0", "edit 1"])
            #expect(list.map(\.task) == edits && list[0].author == "me")
            #expect(try await client.send(.get, "/api/v1/tasks/none/revisions").status == 404)
            let long = ApplyRequest(tasks: edits, message: String(repeating: "x", count: 2_000))
            let refused = try await client.send(.post, "/api/v1/tasks", json: long)
            #expect(refused.status == 422)
        }
    }

    @Test("groups and runtimes are paused and resumed")
    func pauses() async throws {
        try await fixture.withClient { client async throws in
            _ = try await client.send(
                .post,
                "/api/v1/tasks",
                json: ApplyRequest(tasks: [ServerFixture.specification()])
            )
            let runtime = RuntimePayload(RuntimeSettings(name: RuntimeID("gpu")!))
            _ = try await client.send(.put, "/api/v1/runtimes/gpu", json: runtime)
            for scope in ["groups/default", "runtimes/gpu"] {
                let path = "/api/v1/\(scope)"
                let paused = try await client.send(.post, path + "/pause", #"{"reason":"move"}"#)
                #expect(try paused.decoded(PauseResult.self).changed)
                let again = try await client.send(.post, path + "/pause")
                #expect(try !again.decoded(PauseResult.self).changed)
                let resumed = try await client.send(.post, path + "/resume")
                #expect(try resumed.decoded(PauseResult.self).changed)
            }
            await fixture.center.miss([CatchUpShare(runtime: .standard, count: 240, allowed: 100)])
            let task = "/api/v1/tasks/\(ServerFixture.specification().name)"
            _ = try await client.send(.post, task + "/pause")
            let held = try await client.send(.post, task + "/resume")
            #expect(held.status == 409)
            #expect(try held.error().message.contains("this starts 240 runs at once"))
            #expect(try await client.send(.post, task + "/resume", #"{"confirm":240}"#).status == 200)
            await fixture.center.miss([])
            let brief = #"{"until":"2099-01-01T00:00:00Z","dryRun":true,"confirm":1}"#
            let planned = try await client.send(.post, "/api/v1/groups/default/pause", brief)
            #expect(try planned.decoded(PauseResult.self).shares?.map(\.changed) == [1])
            let early = try await client.send(
                .post,
                "/api/v1/groups/default/resume",
                #"{"until":"2099-01-01T00:00:00Z"}"#
            )
            #expect(try early.error().field == "until")
            let groups = try await client.send(.get, "/api/v1/groups").decoded(
                ListPayload<GroupPayload>.self
            )
            #expect(groups.items.map(\.name.text) == ["default"] && groups.items[0].tasks == 1)
            #expect(try await client.send(.post, "/api/v1/runtimes/none/pause").status == 404)
            let bad = try await client.send(
                .put,
                "/api/v1/runtimes/gpu",
                #"{"name":"gpu","massChangePercent":0}"#
            )
            #expect(try bad.error().field == "massChangePercent")
            let rows = [
                (#""startsPerSecond":-1"#, "startsPerSecond"),
                (#""startsPerSecond":100001"#, "startsPerSecond"),
                (#""shares":{"reports":0}"#, "shares.reports"),
                (#""shares":{"reports":1001}"#, "shares.reports"),
            ]
            for (text, field) in rows {
                let answer = try await client.send(
                    .put,
                    "/api/v1/runtimes/gpu",
                    #"{"name":"gpu",\#(text)}"#
                )
                #expect(try answer.status == 422 && answer.error().field == field)
            }
            let limited = #"{"name":"gpu","startsPerSecond":0,"shares":{"reports":300}}"#
            let kept = try await client.send(.put, "/api/v1/runtimes/gpu", limited)
            let settings = try kept.decoded(RuntimePayload.self).settings
            #expect(settings.startsPerSecond == nil && settings.shares == [GroupID("reports")!: 300])
        }
    }
}
