import Documents
import Domain
import Testing

@Suite struct DemandDocumentTests {
    private let head = "kind: Task\nname: t\ncommand: [date]\n"

    private func read(_ text: String) throws -> TaskSpecification {
        guard case .task(let task)? = try DocumentParser().parse(text, file: "a.yaml").first else {
            throw DocumentError(problems: [])
        }
        return task.specification
    }

    @Test("keys and units are read, and written back the same")
    func roundTrip() throws {
        let task = try read(head + "exclusive: [db-main, tape]\npools: {license: 2, io: 1}\npriority: 3\n")
        #expect(task.demand.keys.map(\.text) == ["db-main", "tape"])
        #expect(task.demand.pools == [PoolID("license")!: 2, PoolID("io")!: 1])
        let written = try DocumentWriter.yaml(task)
        #expect(try read(written) == task)
        #expect(try DocumentWriter.yaml(try read(written)) == written)
        let json = try DocumentWriter.json(task)
        #expect(json.contains(#""exclusive":["db-main","tape"]"#))
        #expect(json.contains(#""pools":{"io":1,"license":2}"#))
        #expect(try read(json) == task)
    }

    @Test("steps of a workflow hold what all of them do, unless they say something else")
    func workflow() throws {
        let text = """
            kind: Workflow
            name: w
            defaults:
              exclusive: [db]
              pools: {license: 1}
            steps:
              one: {command: [date]}
              two: {command: [date], after: [one], exclusive: [], pools: {io: 2}}
            """
        func read(_ text: String) throws -> Workflow {
            guard case .workflow(let document)? = try DocumentParser().parse(text, file: "a.yaml").first
            else {
                throw DocumentError(problems: [])
            }
            return document.workflow
        }
        let workflow = try read(text)
        #expect(workflow.steps.map { $0.demand.keys.map(\.text) } == [["db"], []])
        let (license, io) = (PoolID("license")!, PoolID("io")!)
        #expect(workflow.steps.map(\.demand.pools) == [[license: 1], [io: 2]])
        let written = try DocumentWriter.yaml(workflow)
        #expect(try read(written) == workflow)
        #expect(try DocumentWriter.yaml(try read(written)) == written)
    }

    @Test("a task that shares nothing says nothing of it")
    func nothing() throws {
        let written = try DocumentWriter.yaml(try read(head))
        #expect(!written.contains("exclusive") && !written.contains("pools"))
    }

    @Test(
        "what is no key and no number of units is refused with its place",
        arguments: [
            ("exclusive: db\n", "4:12", "exclusive must be a list of names such as [db-main]"),
            ("exclusive: [DB]\n", "4:13", "'DB' is not a valid name"),
            ("exclusive: [a, a]\n", "4:16", "appears twice"),
            ("pools: [a]\n", "4:8", "a mapping of pools to units such as {license: 2}"),
            ("pools: {license: 0}\n", "4:18", "a whole number from 1 to 1000000"),
            ("pools: {license: -1}\n", "4:18", "a whole number from 1 to 1000000"),
            ("pools: {license: many}\n", "4:18", "a whole number from 1 to 1000000"),
            ("pools: {No: 1}\n", "4:9", "'No' is not a valid name"), ("pool: {a: 1}\n", "4:1", "pools"),
        ]
    )
    func refused(_ line: String, _ place: String, _ words: String) {
        #expect {
            try DocumentParser().parse(head + line, file: "a.yaml")
        } throws: {
            let text = ($0 as? DocumentError)?.description ?? ""
            return text.hasPrefix("a.yaml:\(place)") && text.contains(words)
        }
    }
}
