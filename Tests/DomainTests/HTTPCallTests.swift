import Foundation
import Scheduling
import Testing

@testable import Domain

@Suite struct JSONPredicateTests {
    private static let value = OutputValue.object([
        "state": .text("done"), "rows": .integer(12), "rate": .number(0.5), "none": .null,
        "off": .boolean(false),
        "items": .list([.object(["id": .integer(7)]), .object(["first name": .text("a")])]),
    ])

    struct Row: Sendable, CustomTestStringConvertible {
        var text: String
        var holds: Bool
        var testDescription: String { text }
        init(_ text: String, _ holds: Bool) { (self.text, self.holds) = (text, holds) }
    }

    static let rows = [
        Row("state", true), Row("none", false), Row("off", false), Row("missing", false),
        Row("state == \"done\"", true), Row("state==\"done\"", true), Row("state != \"done\"", false),
        Row("rows == 12", true), Row("rows == 12.0", true), Row("rows == \"12\"", false),
        Row("rows >= 12", true),
        Row("rows > 12", false), Row("rows < 12.5", true), Row("rows <= 11", false), Row("rate < 1", true),
        Row("state > \"abc\"", true), Row("state > 1", false), Row("state <= 1", false),
        Row("none == null", true),
        Row("off == false", true), Row("missing == null", false), Row("missing != 1", false),
        Row("items[0].id == 7", true), Row("items[1][\"first name\"] == \"a\"", true), Row("items[2]", false),
        Row("items[0] == {\"id\": 7}", true), Row("  rows   ==  12  ", true), Row("state[0]", false),
    ]

