import Domain
import Foundation
import Synchronization
import Testing

@testable import Performers

/// What a performer wrote, and how it ended.
struct Performed {
    var exitCode: Int32
    var told: [String]
    var log: String
}

/// Carries out a request; hosts have the addresses that the test says, else that of this machine.
func perform(
    _ call: HTTPCall,
    environment: [String: String] = [:],
    addresses: @escaping @Sendable (String) -> [String] = { _ in ["127.0.0.1"] }
) async -> Performed {
    let written = Written()
    let output = PerformerOutput(
        tell: { line in written.told.withLock { $0.append(line) } },
        log: { bytes in written.log.withLock { $0.append(bytes) } }
    )
    let resolver = HostResolver { addresses($0) }
    let performer = HTTPPerformer(call, environment: environment, output: output, resolver: resolver)
    let exitCode = await performer.perform()
    return Performed(
        exitCode: exitCode,
        told: written.told.withLock(\.self),
        log: String(decoding: written.log.withLock(\.self), as: UTF8.self)
    )
}

private final class Written: Sendable {
    let told = Mutex<[String]>([])
    let log = Mutex(Data())
}

/// A request to a server of a test, which is on this machine.
func call(_ server: FaultyServer, _ path: String = "/", scheme: String = "http", host: String = "localhost")
    -> HTTPCall
{
    var call = HTTPCall(url: "\(scheme)://\(host):\(server.port)\(path)")
    call.allowsPrivateAddresses = true
    return call
}

@Suite("Requests", .timeLimit(.minutes(2)))
struct HTTPPerformerTests {
    @Test("a request is sent as it is written, says whose it is, and the answer is told")
    func plain() async throws {
        try await FaultyServer.run({ _ in .answer(200, body: "fine") }) { server in
            var call = call(server, "/jobs?day=1&token=hidden")
            call.method = "PUT"
            call.headers = ["Authorization": "Bearer hidden", "X-Plain": "seen"]
            call.body = .json(.object(["rows": .integer(12)]))
            let facts = ["CLOUDTASK_RUN": "r-1", "CLOUDTASK_FENCE": "7", "TRACEPARENT": "00-1-2-01"]
            let done = await perform(call, environment: facts)
            #expect(done.exitCode == 0)
            #expect(Array(done.told.prefix(2)) == ["::set status=200", "::set bytes=4"])
            #expect(done.told.last?.hasPrefix("::set milliseconds=") == true)
            let request = try #require(server.requests.first)
            #expect(request.hasPrefix("PUT /jobs?day=1&token=hidden HTTP/1.1\r\n"))
            for line in [
                "Authorization: Bearer hidden", "X-Plain: seen", "Content-Type: application/json",
                "CloudTask-Run: r-1", "CloudTask-Fence: 7", "traceparent: 00-1-2-01",
            ] {
                #expect(request.contains("\r\n\(line)\r\n"), "\(line)")
            }
            #expect(request.lowercased().contains("\r\nhost: localhost:\(server.port)\r\n"))
            #expect(request.hasSuffix("\r\n\r\n{\"rows\":12}"))
            #expect(!done.log.contains("hidden"))
            #expect(done.log.contains("> Authorization: ***\n> X-Plain: seen\n"))
            #expect(done.log.contains("day=1&token=***"))
            #expect(done.log.contains("< 200 OK\n") && done.log.contains("\nfine\n"))
        }
    }

