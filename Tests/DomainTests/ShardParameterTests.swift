import Domain
import Foundation
import Scheduling
import Testing

@Suite struct ShardParameterTests {
    static func task(_ values: [String: [String: String]]) -> TaskSpecification {
        TaskSpecification(
            name: TaskID("t")!,
            action: .command(["true"]),
            parameters: [
                .init(name: "region", defaultValue: "none"), .init(name: "depth", kind: .number, least: "1"),
                .init(name: "day", kind: .date, isRequired: true),
            ],
            shards: .names(["eu", "us"]),
            shardParameters: values
        )
    }

    @Test("a run has the values of its shard instead of the defaults, and those it is given instead of both")
    func values() {
        let task = Self.task(["us": ["region": "us-east", "depth": "2"]])
        #expect(task.problems == [])
        func values(_ part: Int, _ given: [String: String] = [:]) -> [String: String]? {
            task.launchTerms(RunTerms(parameters: given), ofPart: part)?.parameters
        }
        #expect(values(0) == ["region": "none"])
        #expect(values(1) == ["region": "us-east", "depth": "2"])
        #expect(values(1, ["depth": "5"]) == ["region": "us-east", "depth": "5"])
        #expect(values(7) == ["region": "none"])
    }

    @Test("the values follow the names: a fire of before an edit of the shards has those of its own shard")
    func names() throws {
        let start = Instant(millisecondsSinceEpoch: 1_000_000)
        let first = Self.task(["us": ["region": "us-east"]])
        var second = first
        second.shards = .names(["us", "asia"])
        second.shardParameters["asia"] = ["region": "asia-1"]
        let task = TaskDefinition.created(first, uid: TaskUID(bits: 7), now: start)
            .edited(second, now: start + .seconds(100))
        func region(_ part: Int, due seconds: Int) -> String? {
            let specification = task.specification(forDue: start + .seconds(seconds))
            return specification.launchTerms(nil, ofPart: part)?.parameters["region"]
        }
        #expect(region(0, due: 50) == "none")
        #expect(region(1, due: 50) == "us-east")
        #expect(region(0, due: 150) == "us-east")
        #expect(region(1, due: 150) == "asia-1")
    }

    @Test("the values of shards are checked as any values are, each where it stands")
    func faults() {
        let task = Self.task(["eu": ["depth": "deep", "regoin": "x"], "us": ["depth": "0"]])
        let fields = ["[0].parameters.depth", "[0].parameters.regoin", "[1].parameters.depth"]
        #expect(task.problems.map(\.field) == fields.map { "shards\($0)" })
        #expect(task.problems.first?.message.hasPrefix("shard eu: parameter depth must be a number") == true)
        let large = Self.task(["eu": ["region": String(repeating: "x", count: 17_000)]])
        #expect(large.problems.map(\.field) == ["shards[0].parameters"])
    }

    @Test("what a shard gives need not be given to its runs, and the same is told once for all parts")
    func required() {
        let task = Self.task(["us": ["day": "2026-03-29"]])
        #expect(task.problems(withValues: [:], ofParts: [1]).isEmpty)
        #expect(task.problems(withValues: [:], ofParts: [0, 1]).map(\.field) == ["parameters.day"])
        #expect(Self.task(["us": ["depth": "1"]]).problems(withValues: [:], ofParts: [0, 1]).count == 1)
        #expect(task.problems(withValues: ["day": "2026-03-30"], ofParts: [0, 1]).isEmpty)
    }

    @Test("definitions keep the values of shards, and say of shards without any what they always said")
    func coding() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        func text(_ task: TaskSpecification) throws -> String {
            String(decoding: try encoder.encode(task), as: UTF8.self)
        }
        func read(_ text: String) throws -> TaskSpecification {
            try JSONDecoder().decode(TaskSpecification.self, from: Data(text.utf8))
        }
        let task = Self.task(["us": ["region": "us-east"]])
        #expect(try read(text(task)) == task)
        #expect(
            try text(task).contains(
                #""shards":["eu",{"name":"us","parameters":{"region":"us-east"}}]"#
            )
        )
        #expect(try text(Self.task([:])).contains(#""shards":["eu","us"]"#))
        let former: [(json: String, shards: Shards)] = [
            ("8", .count(8)), (#"["eu","us"]"#, .names(["eu", "us"])),
        ]
        for (json, shards) in former {
            let old = try read(#"{"name":"t","command":["true"],"shards":\#(json)}"#)
            #expect(old.shards == shards)
            #expect(old.shardParameters.isEmpty)
        }
        #expect(throws: DecodingError.self) {
            try read(#"{"name":"t","command":["true"],"shards":[3]}"#)
        }
    }
}
