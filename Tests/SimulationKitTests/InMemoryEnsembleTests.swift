import SimulationKit
import Synchronization
import Testing
import ZooKeeper

@Suite struct InMemoryEnsembleTests {
    let ensemble = InMemoryEnsemble()

    @Test("a failed multi leaves nothing behind and names the operation")
    func multiIsAtomic() async throws {
        let session = try await ensemble.connect(resuming: nil)
        let a = try ZNodePath("/a")
        let error = await #expect(throws: ZooKeeperError.self) {
            try await session.multi([.create(a, data: []), .check(.root, version: 7)])
        }
        #expect(error?.code == .badVersion)
        #expect(error?.failedOperationIndex == 1)
        #expect(ensemble.node(a) == nil)
        #expect(ensemble.children(.root) == [])
    }

    @Test("ephemerals go with their session, and watches tell")
    func expiry() async throws {
        let holder = try await ensemble.connect(resuming: nil)
        let other = try await ensemble.connect(resuming: nil)
        let a = try ZNodePath("/a")
        _ = try await holder.create(a, data: [1], mode: .ephemeral)
        let (stat, watch) = try await other.watchExists(a)
        #expect(stat?.ephemeralOwner == ensemble.sessions.first)
        ensemble.expire(try #require(ensemble.sessions.first))
        #expect(await watch.event() == .deleted)
        #expect(await holder.state == .expired)
    }

    @Test(
        "a lost reply is connection loss, whatever became of the write",
        arguments: [
            (InMemoryEnsemble.LostReply.applied, true, true), (.dropped, false, false),
            (.delayed, false, true),
        ]
    )
    func lostReply(kind: InMemoryEnsemble.LostReply, before: Bool, afterSync: Bool) async throws {
        let session = try await ensemble.connect(resuming: nil)
        let a = try ZNodePath("/a")
        ensemble.loseReply(kind) { $0.contains { $0.path == a } }
        let error = await #expect(throws: ZooKeeperError.self) { try await session.create(a) }
        #expect(error?.code == .connectionLoss)
        #expect(await session.state == .suspended)
        #expect((ensemble.node(a) != nil) == before)
        ensemble.reconnect(try #require(ensemble.sessions.first))
        try await session.sync(.root)
        #expect((ensemble.node(a) != nil) == afterSync)
    }

    @Test("sequential names count up per parent")
    func sequential() async throws {
        let session = try await ensemble.connect(resuming: nil)
        let wanted = try ZNodePath("/c-")
        let first = try await session.create(wanted, data: [], mode: .ephemeralSequential).path
        let second = try await session.create(wanted, data: [], mode: .ephemeralSequential).path
        #expect([first.name, second.name] == ["c-0000000000", "c-0000000001"])
    }

    @Test("states end with the final one")
    func states() async throws {
        let session = try await ensemble.connect(resuming: nil)
        let states = await session.states()
        let id = try #require(ensemble.sessions.first)
        ensemble.suspend(id)
        ensemble.reconnect(id)
        await session.close()
        var seen: [SessionState] = []
        for await state in states { seen.append(state) }
        let connected = SessionState.connected(id: id, timeout: ensemble.sessionTimeout)
        #expect(seen == [connected, .suspended, connected, .closed])
    }

    @Test("a resumed session is the same one until it is closed")
    func resume() async throws {
        let first = try await ensemble.connect(resuming: nil)
        let identity = try #require(await first.identity)
        _ = try await first.create(try ZNodePath("/e"), data: [], mode: .ephemeral)
        let second = try await ensemble.connect(resuming: identity)
        await second.close()
        #expect(ensemble.node(try ZNodePath("/e")) == nil)
        let third = try await ensemble.connect(resuming: identity)
        #expect(await third.state == .expired)
    }
}

@Suite struct SimulatedWorldTests {
    @Test("time passes only when nothing is left to do, and sleepers wake in order")
    func sleepers() {
        let world = SimulatedWorld()
        let clock = world.clock
        let recorded = Log()
        _ = world.executor.start {
            await withTaskGroup { group in
                for seconds in [3, 1, 2] {
                    group.addTask {
                        // A cancelled sleep has nothing to record.
                        try? await clock.sleep(until: .init(offset: .seconds(seconds)), tolerance: nil)
                        recorded.add("\(seconds)")
                    }
                }
            }
            recorded.add("end")
        }
        world.run(for: .seconds(2))
        #expect(recorded.lines == ["1", "2"])
        world.run(for: .seconds(2))
        #expect(recorded.lines == ["1", "2", "3", "end"])
    }
}

private final class Log: Sendable {
    private let state = Mutex<[String]>([])
    func add(_ line: String) { state.withLock { $0.append(line) } }
    var lines: [String] { state.withLock { $0 } }
}
