import Domain
import Foundation
import Payloads
import Scheduling
import Testing

@Suite struct PayloadTests {
    private func json(_ payload: some Encodable) throws -> String {
        String(decoding: try PayloadCoding.encode(payload), as: UTF8.self)
    }

    private func decoded<Payload: Decodable>(_ type: Payload.Type, _ text: String) throws -> Payload {
        try PayloadCoding.decode(type, from: Data(text.utf8))
    }

    @Test("a task is one object of what the user said and what the cluster knows, and survives the way back")
    func task() throws {
        let specification = TaskSpecification(
            name: TaskID("nightly")!,
            action: .command(["/bin/true"]),
            schedules: [.once(.epoch)]
        )
        let payload = TaskPayload(
            specification: specification,
            uid: TaskUID(bits: 1),
            revision: 3,
            createdAt: .epoch,
            effectiveFrom: .epoch,
            owner: AgentID("a1"),
            next: .epoch
        )
        let text = try json(payload)
        #expect(text.contains(#""name":"nightly""#))
        #expect(text.contains(#""revision":3"#))
        #expect(text.contains(#""owner":"a1""#))
        #expect(try decoded(TaskPayload.self, text) == payload)
    }

    @Test(
        "a condition is a word or a revision",
        arguments: [
            (#""any""#, ApplyCondition.any), (#""absent""#, .absent), (#"{"revision":4}"#, .revision(4)),
        ]
    )
    func condition(_ text: String, _ condition: ApplyCondition) throws {
        #expect(try decoded(ApplyCondition.self, text) == condition)
        #expect(try json(condition) == text)
    }

    @Test("an unknown condition is refused", arguments: [#""some""#, "{}", "3"])
    func unknownCondition(_ text: String) {
        #expect(throws: DecodingError.self) { try decoded(ApplyCondition.self, text) }
    }

    @Test("a run shows its attempts flat")
    func run() throws {
        let attempt = AttemptID(run: RunID("r-0000000000000001")!, number: 1)
        let result = AttemptResult(
            attempt: attempt,
            outcome: .failed,
            exitCode: 3,
            startedAt: .epoch,
            endedAt: .epoch
        )
        let run = Run(
            id: attempt.run,
            task: TaskID("t")!,
            uid: TaskUID(bits: 1),
            part: 0,
            runtime: .standard,
            due: .epoch,
            trigger: .request,
            state: .failed,
            attempts: [
                RunAttempt(
                    number: 1,
                    agent: AgentID("a")!,
                    incarnation: Incarnation(bits: 9),
                    revision: 2,
                    result: result
                )
            ]
        )
        let payload = RunPayload(run)
        #expect(payload.attempts[0].exitCode == 3)
        #expect(payload.attempts[0].outcome == .failed)
        #expect(payload.attempts[0].startedAt == .epoch)
        #expect(try decoded(RunPayload.self, try json(payload)) == payload)
    }

    @Test("a runtime without settings has the defaults")
    func runtime() throws {
        let payload = try decoded(RuntimePayload.self, #"{"name":"default"}"#)
        #expect(payload.settings == RuntimeSettings(name: .standard))
        let full = RuntimeSettings(name: .standard, rejoinGrace: .seconds(90), drained: [AgentID("b")!])
        #expect(try decoded(RuntimePayload.self, try json(RuntimePayload(full))).settings == full)
    }

    @Test("output travels unharmed, whatever its bytes")
    func log() throws {
        let chunk = LogChunkPayload(offset: 5, bytes: Data(0...255), isComplete: true)
        let back = try decoded(LogChunkPayload.self, try json(chunk))
        #expect(back == chunk)
        #expect(back.nextOffset == 261)
    }
}

@Suite struct AccessTokenTests {
    private let token = AccessToken("0123456789abcdef")!

    @Test(
        "a header authorizes only with exactly the token",
        arguments: [
            ("Bearer 0123456789abcdef", true), ("bearer 0123456789abcdef", true),
            ("Bearer 0123456789abcdeg", false),
            ("Bearer 1123456789abcdef", false), ("Bearer 0123456789abcde", false),
            ("Bearer 0123456789abcdef0", false), ("Bearer 0123456789abcdef0123456789abcdef", false),
            ("Bearer ", false), ("", false), ("Basic 0123456789abcdef", false), ("0123456789abcdef", false),
        ]
    )
    func authorizes(_ header: String, _ isGood: Bool) {
        #expect(token.authorizes(header) == isGood)
        #expect(!token.authorizes(nil))
    }

    @Test(
        "short and unprintable tokens are refused",
        arguments: ["", "short", "0123456789 abcdef", "0123456789abcdé€f"]
    )
    func refused(_ text: String) {
        #expect(AccessToken(text) == nil)
    }

    @Test("white space around the token, as files have it, does not count")
    func whitespace() {
        #expect(AccessToken(" 0123456789abcdef\r\n")?.text == "0123456789abcdef")
    }

    @Test("the token is never shown")
    func hidden() {
        var dumped = ""
        dump(token, to: &dumped)
        #expect(!"\(token)\(dumped)\(String(reflecting: token))".contains("0123456789"))
        #expect(token.authorization == "Bearer 0123456789abcdef")
    }
}

@Suite struct LoopbackTests {
    @Test(
        "only names of this machine are accepted in Host",
        arguments: [
            ("localhost", true), ("localhost:80", true), ("LOCALHOST:1", true), ("127.0.0.1:7470", true),
            ("127.9.9.9", true), ("[::1]:80", true), ("[::1]", true), ("evil.example", false), ("", false),
            ("127.0.0.1.evil.example", false), ("localhost.evil.example:80", false), ("10.0.0.1", false),
            ("127.0.0.256", false), ("127.0.0", false), ("[::2]:80", false),
        ]
    )
    func hosts(_ header: String, _ isGood: Bool) {
        #expect(Loopback.accepts(hostHeader: header) == isGood)
    }

    @Test("no Host is not accepted, and no address of the network")
    func addresses() {
        #expect(!Loopback.accepts(hostHeader: nil))
        #expect(
            Loopback.isAddress("127.0.0.1") && Loopback.isAddress("::1") && Loopback.isAddress("localhost")
        )
        #expect(
            !Loopback.isAddress("0.0.0.0") && !Loopback.isAddress("::") && !Loopback.isAddress("192.168.1.2")
        )
    }
}
