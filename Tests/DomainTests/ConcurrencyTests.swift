import Domain
import Foundation
import Testing

@Suite("Concurrency policies") struct ConcurrencyTests {
    struct Form: CustomTestStringConvertible, Sendable {
        var json: String
        var concurrency: Concurrency
        /// What is written for it.
        var written: String
        var testDescription: String { json }

        init(_ json: String, _ concurrency: Concurrency, written: String? = nil) {
            self.json = json
            self.concurrency = concurrency
            self.written = written ?? json
        }
    }

    @Test(
        "JSON has the policy's name where it says it all, else an object",
        arguments: [
            Form(#""allow""#, Concurrency()), Form(#""forbid""#, Concurrency(.forbid)),
            Form(#""queue-one""#, Concurrency(.queueOne)), Form(#""queue-all""#, Concurrency(.queueAll)),
            Form(#""replace""#, Concurrency(.replace)),
            Form(#"{"cap":5,"policy":"queue-all"}"#, Concurrency(.queueAll, cap: 5)),
            Form(#"{"max":3,"policy":"allow"}"#, Concurrency(.allow, max: 3)),
            Form(#"{"max":3}"#, Concurrency(.allow, max: 3), written: #"{"max":3,"policy":"allow"}"#),
            Form(#"{"policy":"queue-all","cap":10}"#, Concurrency(.queueAll), written: #""queue-all""#),
        ]
    )
    func json(_ form: Form) throws {
        let read = try JSONDecoder().decode([Concurrency].self, from: Data("[\(form.json)]".utf8))
        #expect(read == [form.concurrency])
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        #expect(String(decoding: try encoder.encode(read), as: UTF8.self) == "[\(form.written)]")
    }

    @Test(
        "an unknown policy is refused with those there are",
        arguments: [#""overlap""#, #"{"policy":"overlap"}"#]
    )
    func unknown(_ json: String) throws {
        do {
            _ = try JSONDecoder().decode([Concurrency].self, from: Data("[\(json)]".utf8))
            Issue.record("it was read")
        } catch DecodingError.dataCorrupted(let context) {
            #expect(
                context.debugDescription
                    == #""overlap" is not a concurrency policy; "#
                    + "write one of allow, forbid, queue-one, queue-all, replace"
            )
        }
    }

    @Test(
        "what contradicts the policy is told with its field",
        arguments: [
            (Concurrency(.forbid, max: 2), ["concurrency.max"]), (Concurrency(max: 0), ["concurrency.max"]),
            (Concurrency(max: 1_001), ["concurrency.max"]), (Concurrency(max: 1_000), []),
            (Concurrency(.replace, cap: 2), ["concurrency.cap"]),
            (Concurrency(.queueAll, cap: 0), ["concurrency.cap"]),
            (Concurrency(.queueAll, cap: 1_001), ["concurrency.cap"]),
            (Concurrency(.queueAll, cap: 1_000), []),
            (Concurrency(.queueOne, max: 1, cap: 1), ["concurrency.max", "concurrency.cap"]),
        ]
    )
    func problems(_ concurrency: Concurrency, _ fields: [String]) throws {
        var task = TaskSpecification(name: try #require(TaskID("t")), action: .command(["date"]))
        task.concurrency = concurrency
        #expect(task.problems.map(\.field) == fields)
    }

    @Test(
        "only runs that nobody counts are attempted again by another agent",
        arguments: [
            (Concurrency(), true), (Concurrency(max: 2), false), (Concurrency(.forbid), false),
            (Concurrency(.queueOne), false), (Concurrency(.queueAll), false), (Concurrency(.replace), false),
        ]
    )
    func retriedElsewhere(_ concurrency: Concurrency, _ isAllowed: Bool) throws {
        var task = TaskSpecification(name: try #require(TaskID("t")), action: .command(["date"]))
        task.concurrency = concurrency
        task.retry = Retry(attempts: 2, agent: .other)
        #expect(task.problems.map(\.field) == (isAllowed ? [] : ["retry.agent"]))
    }
}
