import TestServers
import Testing
import ZooKeeper
import ZooKeeperClient

/// Every call is answered exactly once, soon, whatever happens. Each test guards against a known trap of the C library.
@Suite struct CallTests {
    @Test("W2: every call returns although the session is closed under it")
    func closeAnswersAll() async throws {
        // ZOOKEEPER-2894: zookeeper_close loses most completions.
        try await withSharedServer { hosts in
            for _ in 0..<5 {
                let session = try await ClientConnector(.init(hosts: hosts), logger: silent).open()
                try await session.connected()
                let answered = await withTaskGroup(of: Bool.self) { group in
                    for _ in 0..<1_000 {
                        group.addTask {
                            await failure { () throws(ZooKeeperError) in try await session.get(.root) }
                                != .closed
                        }
                    }
                    group.addTask {
                        await session.close()
                        return false
                    }
                    return await group.reduce(into: 0) { count, _ in count += 1 }
                }
                #expect(answered == 1_001)
                #expect(session.statistics.requestsInFlight == 0)
            }
        }
    }

    @Test("W2: every call returns although the session is stolen and expires")
    func expiryAnswersAll() async throws {
        try await withSharedServer { hosts in
            try await withClient(.init(hosts: hosts)) { session in
                await withTaskGroup(of: Void.self) { group in
                    for _ in 0..<50 {
                        group.addTask {
                            // Goes on until the session is over.
                            while await failure(of: { () throws(ZooKeeperError) in
                                try await session.exists(.root)
                            }) != .sessionExpired {}
                        }
                    }
                    group.addTask { try? await expire(session, hosts: hosts) }
                }
                #expect(await session.state == .expired)
            }
        }
    }

    @Test("a session with a multi under way can be closed while the server is silent")
    func closeWithPendingMulti() async throws {
        // ZOOKEEPER-2891: an assertion of the library used to fail.
        try await withServer(tickTime: .seconds(2)) { server in
            try await withClient(.init(hosts: server.address, sessionTimeout: .seconds(30))) { session in
                await server.pause()
                async let pending = failure { () throws(ZooKeeperError) in
                    try await session.multi([.check(.root, version: 0), .set(.root, data: [1], version: nil)])
                }
                try await letRun(session) { $0.requestsInFlight > 0 }
                await session.close()
                #expect(await pending == .closed)
                await server.resume()
            }
        }
    }

    @Test(
        "W3, W4, W10: a silent server delays neither cancellation nor deadlines, and few requests are in flight"
    )
    func silentServer() async throws {
        try await withServer(tickTime: .seconds(2)) { server in
            let limits = ZooKeeperConfiguration.Limits(requestsInFlightMax: 4, requestsWaitingMax: 2)
            let configuration = ZooKeeperConfiguration(
                hosts: server.address,
                sessionTimeout: .seconds(30),
                requestTimeout: .milliseconds(300),
                limits: limits
            )
            try await withClient(configuration) { session in
                await server.pause()
                let cancelled = Task {
                    await failure { () throws(ZooKeeperError) in try await session.get(.root) }
                }
                try await letRun(session) { $0.requestsInFlight > 0 }
                cancelled.cancel()
                #expect(await cancelled.value == .cancelled)
                let codes = await withTaskGroup(of: ZooKeeperError.Code?.self) { group in
                    for _ in 0..<7 {
                        group.addTask {
                            await failure { () throws(ZooKeeperError) in try await session.get(.root) }
                        }
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                // One slot is taken by the cancelled request: three in flight, two waiting, two refused.
                #expect(codes.filter { $0 == .deadlineExceeded }.count == 5)
                #expect(codes.filter { $0 == .limitExceeded }.count == 2)
                #expect(session.statistics.requestsInFlight == 4)
                #expect(session.statistics.requestsWaiting == 0)
                await server.resume()
                // Late completions are ignored, and the session works on.
                try await letRun(session) { $0.requestsInFlight == 0 }
                _ = try await session.get(.root)
            }
        }
    }

    @Test("a task that is cancelled already sends nothing")
    func cancelledBefore() async throws {
        try await withSharedServer { hosts in
            try await withClient(.init(hosts: hosts)) { session in
                let path = try ZNodePath("/never")
                let task = Task {
                    while !Task.isCancelled { await Task.yield() }
                    return await failure { () throws(ZooKeeperError) in try await session.create(path) }
                }
                task.cancel()
                #expect(await task.value == .cancelled)
                #expect(try await session.exists(path) == nil)
            }
        }
    }

    @Test("W7: no valid path is refused by the server or the library")
    func pathFuzz() async throws {
        var generator = SplitMix(state: 7)
        try await withSharedServer { hosts in
            try await withClient(.init(hosts: hosts)) { session in
                for _ in 0..<2_000 {
                    let scalars = (0..<Int.random(in: 1...6, using: &generator)).compactMap { _ in
                        Unicode.Scalar(
                            UInt32.random(in: 0...0x10FFFF, using: &generator)
                                >> UInt32.random(in: 0...16, using: &generator)
                        )
                    }
                    let name = String(String.UnicodeScalarView(scalars))
                    guard !name.isEmpty, let path = try? ZNodePath("/" + name) else { continue }
                    #expect(try await session.exists(path) == nil, "\(name.unicodeScalars.map(\.value))")
                }
                // Through a multi too, where the library aborts the process on an invalid path.
                let paths = try ["/a", "/é", "/\u{1F600}", "/a b", "/.a", "/a..", "/zookeeper"].map {
                    try ZNodePath($0)
                }
                let code = await failure { () throws(ZooKeeperError) in
                    try await session.multi(paths.map { .check($0, version: 99) })
                }
                #expect(code == .noNode)
            }
        }
    }
}

/// A small seeded generator (SplitMix64, after Sebastiano Vigna).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
