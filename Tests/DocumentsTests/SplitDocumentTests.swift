import Documents
import Domain
import Testing

@Suite struct SplitDocumentTests {
    static let head = "kind: Task\nname: t\ncommand: [x]\n"

    @Test(
        "how fires are split is read, and written as it was",
        arguments: [
            ("shards: 8\n", TaskSplit.shards(.count(8))),
            ("shards:\n  - eu\n  - us\n", .shards(.names(["eu", "us"]))),
            ("broadcast: true\n", .broadcast),
            ("", .whole),
        ]
    )
    func roundTrip(_ text: String, _ split: TaskSplit) throws {
        guard case .task(let document)? = try DocumentParser().parse(Self.head + text, file: "a.yaml").first
        else {
            Issue.record("no task")
            return
        }
        #expect(document.specification.split == split)
        let written = try DocumentWriter.yaml(document.specification)
        guard case .task(let again)? = try DocumentParser().parse(written, file: "b.yaml").first else {
            Issue.record("no task")
            return
        }
        #expect(again.specification == document.specification)
        #expect(try DocumentWriter.yaml(again.specification) == written)
        #expect(written.contains("shards") == (split.shards != nil))
        #expect(written.contains("broadcast") == (split == .broadcast))
    }

    @Test(
        "what cannot be a split is refused where it stands",
        arguments: [
            ("shards: 0", "4:9: shards cannot be '0': write a whole number from 1 to 1000"),
            ("shards: -2", "4:9: shards cannot be '-2'"),
            ("shards: many", "4:9: shards cannot be 'many'"),
            ("shards: [eu, [us]]", "4:14: shards[1] must be a name such as eu, or {name: eu"),
            ("shards: [{parameters: {a: 1}}]", "4:10: the shard has no name"),
            ("shards: [{name: eu, values: {a: 1}}]", "4:21: unknown key 'values' in a shard"),
            ("shards: [{name: eu, parameters: 3}]", "4:33: shards[0].parameters must be a mapping"),
            ("shards: [{name: eu, parameters: {a: 1}}]", "4:37: shard eu: task t has no parameter 'a'"),
            ("shards: {a: 1}", "4:9: shards must be a number such as 8, or a list of names"),
            ("shards: [eu, us, eu]", "4:18: shards[2]: two shards are called 'eu'"),
            ("broadcast: 3", "4:12: broadcast must be true or false"),
            ("shards: 2\nbroadcast: true", "5:12: "),
        ]
    )
    func refused(_ text: String, _ start: String) {
        #expect {
            try DocumentParser().parse(Self.head + text, file: "a.yaml")
        } throws: { error in
            let description = (error as? DocumentError)?.description ?? ""
            return description.hasPrefix("a.yaml:" + start.prefix { $0 != " " })
                && description.contains(words(start))
        }
    }

    @Test("values of shards are read, and written as they were; a shard without any is its name")
    func values() throws {
        let text =
            Self.head + "parameters:\n  - name: region\n    type: string\n  - name: depth\n    type: number\n"
            + "shards:\n  - name: eu\n    parameters:\n      depth: 3\n      region: eu-west\n  - us\n"
            + "  - name: asia\n"
        guard case .task(let document)? = try DocumentParser().parse(text, file: "a.yaml").first else {
            Issue.record("no task")
            return
        }
        let task = document.specification
        #expect(task.shards == .names(["eu", "us", "asia"]))
        #expect(task.shardParameters == ["eu": ["region": "eu-west", "depth": "3"]])
        let written = try DocumentWriter.yaml(task)
        #expect(written.contains("  - us\n  - asia\n"), "\(written)")
        for form in [written, try DocumentWriter.json(task)] {
            guard case .task(let again)? = try DocumentParser().parse(form, file: "b.yaml").first else {
                Issue.record("no task")
                return
            }
            #expect(again.specification == task)
            #expect(try DocumentWriter.yaml(again.specification) == written)
        }
    }

    /// What follows the place, without the field that messages may begin with.
    private func words(_ start: String) -> String {
        String(start.split(separator: " ", maxSplits: 1).last ?? "").replacing("shards[2]: ", with: "")
    }
}
