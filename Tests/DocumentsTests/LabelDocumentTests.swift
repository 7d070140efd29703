import Documents
import Domain
import Scheduling
import Testing

@Suite struct LabelDocumentTests {
    private let head = "kind: Task\nname: t\ncommand: [date]\n"

    @Test("labels are read and written back, before what follows them in the documentation")
    func labels() throws {
        let text = """
            kind: Task
            name: t
            runtime: default
            group: billing
            labels: {env: prod, team: data}
            command: [date]

            """
        let documents = try DocumentParser().parse(text, file: "a.yaml")
        guard case .task(let task)? = documents.first else {
            Issue.record("no task")
            return
        }
        #expect(task.specification.labels == ["env": "prod", "team": "data"])
        let written = try DocumentWriter.yaml(task.specification)
        let again = try DocumentParser().parse(written, file: "b.yaml")
        guard case .task(let read)? = again.first else {
            Issue.record("no task")
            return
        }
        #expect(read.specification == task.specification)
        let keys = written.split(separator: "\n").filter { !$0.hasPrefix(" ") }.compactMap {
            $0.split(separator: ":").first
        }
        #expect(Array(keys.prefix(6)) == ["kind", "name", "runtime", "group", "labels", "command"])
        #expect(
            try DocumentWriter.json(task.specification).contains(#""labels":{"env":"prod","team":"data"}"#)
        )
    }

    @Test(
        "labels that are none are refused with their place",
        arguments: [
            ("labels: {bad key: x}\n", "4:"), ("labels: [a]\n", "4:9"), ("labels:\n  team: a,b\n", "5:"),
        ]
    )
    func refused(_ line: String, _ place: String) {
        #expect {
            try DocumentParser().parse(head + line, file: "a.yaml")
        } throws: {
            let text = ($0 as? DocumentError)?.description ?? ""
            return text.hasPrefix("a.yaml:\(place)") && text.contains("label")
        }
    }

    @Test(
        "a runtime's share of a mass change is a percentage; whether it is paused is no part of its document"
    )
    func runtimes() throws {
        let documents = try DocumentParser().parse(
            "kind: Runtime\nname: gpu\nmassChangePercent: 20\ncatchUpsMax: 0\n",
            file: "a.yaml"
        )
        guard case .runtime(var runtime)? = documents.first else {
            Issue.record("no runtime")
            return
        }
        #expect(runtime.settings.massChangePercent == 20 && runtime.settings.catchUpsMax == 0)
        runtime.settings.pause = PauseRecord(since: .init(millisecondsSinceEpoch: 0))
        let written = try DocumentWriter.yaml(runtime.settings)
        #expect(written.contains("massChangePercent: 20\ncatchUpsMax: 0\n") && !written.contains("pause"))
        #expect(throws: DocumentError.self) {
            try DocumentParser().parse("kind: Runtime\nname: gpu\nmassChangePercent: 0\n", file: "a.yaml")
        }
    }

    @Test("a runtime's limits and shares are read, written and checked")
    func limits() throws {
        let text = "kind: Runtime\nname: gpu\nstartsPerSecond: 200\nshares:\n  imports: 50\n  reports: 300\n"
        guard case .runtime(let runtime)? = try DocumentParser().parse(text, file: "a.yaml").first else {
            Issue.record("no runtime")
            return
        }
        #expect(runtime.settings.startsPerSecond == 200)
        #expect(runtime.settings.shares == [GroupID("imports")!: 50, GroupID("reports")!: 300])
        let written = try DocumentWriter.yaml(runtime.settings)
        #expect(written.contains("startsPerSecond: 200\nshares:\n  imports: 50\n  reports: 300\n"))
    }

    @Test(
        "limits, shares and priorities out of range are refused where they stand",
        arguments: [
            ("kind: Runtime\nname: gpu\nstartsPerSecond: 0", "3:18: startsPerSecond"),
            ("kind: Runtime\nname: gpu\nshares: 3", "3:9: shares"),
            ("kind: Runtime\nname: gpu\nshares: {reports: 0}", "3:19: shares.reports"),
            ("kind: Runtime\nname: gpu\nshares: {Reports: 5}", "3:10: 'Reports' is not a valid name"),
            ("kind: Task\nname: t\ncommand: [x]\npriority: 101", "4:11: priority"),
            ("kind: Task\nname: t\ncommand: [x]\npriority: high", "4:11: priority"),
        ]
    )
    func limitsOutOfRange(_ text: String, _ place: String) {
        #expect {
            try DocumentParser().parse(text, file: "a.yaml")
        } throws: {
            (($0 as? DocumentError)?.description ?? "").hasPrefix("a.yaml:\(place)")
        }
    }

    @Test("a priority is read and written, also when it is negative; without one nothing is written")
    func priorities() throws {
        let text = "kind: Task\nname: t\ncommand: [x]\npriority: -7\n"
        guard case .task(let document)? = try DocumentParser().parse(text, file: "a.yaml").first else {
            Issue.record("no task")
            return
        }
        let task = document.specification
        #expect(task.priority == -7)
        #expect(try DocumentWriter.yaml(task).contains("priority: -7"))
        var plain = task
        plain.priority = 0
        #expect(try !DocumentWriter.yaml(plain).contains("priority"))
        plain.priority = 101
        #expect(plain.problems.map(\.field) == ["priority"])
    }
}
