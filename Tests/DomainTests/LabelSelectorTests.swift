import Scheduling
import Testing

@testable import Domain

@Suite struct LabelSelectorTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var text: String
        var labels: [String: String]
        var matches: Bool
        var testDescription: String { "\(text) of \(labels)" }
    }

    static let rows = [
        Row(text: "team=data", labels: ["team": "data"], matches: true),
        Row(text: "team=data", labels: ["team": "web"], matches: false),
        Row(text: "team=data", labels: [:], matches: false),
        Row(text: "team==data", labels: ["team": "data"], matches: true),
        Row(text: "team!=data", labels: ["team": "data"], matches: false),
        Row(text: "team!=data", labels: [:], matches: true),
        Row(text: "team", labels: ["team": ""], matches: true),
        Row(text: "!team", labels: ["team": "data"], matches: false),
        Row(text: "!team", labels: ["other": "data"], matches: true),
        Row(text: "team=data, env!=prod", labels: ["team": "data", "env": "test"], matches: true),
        Row(text: "team=data,env!=prod", labels: ["team": "data", "env": "prod"], matches: false),
        Row(text: "team=", labels: ["team": ""], matches: true),
    ]

    @Test("all conditions must hold", arguments: rows)
    func matching(_ row: Row) throws {
        let selector = try LabelSelector(parsing: row.text)
        #expect(selector.matches(row.labels) == row.matches)
        #expect(try LabelSelector(parsing: selector.description) == selector)
    }

    @Test(
        "what is no condition is refused with what to write",
        arguments: ["", "=data", "team=data,", "te am=x", "team=a b", "!", "!=x", "-x=1"]
    )
    func refused(_ text: String) {
        #expect {
            try LabelSelector(parsing: text)
        } throws: {
            ($0 as? ValidationProblem)?.message.contains("write team=data, team!=data, team or !team") == true
        }
    }

    @Test("labels that no selector can name are refused with their field")
    func labels() {
        func problems(_ labels: [String: String]) -> [String] {
            TaskSpecification(name: TaskID("t")!, labels: labels, action: .command(["true"])).problems
                .map(\.field)
        }
        #expect(problems(["team": "data", "app.example/tier": "1", "empty": ""]).isEmpty)
        #expect(problems(["bad key": "x"]) == ["labels.bad key"])
        #expect(problems(["-x": "x", "team": "a,b"]) == ["labels.-x", "labels.team"])
        #expect(problems(["team": String(repeating: "x", count: 64)]) == ["labels.team"])
        let many = Dictionary(uniqueKeysWithValues: (0...32).map { ("k\($0)", "v") })
        #expect(problems(many) == ["labels"])
    }
}

@Suite struct ChangedShareTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var changed: Int
        var total: Int
        var percent = 50
        var isHeld: Bool
        var testDescription: String { "\(changed) of \(total) at \(percent) %" }
    }

    static let rows = [
        Row(changed: 9, total: 9, isHeld: false), Row(changed: 10, total: 10, isHeld: true),
        Row(changed: 10, total: 20, isHeld: false), Row(changed: 11, total: 20, isHeld: true),
        Row(changed: 100, total: 100, percent: 100, isHeld: false),
        Row(changed: 10, total: 1_000, percent: 1, isHeld: false),
        Row(changed: 11, total: 1_000, percent: 1, isHeld: true),
    ]

    @Test("a change is held from ten tasks and more than the allowed share on", arguments: rows)
    func held(_ row: Row) {
        let share = ChangedShare(
            runtime: .standard,
            changed: row.changed,
            total: row.total,
            allowedPercent: row.percent
        )
        #expect(share.isHeld == row.isHeld)
        let objection = ChangedShare.objection(to: [share], confirmed: nil)
        #expect((objection != nil) == row.isHeld)
        #expect(ChangedShare.objection(to: [share], confirmed: row.changed) == nil)
        if row.isHeld {
            #expect(objection?.contains("--confirm \(row.changed)") == true)
            #expect(ChangedShare.objection(to: [share], confirmed: row.changed - 1) != nil)
        }
    }

    @Test("the number to confirm is that of all runtimes, and the parts of a request count as one")
    func several() {
        let gpu = RuntimeID("gpu")!
        func share(_ runtime: RuntimeID, _ changed: Int) -> ChangedShare {
            ChangedShare(runtime: runtime, changed: changed, total: 20, allowedPercent: 50)
        }
        let all = ChangedShare.sum([share(.standard, 6), share(gpu, 3), share(.standard, 6)])
        #expect(all == [share(.standard, 12), share(gpu, 3)])
        #expect(ChangedShare.objection(to: all, confirmed: 12) != nil)
        #expect(ChangedShare.objection(to: all, confirmed: 15) == nil)
    }
}
