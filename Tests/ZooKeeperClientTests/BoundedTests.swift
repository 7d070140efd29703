import Foundation
import Synchronization
import Testing
import ZooKeeper

@testable import TestServers
@testable import ZooKeeperClient

/// What a process that uses the client holds, as the kernel counts it.
private struct Footprint: CustomStringConvertible {
    var threads: Int
    var descriptors: Int
    var residentMegabytes: Double

    static func now() throws -> Footprint {
        let count = { (folder: String) in
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/" + folder).count
        }
        let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return Footprint(
            threads: try count("task"),
            descriptors: try count("fd"),
            residentMegabytes: Double(pages.count > 1 ? Int(pages[1]) ?? 0 : 0) * 4_096 / 1_048_576
        )
    }

    var description: String {
        let memory = (residentMegabytes * 10).rounded() / 10
        return "\(threads) threads, \(descriptors) descriptors, \(memory) MiB"
    }
}

/// P14: nothing grows. Each soak is a process of its own, in which nothing else runs, so that its counts are exact.
@Suite(.serialized) struct BoundedTests {
    /// Threads of the runtime's own pools, which come and go by themselves; a leak would be two for each session.
    static let threadSlack = 8
    /// Memory that an allocator may keep; `nil` under a sanitizer, which keeps far more and looks for leaks itself.
    static let megabytesMax: Double? = {
        let environment = ProcessInfo.processInfo.environment
        return environment["ASAN_OPTIONS"] == nil && environment["TSAN_OPTIONS"] == nil ? 8 : nil
    }()

    @Test("the password of a session follows from its id")
    func password() async throws {
        try await withSharedServer { hosts in
            try await withClient(.init(hosts: hosts)) { session in
                let identity = try #require(await session.identity)
                #expect(SessionThief.password(of: identity.id) == identity.password)
                #expect(try SessionThief(address: hosts).expire(identity.id))
                #expect(await reach(session) { $0 == .expired })
                #expect(try !SessionThief(address: hosts).expire(identity.id))
            }
        }
    }

    @Test("W1, W9: a thousand reconnects leave no thread, descriptor, watch, call or memory behind")
    func reconnects() async throws {
        let result = await #expect(
            processExitsWith: .success,
            observing: [\.standardOutputContent]
        ) {
            await soaking { server in
                try await Soak(server).reconnects(20)
                let before = try Footprint.now()
                try await Soak(server).reconnects(1_000)
                try expectNoGrowth(since: before, "1,000 reconnects")
            }
        }
        Self.show(result)
    }

    @Test("W1, W9: a hundred expiries leave no thread, descriptor, watch, call or memory behind")
    func expiries() async throws {
        let result = await #expect(
            processExitsWith: .success,
            observing: [\.standardOutputContent]
        ) {
            await soaking { server in
                try await Soak(server).expiries(5)
                let before = try Footprint.now()
                try await Soak(server).expiries(100)
                try expectNoGrowth(since: before, "100 expiries")
            }
        }
        Self.show(result)
    }

    /// Prints the figures of a soak that succeeded.
    private static func show(_ result: ExitTest.Result?) {
        let output = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
        for line in output.split(separator: "\n") where line.hasPrefix("soak:") { print(line) }
    }
}

/// Lends a server to the process of a soak, in which an error that is thrown would be told to nobody.
private func soaking(_ body: (ZooKeeperServer) async throws -> Void) async {
    do {
        try await withServer(body)
    } catch {
        Issue.record(error)
    }
}

/// Compares what the process holds with what it held, and prints both.
private func expectNoGrowth(since before: Footprint, _ what: String) throws {
    let after = try Footprint.now()
    print("soak: \(what): \(before) before, \(after) after")
    // The first figure may hold connections that were just being dropped; a leak is one for each loss.
    #expect(after.descriptors <= before.descriptors)
    #expect(after.threads <= before.threads + BoundedTests.threadSlack)
    if let limit = BoundedTests.megabytesMax {
        #expect(after.residentMegabytes <= before.residentMegabytes + limit)
    }
}

