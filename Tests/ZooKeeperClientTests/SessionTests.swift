import Foundation
import Logging
import TestServers
import Testing
import ZooKeeper

@testable import ZooKeeperClient

let silent = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

@Suite struct SessionTests {
    @Test("W1: watches survive restarts of the server, and none is left after close")
    func watchTable() async throws {
        try await withServer { server in
            let session = try await ClientConnector(.init(hosts: server.address), logger: silent).open()
            try await session.connected()
            var watches: [Watch] = []
            for number in 0..<500 {
                watches.append(try await session.watchExists(ZNodePath("/absent-\(number)")).watch)
            }
            #expect(session.statistics.watches == 500)
            for _ in 0..<2 {
                try await server.restart()
                #expect(await reach(session) { $0.isConnected })
            }
            #expect(session.statistics.watches == 500)
            _ = try await session.create(ZNodePath("/absent-7"))
            #expect(await watches[7].event() == .created)
            #expect(session.statistics.watches == 499)
            await session.close()
            #expect(session.statistics.watches == 0)
            #expect(session.statistics.watchedPathBytes == 0)
            #expect(await watches[8].event() == .ended)
        }
    }

    @Test("W5: states are reported in order, the final one always")
    func states() async throws {
        try await withServer { server in
            let configuration = ZooKeeperConfiguration(hosts: server.address, sessionTimeout: .seconds(4))
            let session = try await ClientConnector(configuration, logger: silent).open()
            let all = await session.states()
            try await session.connected()
            await server.kill()
            #expect(await reach(session) { $0 == .suspended })
            try await server.restart()
            #expect(await reach(session) { $0.isConnected })
            await session.close()
            var seen: [SessionState] = []
            for await state in all { seen.append(state) }
            #expect(seen.first == .connecting || seen.first?.isConnected == true)
            #expect(seen.contains(.suspended))
            #expect(seen.last == .closed)
            #expect(seen.filter(\.isFinal).count == 1)
        }
    }

    @Test("W5: refused credentials end the session")
    func authenticationFailed() async throws {
        try await withSharedServer { hosts in
            let configuration = ZooKeeperConfiguration(
                hosts: hosts,
                credentials: [Credential(scheme: "nonsense", secret: "x")]
            )
            let session = try await ClientConnector(configuration, logger: silent).open()
            #expect(await reach(session) { $0 == .authenticationFailed })
            let code = await failure { () throws(ZooKeeperError) in try await session.get(.root) }
            #expect(code == .authenticationFailed)
            await session.close()
        }
    }

    @Test("W6: credentials are presented again after a reconnect")
    func credentialsSurvive() async throws {
        try await withServer { server in
            let credentials = [Credential.digest(user: "center", password: "secret")]
            try await withClient(.init(hosts: server.address, credentials: credentials)) { session in
                let path = try ZNodePath("/private")
                _ = try await session.create(path, data: [1], mode: .persistent, acl: .creatorOnly)
                try await server.restart()
                #expect(await reach(session) { $0.isConnected })
                #expect(try await session.get(path).data == [1])
                let stranger = try await withSession(server.address) { stranger in
                    await failure { () throws(ZooKeeperError) in try await stranger.get(path) }
                }
                #expect(stranger == .noAuth)
            }
        }
    }

