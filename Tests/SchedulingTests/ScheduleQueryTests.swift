import Foundation
import Scheduling
import Testing

@Suite("Batch questions")
struct ScheduleQueryTests {
    private static let now = Instant(millisecondsSinceEpoch: 1_774_746_000_000)

    @Test(
        "a question is answered with its identifier and local times",
        arguments: [
            (#"{"expr":"* * * * *"}"#, #"{"id":null,"next":["2026-03-29T01:01:00+00:00"]}"#),
            (#"{"id":"a/b\"c","expr":"@hourly"}"#, #"{"id":"a/b\"c","next":["2026-03-29T02:00:00+00:00"]}"#),
            (
                #"{"id":7,"expr":"@hourly","inclusive":true}"#,
                #"{"id":7,"next":["2026-03-29T01:00:00+00:00"]}"#
            ),
            (#"{"id":1.5,"expr":"@hourly","count":0}"#, #"{"id":1.5,"next":[]}"#),
            (#"{"id":true,"expr":"0 0 31 2 *","count":5}"#, #"{"id":true,"next":[]}"#),
            (
                #"{"id":null,"expr":"0 0 0 1 1 * 2027","count":5}"#,
                #"{"id":null,"next":["2027-01-01T00:00:00+00:00"]}"#
            ),
            (
                #"{"id":"x","expr":"30 2 * * *","timeZone":"Europe/Berlin","from":"2026-03-28T12:00:00Z","count":2}"#,
                #"{"id":"x","next":["2026-03-29T03:00:00+02:00","2026-03-30T02:30:00+02:00"]}"#
            ),
            (
                #"{"expr":"0 0 0 ? * 1","dialect":"quartz","days":"both","gap":"skip","overlap":"first"}"#,
                #"{"id":null,"next":["2026-04-05T00:00:00+00:00"]}"#
            ),
            (
                #"{"expr":"* * * * * *","from":"2026-01-01T00:00:00.0000001Z","inclusive":true}"#,
                #"{"id":null,"next":["2026-01-01T00:00:01+00:00"]}"#
            ),
            (
                #"{"expr":"* * * * * *","from":"2025-12-31T23:59:59.9999999Z"}"#,
                #"{"id":null,"next":["2026-01-01T00:00:00+00:00"]}"#
            ),
        ]
    )
    func answering(line: String, expected: String) {
        #expect(ScheduleAnswer.answer(line: line, now: Self.now) == expected)
    }

    @Test(
        "a bad line is answered with what is wrong, and where",
        arguments: [
            (#"{"id":"a","expr":"60 * * * *"}"#, "\"a\"", "60 is not a minute: write 0 to 59", "0"),
            (#"{"id":"a","expr":"0 0 é * *"}"#, "\"a\"", "unexpected 'é' in the day-of-month field", "4"),
            (#"{"id":1}"#, "1", "'expr' is missing", "null"),
            (#"{"id":1,"expr":5}"#, "1", "'expr' has the wrong type: write a string", "null"),
            (
                #"{"id":1,"expr":"@daily","count":"2"}"#, "1",
                "'count' has the wrong type: write a whole number", "null"
            ),
            (
                #"{"id":1,"expr":"@daily","inclusive":1}"#, "1",
                "'inclusive' has the wrong type: write true or", "null"
            ),
            (
                #"{"id":1,"expr":"@daily","count":-1}"#, "1", "count cannot be -1: ask for 0 to 10000 fires",
                "null"
            ),
            (#"{"id":1,"expr":"@daily","count":10001}"#, "1", "count cannot be 10001", "null"),
            (#"{"id":1,"expr":"@daily","timeZone":"Mars"}"#, "1", "unknown time zone 'Mars'", "null"),
            (#"{"id":1,"expr":"@daily","from":"now"}"#, "1", "from cannot be 'now'", "null"),
            (
                #"{"id":1,"expr":"@daily","days":"all"}"#, "1", "days cannot be 'all': use one of cron, eit",
                "null"
            ),
            (
                #"{"id":1,"expr":"@daily","dialect":"dos"}"#, "1", "dialect cannot be 'dos': use one of unix",
                "null"
            ),
            (#"{"id":[1],"expr":"@daily"}"#, "null", "'id' has the wrong type", "null"),
            ("", "null", "the line is not JSON", "null"),
            ("{", "null", "the line is not JSON", "null"),
            ("[]", "null", "the line is not a JSON object", "null"),
            ("nonsense", "null", "the line is not JSON", "null"),
        ]
    )
    func refusing(line: String, id: String, message: String, position: String) {
        let answer = ScheduleAnswer.answer(line: line, now: Self.now)
        #expect(answer.hasPrefix(#"{"id":\#(id),"error":"\#(message)"#), "\(answer)")
        #expect(answer.hasSuffix(#","position":\#(position)}"#), "\(answer)")
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(answer.utf8)) }
        #expect(!answer.contains("\n"))
    }
}