    @Test("what holds of a value", arguments: rows)
    func holds(row: Row) throws { #expect(try JSONPredicate(row.text).holds(in: Self.value) == row.holds) }

    @Test(
        "what is no predicate",
        arguments: [
            "", " ", "== 1", "state = 1", "state == done", "state ==", "state == 1, 2", "a..b", "a.", "a[",
            "a[x]",
            "a[-1]", "state == 1]", "a b",
        ]
    )
    func mistakes(text: String) { #expect(throws: JSONPath.Mistake.self) { try JSONPredicate(text) } }
}

@Suite struct HTTPCallTests {
    private func facts(_ day: String) throws -> TemplateFacts {
        let key = FireKey(uid: TaskUID(bits: 7), due: .epoch)
        let fire = JournaledFire(
            attempt: AttemptID(run: RunID(key), number: 1),
            task: try #require(TaskID("t")),
            uid: TaskUID(bits: 7),
            revision: 1,
            due: .epoch,
            trigger: .schedule,
            delivery: .atMostOnce,
            decision: .launch
        )
        return TemplateFacts(fire: fire, node: "agent-1", parameters: ["day": day])
    }

    @Test("what is filled in is escaped for its place, and cannot leave it")
    func rendering() throws {
        let hostile = "a/../b?c=\"d\"&e#\r\nX: 1"
        let facts = try facts(hostile)
        var call = HTTPCall(url: "https://example.com/${{ parameters.day }}?x=${{ parameters.day }}")
        call.body = .json(.object(["day": .text("<${{ parameters.day }}>"), "rows": .list([.integer(1)])]))
        let rendered = call.rendered(facts)
        let encoded = "a%2F..%2Fb%3Fc%3D%22d%22%26e%23%0D%0AX%3A%201"
        #expect(rendered.url == "https://example.com/\(encoded)?x=\(encoded)")
        #expect(
            rendered.body == .json(.object(["day": .text("<\(hostile)>"), "rows": .list([.integer(1)])]))
        )
        call.body = .text("{\"day\":\"${{ parameters.day }}\"}")
        call.headers = ["content-Type": "application/json; charset=utf-8"]
        #expect(call.rendered(facts).body == .text(#"{"day":"a/../b?c=\"d\"&e#\r\nX: 1"}"#))
        call.headers = ["Content-Type": "application/x-www-form-urlencoded"]
        #expect(call.rendered(facts).body == .text("{\"day\":\"\(encoded)\"}"))
        call.headers = ["Content-Type": "text/plain"]
        #expect(call.rendered(facts).body == .text("{\"day\":\"\(hostile)\"}"))
    }

    @Test("statuses", arguments: [("204", "204"), ("200-299", "200-299"), ("200-200", "200")])
    func statuses(text: String, written: String) { #expect(StatusRange(text)?.text == written) }

    @Test(
        "what is no status",
        arguments: ["", "99", "600", "299-200", "2xx", "200-", "-200", "200-299-300", "+200"]
    )
    func noStatus(text: String) { #expect(StatusRange(text) == nil) }

    struct Mistake: Sendable, CustomTestStringConvertible {
        var field: String
        var change: @Sendable (inout HTTPCall) -> Void
        var testDescription: String { field }
        init(_ field: String, _ change: @escaping @Sendable (inout HTTPCall) -> Void) {
            (self.field, self.change) = (field, change)
        }
    }

    static let mistakes: [Mistake] = [
        .init("http.url") { $0.url = "example.com/x" }, .init("http.url") { $0.url = "ftp://example.com" },
        .init("http.url") { $0.url = "https://" }, .init("http.url") { $0.url = "https://a:b@example.com/" },
        .init("http.url") { $0.url = "https://example.com/#x" },
        .init("http.url") { $0.url = "${{ parameters.day }}" },
        .init("http.method") { $0.method = "get" }, .init("http.headers.A B") { $0.headers = ["A B": ""] },
        .init("http.headers.Host") { $0.headers = ["Host": "x"] },
        .init("http.headers.x") { $0.headers = ["X": "1", "x": "2"] },
        .init("http.headers.X") { $0.headers = ["X": "1\r\nY: 2"] },
        .init("http.timeout.total") { $0.timeout = .zero },
        .init("http.timeout.connect") { $0.connectTimeout = .seconds(601) },
        .init("http.expect.status") { $0.statuses = [] }, .init("http.follow") { $0.redirectsMax = 21 },
        .init("http.maxBody") { $0.bodyBytesMax = -1 },
        .init("http.outputs.1") { $0.outputs["1"] = try? JSONPath("a") },
        .init("http.outputs.status") { $0.outputs["status"] = try? JSONPath("a") },
        .init("http.tls.ca") { $0.authority = "relative.pem" },
        .init("http.tls") {
            $0.authority = "/a.pem"
            $0.isInsecure = true
        },
        .init("http") { $0.body = .text(String(repeating: "x", count: 100_000)) },
    ]

    @Test("each mistake is named with its field", arguments: mistakes)
    func problems(mistake: Mistake) throws {
        var call = HTTPCall(url: "https://example.com/${{ parameters.day }}/x?y=${{ due.date }}")
        #expect(call.problems.isEmpty)
        mistake.change(&call)
        #expect(call.problems.map(\.field) == [mistake.field])
    }

    @Test("templates in every place are checked")
    func templates() throws {
        var call = HTTPCall(url: "https://example.com/${{ parameters.a }}")
        call.headers = ["X": "${{ parameters.b }}"]
        call.body = .json(.object(["x": .list([.text("${{ parameters.c }}")])]))
        let task = TaskSpecification(name: try #require(TaskID("t")), action: .http(call))
        #expect(task.problems.map(\.field) == ["http.url", "http.headers.X", "http.json"])
        let plugin = PluginCall(name: "p", configuration: ["a": .text("${{ nothing }}")])
        let other = TaskSpecification(name: try #require(TaskID("t")), action: .plugin(plugin))
        #expect(other.problems.map(\.field) == ["plugin.config"])
    }

    @Test("the name of a plugin is no path", arguments: ["", "../x", "a/b", ".x", "A"])
    func pluginNames(name: String) throws {
        let task = TaskSpecification(name: try #require(TaskID("t")), action: .plugin(PluginCall(name: name)))
        #expect(task.problems.map(\.field) == ["plugin.name"])
    }
}
