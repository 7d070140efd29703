import Domain
import Foundation
import Scheduling
import Testing

@Suite struct NameTests {
    @Test(
        "names are lower-case letters, digits, dots, underscores and hyphens",
        arguments: [
            ("nightly-report", true), ("a", true), ("0", true), ("a.b_c-d", true),
            (String(repeating: "a", count: 63), true),
            ("", false), ("A", false), ("-a", false), (".a", false), ("_a", false), ("a b", false),
            ("a/b", false),
            ("ä", false), ("..", false), ("a\u{0}", false), (String(repeating: "a", count: 64), false),
        ]
    )
    func rule(text: String, isValid: Bool) {
        #expect((TaskID(text) != nil) == isValid)
    }

    @Test("an invalid name fails to decode and says what a name is")
    func decoding() throws {
        let error = #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([TaskID].self, from: Data(#"["../etc"]"#.utf8))
        }
        #expect("\(String(describing: error))".contains("lower-case letters"))
    }
}

@Suite struct RunIDTests {
    @Test("a fire's run identity can be read back")
    func roundTrip() throws {
        let key = FireKey(
            uid: TaskUID(bits: 0xABC),
            part: 3,
            due: Instant(millisecondsSinceEpoch: 1_763_722_800_123)
        )
        let id = RunID(key)
        #expect(id.text == "0000000000000abc-3-1763722800123")
        #expect(RunID(id.text)?.fireKey == key)
    }

    @Test("instants before 1970 are identities too")
    func negative() {
        let key = FireKey(uid: TaskUID(bits: 1), due: Instant(millisecondsSinceEpoch: -5))
        #expect(RunID(RunID(key).text)?.fireKey == key)
    }

    @Test("a requested run has no fire")
    func request() {
        let id = RunID(request: Nonce(high: 1, low: 2))
        #expect(id.fireKey == nil)
        #expect(RunID(id.text) == id)
    }

    @Test(
        "other text is refused",
        arguments: [
            "", "r-", "r-xyz", "abc", "0000000000000abc-0-01", "0000000000000abc--1-5",
            "0000000000000ABC-0-1", "0000000000000abc-0-1/x",
        ]
    )
    func refused(text: String) {
        #expect(RunID(text) == nil)
    }
}
