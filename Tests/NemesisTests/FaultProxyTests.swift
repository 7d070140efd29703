import NIOCore
import NIOPosix
import Testing

@testable import NemesisKit

/// What a disturbed link does to a connection with a server that sends back what it gets.
@Suite struct FaultProxyTests {
    @Test("without a fault, bytes pass in both directions")
    func passes() async throws {
        try await withEcho { link, port in
            try await withConnection(port) { connection in
                try await connection.expectEcho("hello")
                #expect(link.connectionCount == 1)
            }
        }
    }

    @Test("what is sent into a half-open link waits, and arrives when the link is whole again")
    func halfOpen() async throws {
        try await withEcho { link, port in
            try await withConnection(port) { connection in
                try await connection.expectEcho("before")
                link.set(.halfOpen)
                try await connection.send("during")
                // Another link is not held: an answer there means that one here would have come too.
                try await withEcho { _, other in
                    try await withConnection(other) { try await $0.expectEcho("other") }
                }
                #expect(connection.received.isEmpty)
                link.set(nil)
                try await connection.expect("during")
            }
        }
    }

    @Test("an interrupted direction holds back only what goes there", arguments: LinkDirection.allCases)
    func oneWay(direction: LinkDirection) async throws {
        try await withServer { server, link, port in
            try await withConnection(port) { connection in
                try await connection.expectEcho("before")
                link.set(.oneWay(direction))
                try await connection.send("during")
                if direction == .toClient {
                    // The request has come through, only its answer has not.
                    try await server.hasReceived(12)
                } else {
                    #expect(server.receivedCount == 6)
                }
                #expect(connection.received.isEmpty)
                link.set(nil)
                try await connection.expect("during")
            }
        }
    }

    @Test("a reset ends open connections and refuses new ones until it is over")
    func reset() async throws {
        try await withEcho { link, port in
            try await withConnection(port) { connection in
                try await connection.expectEcho("before")
                link.set(.reset)
                link.resetConnections()
                await connection.expectEnd()
            }
            try await withConnection(port) { connection in
                await connection.expectNoEcho("refused")
            }
            link.set(nil)
            try await withConnection(port) { try await $0.expectEcho("again") }
        }
    }

    @Test("what was held back is lost when the link ends in a reset")
    func lost() async throws {
        try await withServer { server, link, port in
            try await withConnection(port) { connection in
                try await connection.expectEcho("before")
                link.set(.halfOpen)
                try await connection.send("during")
                link.resetConnections()
                await connection.expectEnd()
                link.set(nil)
            }
            try await withConnection(port) { try await $0.expectEcho("after") }
            #expect(server.receivedCount == "before".count + "after".count)
        }
    }

    @Test("a truncated connection passes the first bytes of a packet, then ends")
    func truncate() async throws {
        try await withServer { server, link, port in
            try await withConnection(port) { connection in
                try await connection.expectEcho("before")
                link.set(.truncate(2))
                await connection.expectNoEcho("during")
            }
            try await server.hasReceived(8)
            #expect(server.receivedCount == 8)
        }
    }

    @Test("a delayed link passes everything, in order")
    func delay() async throws {
        try await withEcho { link, port in
            link.set(.delay(.milliseconds(1)))
            try await withConnection(port) { connection in
                for word in ["one", "two", "three"] { try await connection.expectEcho(word) }
            }
        }
    }

    @Test("a link to a port where nobody listens resets its connections")
    func nobody() async throws {
        let link = Link(source: "a", target: "b")
        let closed = try await EchoServer.unusedPort()
        let proxy = try await FaultProxy(link, to: closed)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await proxy.run() }
            try await withConnection(proxy.port) { connection in
                await connection.expectNoEcho("hello")
            }
            group.cancelAll()
        }
    }
}