/// Sessions that are robbed again and again while they work.
private struct Soak: Sendable {
    let configuration: ZooKeeperConfiguration
    let address: String

    private static let watches = 50

    init(_ server: ZooKeeperServer) {
        // Named often, since the library pauses each time it has tried all its servers.
        let hosts = Array(repeating: server.address, count: 16).joined(separator: ",")
        configuration = ZooKeeperConfiguration(hosts: hosts, sessionTimeout: .seconds(4))
        address = server.address
    }

    /// Cuts the connection of a session again and again, while it watches nodes and is asked all the time.
    func reconnects(_ cuts: Int) async throws {
        weak var core: SessionCore?
        try await withClient(configuration) { session in
            core = session.core
            let watches = try await watches(of: session, 0)
            try await asking(session) {
                for _ in 0..<cuts { try await cut(session) }
            }
            // Calls that were cancelled are with the library until it gives them back.
            try await letRun(session) { $0.requestsInFlight == 0 }
            #expect(session.statistics.watches == Self.watches)
            #expect(session.statistics.requestsWaiting == 0)
            #expect(session.core.machine.withLock(\.calls).isEmpty)
            #expect(session.core.machine.withLock(\.subscribers).isEmpty)
            // All watches stand still.
            let first = try ZNodePath("/watched-0-0")
            _ = try await session.create(first)
            #expect(await watches[0].event() == .created)
            try await session.delete(first, version: nil)
            #expect(session.statistics.watches == Self.watches - 1)
            await session.close()
            #expect(
                session.statistics
                    == .init(
                        requestsInFlight: 0,
                        requestsWaiting: 0,
                        watches: 0,
                        watchedPathBytes: 0,
                        ephemeralPathBytes: 0
                    )
            )
        }
        #expect(await isGone { core == nil })
    }

    /// Cuts the connection and waits for the next one.
    private func cut(_ session: ClientSession) async throws {
        let states = await session.states()
        guard try Connections.cut(to: address) == 1 else { throw ZooKeeperError(.connectionLoss) }
        var isCut = false
        for await state in states {
            if state == .suspended { isCut = true }
            if isCut, state.isConnected { return }
        }
        try Task.checkCancellation()
        throw ZooKeeperError(.sessionExpired)
    }

    /// Ends one session after the other while it watches nodes and is asked.
    func expiries(_ count: Int) async throws {
        for number in 0..<count {
            weak var core: SessionCore?
            try await withClient(configuration) { session in
                core = session.core
                let watches = try await watches(of: session, number)
                let id = try #require(await session.identity).id
                try await asking(session) {
                    guard try SessionThief(address: address).expire(id) else {
                        throw TestServerError.sessionSurvived
                    }
                    #expect(await reach(session) { $0 == .expired })
                }
                for watch in watches { #expect(await watch.event() == .ended) }
                #expect(session.statistics.watches == 0)
                #expect(session.core.machine.withLock(\.subscribers).isEmpty)
            }
            #expect(await isGone { core == nil })
        }
    }

    /// Whether something is soon gone that other threads are about to let go.
    private func isGone(_ check: () -> Bool) async -> Bool {
        let deadline = ContinuousClock.now + Self.patience
        while !check(), ContinuousClock.now < deadline { await Task.yield() }
        return check()
    }

    private static let patience = Duration.seconds(30)

    private func watches(of session: ClientSession, _ number: Int) async throws -> [Watch] {
        var watches: [Watch] = []
        for index in 0..<Self.watches {
            watches.append(try await session.watchExists(ZNodePath("/watched-\(number)-\(index)")).watch)
        }
        return watches
    }

    /// Asks the session all the time until `body` is over; each call returns, whatever happens to it.
    private func asking(_ session: ClientSession, _ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    // Whether it succeeds does not matter, but that it returns.
                    let code = await failure { () throws(ZooKeeperError) in try await session.exists(.root) }
                    if code == .sessionExpired { return }
                    if code != nil { await Task.yield() }
                }
            }
            try await body()
            group.cancelAll()
            try await group.waitForAll()
        }
    }
}