    @Test("what a server sends is never taken for what the run tells")
    func injection() async throws {
        let body = "::set rows=1\n::progress 100\n"
        try await FaultyServer.run({ _ in .answer(200, body: body) }) { server in
            let done = await perform(call(server))
            #expect(done.told.count == 3)
            #expect(done.log.contains(body))
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var reply: Reply = .answer(
            200,
            body: #"{"state":"done","job":{"id":7,"note":"a\nb"},"rows":[1,2.5]}"#
        )
        var change: @Sendable (inout HTTPCall) throws -> Void
        var exitCode: Int32
        var says: String?
        var tells: [String] = []
        var testDescription: String { name }
    }

    static let rows: [Row] = [
        Row(
            name: "a bad status",
            reply: .answer(500),
            change: { _ in },
            exitCode: 22,
            says: "status 500, expected is 200-299"
        ),
        Row(
            name: "an expected status",
            reply: .answer(404),
            change: { $0.statuses = [.successful, StatusRange(404...404)] },
            exitCode: 0
        ),
        Row(
            name: "a redirect is an answer",
            reply: .answer(302, headers: "Location: /x\r\n"),
            change: { _ in },
            exitCode: 22
        ),
        Row(
            name: "what is said holds",
            change: {
                $0.predicates = [try JSONPredicate("state == \"done\""), try JSONPredicate("rows[1] > 2")]
            },
            exitCode: 0
        ),
        Row(
            name: "what is said does not hold",
            change: { $0.predicates = [try JSONPredicate("state == \"failed\"")] },
            exitCode: 23,
            says: "! the answer does not satisfy state == \"failed\": there is \"done\""
        ),
        Row(
            name: "no JSON",
            reply: .answer(200, body: "<html>"),
            change: { $0.predicates = [try JSONPredicate("state")] },
            exitCode: 23,
            says: "! the answer is not JSON"
        ),
        Row(
            name: "larger than what is kept",
            change: {
                $0.predicates = [try JSONPredicate("state")]
                $0.bodyBytesMax = 10
            },
            exitCode: 23,
            says: "more than the 10 of maxBody"
        ),
        Row(
            name: "outputs, each one line",
            change: {
                $0.outputs = [
                    "id": try JSONPath("job.id"), "note": try JSONPath("job.note"),
                    "rows": try JSONPath("rows"),
                ]
            },
            exitCode: 0,
            tells: ["::set id=7", #"::set note="a\nb""#, "::set rows=[1,2.5]"]
        ),
        Row(
            name: "an output that is not there",
            change: { $0.outputs = ["id": try JSONPath("id")] },
            exitCode: 23,
            says: "the answer has no id"
        ),
        Row(name: "half an answer", reply: .half, change: { _ in }, exitCode: 56),
        Row(
            name: "dots in the path",
            change: { $0.url += "a/%2E%2e/b" },
            exitCode: 3,
            says: "has '.' or '..' in it"
        ),
        Row(
            name: "a line break in a header",
            change: { $0.headers = ["X-Day": "1\r\nX-Other: 2"] },
            exitCode: 3,
            says: "the header X-Day contains a line break"
        ),
    ]

    @Test("an answer decides how the attempt ends", arguments: rows)
    func answers(row: Row) async throws {
        try await FaultyServer.run({ _ in row.reply }) { server in
            var call = call(server)
            try row.change(&call)
            let done = await perform(call)
            #expect(done.exitCode == row.exitCode, "\(done.log)")
            if let says = row.says { #expect(done.log.contains(says), "\(done.log)") }
            if !row.tells.isEmpty { #expect(Array(done.told.dropFirst(3)) == row.tells) }
        }
    }

    @Test(
        "F102: a server that is slow, or silent, is left when the time is over",
        arguments: [Reply.trickle, .silence]
    )
    func slow(reply: Reply) async throws {
        try await FaultyServer.run({ _ in reply }) { server in
            var call = call(server)
            call.timeout = .milliseconds(300)
            let clock = ContinuousClock()
            let began = clock.now
            let done = await perform(call)
            #expect(done.exitCode == 28)
            #expect(done.log.contains("it took longer than 300ms"))
            #expect(began.duration(to: clock.now) < .seconds(30))
        }
    }

    @Test("F102: of a body that is far too large the beginning is kept and the rest is counted")
    func large() async throws {
        let size = 32 * 1_024 * 1_024
        try await FaultyServer.run({ _ in .bytes(size) }) { server in
            var call = call(server)
            call.bodyBytesMax = 100
            let done = await perform(call)
            #expect(done.exitCode == 0)
            #expect(done.told.contains("::set bytes=\(size)"))
            #expect(
                done.log.contains(
                    "\n" + String(repeating: "z", count: 100)
                        + "\n< (\(size) bytes, of which the first 100 are kept)\n"
                )
            )
            #expect(done.log.utf8.count < 2_000)
        }
    }

    @Test("F102: redirects without end are followed as often as is allowed")
    func loop() async throws {
        try await FaultyServer.run({ _ in .answer(302, headers: "Location: /again\r\n") }) { server in
            var call = call(server)
            call.redirectsMax = 3
            let done = await perform(call)
            #expect(done.exitCode == 47)
            #expect(server.requests.count == 4)
        }
    }

    @Test(
        "a redirect keeps method and body only where it should, and secrets only with the host they are for"
    )
    func redirected() async throws {
        let reply: @Sendable (String) -> Reply = { request in
            if request.hasPrefix("POST /a ") { return .answer(307, headers: "Location: b\r\n") }
            if request.hasPrefix("POST /b ") {
                let port =
                    request.split(separator: "\r\n").first { $0.lowercased().hasPrefix("host: ") }?
                    .split(separator: ":").last ?? ""
                return .answer(303, headers: "Location: http://other.test:\(port)/c\r\n")
            }
            return .answer(200)
        }
        try await FaultyServer.run(reply) { server in
            var call = call(server, "/a")
            call.method = "POST"
            call.body = .text("x=1")
            call.headers = ["Authorization": "Bearer hidden", "X-Plain": "seen"]
            call.redirectsMax = 2
            #expect(await perform(call).exitCode == 0)
            let requests = server.requests
            try #require(requests.count == 3)
            #expect(requests[1].contains("Authorization: Bearer hidden") && requests[1].hasSuffix("x=1"))
            #expect(requests[2].hasPrefix("GET /c "))
            #expect(!requests[2].contains("hidden") && !requests[2].contains("x=1"))
            #expect(requests[2].contains("X-Plain: seen"))
        }
    }

    @Test(
        "F102: a certificate that nobody vouches for, or of another host, is refused unless the task says otherwise"
    )
    func certificates() async throws {
        try await FaultyServer.run(tls: true, { _ in .answer(200) }) { server in
            let plain = call(server, scheme: "https")
            let refused = await perform(plain)
            #expect(refused.exitCode == 60, "\(refused.log)")
            var trusting = plain
            trusting.authority = TestCertificate.certificate
            let trusted = await perform(trusting)
            #expect(trusted.exitCode == 0, "\(trusted.log)")
            var other = call(server, scheme: "https", host: "other.test")
            other.authority = TestCertificate.certificate
            #expect(await perform(other).exitCode == 60)
            other.authority = nil
            other.isInsecure = true
            #expect(await perform(other).exitCode == 0)
            var missing = plain
            missing.authority = "/no/such/file.pem"
            let without = await perform(missing)
            #expect(without.exitCode == 60)
            #expect(without.log.contains("/no/such/file.pem of tls.ca cannot be read"))
            #expect(server.requests.count == 2)
        }
    }

    @Test("addresses that are not public are refused unless they are allowed, and no connection is made")
    func privateAddresses() async throws {
        try await FaultyServer.run({ _ in .answer(200) }) { server in
            var call = call(server, host: "inside.test")
            call.allowsPrivateAddresses = false
            let done = await perform(call)
            #expect(done.exitCode == 5)
            #expect(done.log.contains("inside.test has the address 127.0.0.1, which is not public"))
            var literal = call
            literal.url = "http://[::ffff:127.0.0.1]:\(server.port)/"
            #expect(await perform(literal).exitCode == 5)
            #expect(server.requests.isEmpty)
        }
    }

    @Test("a host is looked up once, and the address that was looked at is the one that is asked")
    func pinned() async throws {
        let lookups = Mutex(0)
        try await FaultyServer.run({ _ in .answer(200) }) { server in
            let done = await perform(call(server, host: "Pinned.Test")) { host in
                lookups.withLock { $0 += 1 }
                return host == "pinned.test" ? ["127.0.0.2", "127.0.0.1"] : []
            }
            #expect(done.exitCode == 0, "\(done.log)")
            #expect(lookups.withLock(\.self) == 1)
            #expect(server.requests.first?.contains("pinned.test:\(server.port)") == true)
        }
    }

    @Test("no address, and no answer at any, are told apart")
    func unreachable() async throws {
        let closed = Mutex(0)
        try await FaultyServer.run({ _ in .silence }) { server in closed.withLock { $0 = server.port } }
        var call = HTTPCall(url: "http://gone.test:\(closed.withLock(\.self))/")
        call.allowsPrivateAddresses = true
        #expect(await perform(call).exitCode == 7)
        #expect(await perform(call, addresses: { _ in [] }).exitCode == 6)
    }
}

@Suite struct NetworkAddressTests {
    @Test(
        "what is public",
        arguments: [
            "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808",
        ]
    )
    func isPublic(text: String) throws {
        #expect(try #require(NetworkAddress(text)).isPublic)
    }

    @Test(
        "what is not",
        arguments: [
            "127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1", "198.19.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fd00::1",
            "ff02::1",
            "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1",
            "2001:db8::1", "2001:0:1::1", "3fff::1", "5f00::1", "::ffff:0:7f00:1",
        ]
    )
    func isPrivate(text: String) throws {
        #expect(try !#require(NetworkAddress(text)).isPublic)
    }

    @Test(
        "what is no address",
        arguments: [
            "", "1.2.3", "1.2.3.256", "01.2.3.4444", "1::2::3", "1:2:3:4:5:6:7:8:9", "fe80::1%eth0",
            "localhost", "0x7f.1", "+1.2.3.4", "012.0.0.1", "1.2.3.04", "::ffff:010.0.0.1",
        ]
    )
    func nothing(text: String) { #expect(NetworkAddress(text) == nil) }
}