    @Test("W8: bytes of watched paths are bounded")
    func watchBudget() async throws {
        try await withSharedServer { hosts in
            let limits = ZooKeeperConfiguration.Limits(watchedPathBytesMax: 60)
            try await withClient(.init(hosts: hosts, limits: limits)) { session in
                // The chroot counts too, since the library sends whole paths.
                let chrootBytes = hosts.drop { $0 != "/" }.utf8.count
                let path = try ZNodePath("/" + String(repeating: "a", count: 59 - chrootBytes))
                let watched = try await session.watchExists(path)
                #expect(session.statistics.watchedPathBytes == 60)
                #expect(
                    await failure { () throws(ZooKeeperError) in try await session.watchExists(.root) }
                        == .limitExceeded
                )
                _ = try await session.create(path)
                #expect(await watched.watch.event() == .created)
                #expect(session.statistics.watchedPathBytes == 0)
            }
        }
    }

    @Test("W8: bytes of ephemeral paths are bounded")
    func ephemeralBudget() async throws {
        try await withSharedServer { hosts in
            let limits = ZooKeeperConfiguration.Limits(ephemeralPathBytesMax: 20)
            try await withClient(.init(hosts: hosts, limits: limits)) { session in
                let (one, two) = (try ZNodePath("/12345678"), try ZNodePath("/sequence"))
                _ = try await session.create(one, mode: .ephemeral)
                #expect(session.statistics.ephemeralPathBytes == 9)
                let code = await failure { () throws(ZooKeeperError) in
                    try await session.multi([.create(two, data: [], mode: .ephemeralSequential)])
                }
                #expect(code == .limitExceeded)
                try await session.delete(one, version: nil)
                #expect(session.statistics.ephemeralPathBytes == 0)
                let made = try await session.multi([.create(two, data: [], mode: .ephemeralSequential)])
                #expect(session.statistics.ephemeralPathBytes == 19)
                guard case .created(let path) = made[0] else { return }
                _ = try await session.multi([.delete(path, version: nil)])
                #expect(session.statistics.ephemeralPathBytes == 0)
            }
        }
    }

    @Test("W8: a write that the server would answer by dropping the connection is refused")
    func writeCap() async throws {
        try await withSharedServer { hosts in
            try await withClient(.init(hosts: hosts)) { session in
                let big = [UInt8](repeating: 1, count: 600_000)
                let (one, two) = (try ZNodePath("/one"), try ZNodePath("/two"))
                let code = await failure { () throws(ZooKeeperError) in
                    try await session.multi([.create(one, data: big), .create(two, data: big)])
                }
                #expect(code == .limitExceeded)
                _ = try await session.create(one, data: [UInt8](repeating: 1, count: 999_990))
                #expect(try await session.get(one).data.count == 999_990)
            }
        }
    }

    @Test("W9: sessions leave neither descriptors nor threads behind")
    func noGrowth() async throws {
        try await withSharedServer { hosts in
            let count = { (folder: String) in
                try FileManager.default.contentsOfDirectory(atPath: "/proc/self/" + folder).count
            }
            let before = (try count("fd"), try count("task"))
            for _ in 0..<60 {
                try await withClient(.init(hosts: hosts)) { _ in }
            }
            // A leak would show as three descriptors and two threads per session; other tests may hold some meanwhile.
            #expect(try count("fd") < before.0 + 90)
            #expect(try count("task") < before.1 + 60)
        }
    }

    @Test("an unknown host is named at once")
    func unknownHost() async throws {
        let connector = ClientConnector(.init(hosts: "no-such-host.invalid:2181"), logger: silent)
        do {
            _ = try await connector.open()
            Issue.record("a session without a server was made")
        } catch {
            #expect(error.code == .hostsUnresolved)
            #expect(error.detail?.contains("no-such-host.invalid") == true)
        }
    }

    @Test(
        "malformed hosts are refused before the library sees them",
        arguments: [
            "", "host", "host:", ":2181", "host:0", "host:99999", "a:1,,b:2", "a b:1", "host:2181/a//b",
            "host:2181/a/",
        ]
    )
    func malformedHosts(_ hosts: String) async {
        let code = await failure { () throws(ZooKeeperError) in
            try await ClientConnector(.init(hosts: hosts), logger: silent).open()
        }
        #expect(code == .badArguments)
    }

    @Test("a session whose first connection never comes can be closed")
    func neverConnected() async throws {
        let session = try await ClientConnector(.init(hosts: "127.0.0.1:1"), logger: silent).open()
        let code = await withTaskGroup(of: ZooKeeperError.Code?.self) { group in
            group.addTask { await failure { () throws(ZooKeeperError) in try await session.connected() } }
            group.addTask {
                await session.close()
                return nil
            }
            return await group.reduce(into: nil) { $0 = $0 ?? $1 }
        }
        #expect(code == .closed)
    }

    @Test("a session that is dropped without being closed ends nevertheless")
    func dropped() async throws {
        try await withSharedServer { hosts in
            try await withClient(.init(hosts: hosts)) { other in
                let path = try ZNodePath("/ephemeral")
                func leave() async throws -> Watch {
                    let session = try await ClientConnector(.init(hosts: hosts), logger: silent).open()
                    _ = try await session.create(path, mode: .ephemeral)
                    return try await other.watchExists(path).watch
                }
                let watch = try await leave()
                #expect(await watch.event() == .deleted)
            }
        }
    }

    @Test("calls wait their turn in order when few may be in flight")
    func order() async throws {
        // A session long enough that the client does not leave the paused server, however busy the machine is.
        try await withServer(tickTime: .seconds(15)) { server in
            let configuration = ZooKeeperConfiguration(
                hosts: server.address,
                sessionTimeout: .seconds(300),
                limits: .init(requestsInFlightMax: 1)
            )
            try await withClient(configuration) { session in
                let path = try ZNodePath("/node")
                _ = try await session.create(path)
                await server.pause()
                var writes: [Task<Int32, any Error>] = []
                for number in UInt8(0)..<50 {
                    writes.append(Task { try await session.set(path, data: [number], version: nil).version })
                    let count = writes.count
                    try await letRun(session) { $0.requestsInFlight + $0.requestsWaiting >= count }
                }
                // Some leave before their turn.
                for index in stride(from: 10, to: 50, by: 10) { writes[index].cancel() }
                await server.resume()
                var versions: [Int32] = []
                for write in writes {
                    if case .success(let version) = await write.result { versions.append(version) }
                }
                #expect(versions.count == 46)
                #expect(versions == versions.sorted())
            }
        }
    }

    @Test("container and TTL nodes can be created, but not in a multi")
    func specialModes() async throws {
        try await withSharedServer { hosts in
            try await withClient(.init(hosts: hosts)) { session in
                _ = try await session.create(ZNodePath("/container"), mode: .container)
                let made = try await session.create(
                    ZNodePath("/ttl-"),
                    mode: .persistentSequentialTTL(.seconds(60))
                )
                #expect(made.path.name.count == 14)
                let code = await failure { () throws(ZooKeeperError) in
                    try await session.multi([.create(ZNodePath("/other"), data: [], mode: .container)])
                }
                #expect(code == .badArguments)
            }
        }
    }

    @Test(
        "W11: the library's log lines keep their level",
        arguments: [
            ("2026-01-01 10:00:00,000:1(0x2):ZOO_INFO@zookeeper_init@12: hello", Logger.Level.debug),
            ("2026-01-01 10:00:00,000:1(0x2):ZOO_WARN@f@1: careful", .warning),
            ("2026-01-01 10:00:00,000:1(0x2):ZOO_ERROR@f@1: broken", .error), ("nothing of the sort", .debug),
        ]
    )
    func logLevels(_ line: String, _ level: Logger.Level) {
        #expect(LogForwarding.parse(line).level == level)
        #expect(line.hasSuffix(LogForwarding.parse(line).message))
    }
}
