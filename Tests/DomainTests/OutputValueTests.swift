import Domain
import Foundation
import Scheduling
import Testing

@Suite struct OutputValueTests {
    static let values: [(OutputValue, json: String, plain: String)] = [
        (.null, "null", "null"),
        (.boolean(true), "true", "true"),
        (.integer(-12), "-12", "-12"),
        (.integer(.max), "9223372036854775807", "9223372036854775807"),
        (.number(2.5), "2.5", "2.5"),
        (.text("a \"b\"\\\n\t\u{1}é"), #""a \"b\"\\\n\t\u0001é""#, "a \"b\"\\\n\t\u{1}é"),
        (.text(""), #""""#, ""),
        (.list([.integer(1), .text("x"), .list([])]), #"[1,"x",[]]"#, #"[1,"x",[]]"#),
        (.object(["b": .null, "a": .object([:])]), #"{"a":{},"b":null}"#, #"{"a":{},"b":null}"#),
    ]

    @Test("a value is the JSON it is made of, and comes back from it", arguments: values)
    func json(_ value: OutputValue, _ json: String, _ plain: String) throws {
        #expect(value.json == json)
        #expect(value.plainText == plain)
        #expect(try JSONDecoder().decode(OutputValue.self, from: Data(json.utf8)) == value)
        #expect(try JSONDecoder().decode(OutputValue.self, from: try JSONEncoder().encode(value)) == value)
    }

    @Test("an account that says nothing is an empty object, and one with everything comes back")
    func account() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        #expect(String(decoding: try encoder.encode(AttemptAccount()), as: UTF8.self) == "{}")
        let account = AttemptAccount(
            outputs: ["rows": .integer(3)],
            progress: RunProgress(percent: 40, text: "t", at: Instant(millisecondsSinceEpoch: 0)),
            warnings: ["w"]
        )
        let data = try encoder.encode(account)
        #expect(
            String(decoding: data, as: UTF8.self)
                == #"{"outputs":{"rows":3},"progress":{"at":"1970-01-01T00:00:00.000Z","percent":40,"text":"t"},"warnings":["w"]}"#
        )
        #expect(try JSONDecoder().decode(AttemptAccount.self, from: data) == account)
    }

    @Test(
        "a percentage is written as people write it",
        arguments: [(40.0, "40 %"), (12.5, "12.5 %"), (0, "0 %"), (33.33, "33.33 %")]
    )
    func percent(_ percent: Double, _ text: String) {
        let progress = RunProgress(percent: percent, at: Instant(millisecondsSinceEpoch: 0))
        #expect(progress.percentText == text)
    }
}

@Suite struct FencingTokenTests {
    @Test("tokens grow with the transaction, then with the place in it, then with the timeline")
    func order() {
        let zxid: Int64 = 0x5_0000_0010
        let ascending = [
            FencingToken(transaction: 0, index: 0), FencingToken(transaction: 1, index: 0),
            FencingToken(transaction: zxid, index: 0), FencingToken(transaction: zxid, index: 1),
            FencingToken(transaction: zxid, index: 511), FencingToken(transaction: zxid + 1, index: 0),
            FencingToken(transaction: 0x6_0000_0001, index: 0),
            FencingToken(transaction: 0x1_0000_0001, index: 0, base: 10_000),
            FencingToken(transaction: 0x1_0000_0000, index: 0, base: 20_000),
        ]
        #expect(ascending == ascending.sorted())
        #expect(Set(ascending).count == ascending.count)
        #expect(ascending[2].description == String(zxid * 512))
        #expect(FencingToken(transaction: .max, index: 0, base: .max).rawValue == .max)
    }
}

@Suite struct RunAccountTests {
    private let uid = TaskUID(bits: 1)
    private let due = Instant(millisecondsSinceEpoch: 1_000)

    private func ended(
        _ number: Int,
        _ outcome: AttemptOutcome,
        _ outputs: [String: OutputValue]?,
        retryAt: Instant? = nil
    )
        -> RunReport
    {
        let attempt = AttemptID(run: RunID(FireKey(uid: uid, due: due)), number: number)
        let fire = JournaledFire(
            attempt: attempt,
            task: TaskID("t")!,
            uid: uid,
            revision: 1,
            due: due,
            trigger: .schedule,
            delivery: .atLeastOnce,
            decision: .launch
        )
        let result = AttemptResult(
            attempt: attempt,
            outcome: outcome,
            endedAt: due,
            retryAt: retryAt,
            outputCount: outputs?.count
        )
        return RunReport(
            fire: fire,
            agent: AgentID("a")!,
            incarnation: Incarnation(bits: 1),
            runtime: .standard,
            phase: .ended(result),
            account: outputs.map { AttemptAccount(outputs: $0) }
        )
    }

    private func record(_ reports: [RunReport]) -> Run {
        var run = Run(reports[0])
        for report in reports.dropFirst() { run.apply(report) }
        return run
    }

    @Test("a run tells what its last attempt told, whatever comes first")
    func lastAttempt() {
        let first = ended(1, .failed, ["a": .integer(1)], retryAt: due)
        let second = ended(2, .succeeded, ["b": .integer(2)])
        for reports in [[first, second], [second, first], [first, second, first]] {
            #expect(record(reports).lastAccount?.outputs == ["b": .integer(2)])
        }
        #expect(record([first]).lastAccount?.outputs == ["a": .integer(1)])
        let silent = ended(2, .succeeded, nil)
        for reports in [[first, silent], [silent, first]] {
            #expect(record(reports).lastAccount == nil)
            #expect(record(reports).missingOutputCount == 0)
        }
    }

    @Test("outputs whose record has not come are counted, until it does")
    func missing() {
        var bare = ended(1, .succeeded, ["a": .integer(1)])
        bare.account = nil
        #expect(record([bare]).missingOutputCount == 1)
        let run = record([bare, ended(1, .succeeded, ["a": .integer(1)])])
        #expect(run.missingOutputCount == 0)
        #expect(run.lastAccount?.outputs == ["a": .integer(1)])
    }

    @Test("a loss takes nothing away that is known")
    func loss() {
        let run = record([ended(1, .succeeded, ["a": .integer(1)]), ended(1, .lost, nil)])
        #expect(run.state == .succeeded)
        #expect(run.lastAccount?.outputs == ["a": .integer(1)])
    }
}

@Suite struct OutputsSoFarTests {
    @Test("what there is room for is taken by name, and the rest counted; as JSON it comes back the same")
    func room() throws {
        let large = String(repeating: "x", count: OutputsSoFar.bytesMax / 2)
        let told = OutputsSoFar(["a": large, "b": large, "c": "1"], at: .epoch)
        #expect(told.values == ["a": .text(large), "c": .text("1")] && told.leftOut == 1)
        #expect(OutputsSoFar([:], at: .epoch).values.isEmpty)
        let run = RunID(FireKey(uid: TaskUID(bits: 1), due: .epoch))
        let note = ProgressNote(AttemptID(run: run, number: 1), outputs: told)
        #expect(try JSONDecoder().decode(ProgressNote.self, from: JSONEncoder().encode(note)) == note)
    }
}
