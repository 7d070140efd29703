import CenterDoubles
import Cluster
import Domain
import Scheduling
import SimulationKit
import Synchronization
import Testing
import ZooKeeper

@testable import Center

/// A leader that is stopped between reading and writing, and goes on when another has long led (faults F49, F50).
@Suite struct PausedLeaderTests {
    /// A scene with work for the leader: an agent that has gone, one that has come, tasks edited and deleted.
    private func makeWork(_ workshop: Workshop, _ first: Leader) async throws {
        let (a, b) = (try await workshop.agent("a"), try await workshop.agent("b"))
        try await first.pass()
        _ = try await first.control.save((0..<8).map { .every(60, "t\($0)") }, condition: .any)
        try await first.pass()
        let row = try #require(try workshop.rows()[.owned(a.id.seat)]?.first)
        let task = try #require(first.state.store.catalog.task(row.uid))
        try await a.journal(1, [task.fire(Workshop.start + .seconds(60))])
        await a.die()
        _ = try await workshop.agent("c")
        _ = b
        _ = try await first.control.save([.every(30, "t1")], condition: .any)
        try await first.control.deleteTask(TaskID("t2")!)
    }

    @Test("a leader stopped before any of its writes is refused when it goes on, and changes nothing")
    func everyWrite() async throws {
        var index = 0
        while true {
            let workshop = try Workshop()
            let pause = Pause()
            let first = try await workshop.leader(pausingWith: pause)
            try await makeWork(workshop, first)
            let left = Mutex(index)
            pause.set { operations in
                guard case .check? = operations.first else { return false }
                return left.withLock { left in
                    defer { left -= 1 }
                    return left == 0
                }
            } then: {
                let second = try await workshop.leader("c2")
                try await second.pass()
                try await second.pass()
            }
            do {
                try await first.pass()
            } catch LeaderWriteError.deposed {
                #expect(pause.wasReached)
            }
            guard pause.wasReached else { break }
            let after = try await workshop.leader("c3")
            let before = workshop.nodes
            try await after.pass()
            try await after.pass()
            // Nothing was left to do: what the paused leader did or did not do shows nowhere.
            #expect(workshop.nodes == before, "stopped before write \(index)")
            #expect(try workshop.places().count == 7)
            index += 1
        }
        #expect(index > 5, "the scene is too easy: the leader needed only \(index) writes")
    }

    @Test("a center stopped between reading the epoch and taking office does not take it from another")
    func takingOffice() async throws {
        let workshop = try Workshop()
        let pause = Pause()
        let office = try workshop.tree.epoch
        pause.set {
            $0.contains { $0.path == office }
        } then: {
            _ = try await workshop.leader("c2")
        }
        await #expect(throws: LeaderWriteError.deposed) {
            _ = try await workshop.leader("c1", pausingWith: pause)
        }
        let node = try #require(workshop.ensemble.node(office))
        let holder: Leadership = try ZNodeCodec.decode(from: node.data, at: office.text)
        #expect(node.stat.version == 1 && holder.center == CenterID("c2"))
    }
}

/// Where a process is stopped, and what happens until it goes on.
final class Pause: Sendable {
    private struct State {
        var matches: (@Sendable ([ZooKeeper.Operation]) -> Bool)?
        var meanwhile: (@Sendable () async throws -> Void)?
        var wasReached = false
    }

    private let state = Mutex(State())

    var wasReached: Bool { state.withLock(\.wasReached) }

    /// Stops before the first multi of which `matches` is true, until `meanwhile` is over.
    func set(
        _ matches: @escaping @Sendable ([ZooKeeper.Operation]) -> Bool,
        then meanwhile: @escaping @Sendable () async throws -> Void
    ) {
        state.withLock { $0 = State(matches: matches, meanwhile: meanwhile) }
    }

    fileprivate func pass(_ operations: [ZooKeeper.Operation]) async throws {
        let meanwhile = state.withLock { state -> (@Sendable () async throws -> Void)? in
            guard let matches = state.matches, matches(operations) else { return nil }
            state.matches = nil
            state.wasReached = true
            return state.meanwhile
        }
        try await meanwhile?()
    }
}

/// A session whose process can be stopped before a multi.
struct PausingSession: ZooKeeperSession {
    let inner: any ZooKeeperSession
    let pause: Pause

    var state: SessionState { get async { await inner.state } }
    func states() async -> AsyncStream<SessionState> { await inner.states() }
    var identity: SessionIdentity? { get async { await inner.identity } }
    var negotiatedTimeout: Duration? { get async { await inner.negotiatedTimeout } }

    func create(
        _ path: ZNodePath,
        data: [UInt8],
        mode: CreateMode,
        acl: ACL
    ) async throws(ZooKeeperError) -> (path: ZNodePath, stat: ZNodeStat) {
        try await inner.create(path, data: data, mode: mode, acl: acl)
    }

    func delete(_ path: ZNodePath, version: Int32?) async throws(ZooKeeperError) {
        try await inner.delete(path, version: version)
    }

    func exists(_ path: ZNodePath) async throws(ZooKeeperError) -> ZNodeStat? { try await inner.exists(path) }

    func watchExists(_ path: ZNodePath) async throws(ZooKeeperError) -> (stat: ZNodeStat?, watch: Watch) {
        try await inner.watchExists(path)
    }

    func get(_ path: ZNodePath) async throws(ZooKeeperError) -> ZNode { try await inner.get(path) }

    func watchGet(_ path: ZNodePath) async throws(ZooKeeperError) -> (node: ZNode, watch: Watch) {
        try await inner.watchGet(path)
    }

    func set(_ path: ZNodePath, data: [UInt8], version: Int32?) async throws(ZooKeeperError) -> ZNodeStat {
        try await inner.set(path, data: data, version: version)
    }

    func children(_ path: ZNodePath) async throws(ZooKeeperError) -> (names: [String], stat: ZNodeStat) {
        try await inner.children(path)
    }

    func watchChildren(
        _ path: ZNodePath
    ) async throws(ZooKeeperError) -> (names: [String], stat: ZNodeStat, watch: Watch) {
        try await inner.watchChildren(path)
    }

    func multi(_ operations: [ZooKeeper.Operation]) async throws(ZooKeeperError) -> [OperationResult] {
        do {
            try await pause.pass(operations)
        } catch {
            // Only what the test itself does meanwhile can fail, and it says so there.
            Issue.record(error)
        }
        return try await inner.multi(operations)
    }

    func sync(_ path: ZNodePath) async throws(ZooKeeperError) { try await inner.sync(path) }

    func acl(_ path: ZNodePath) async throws(ZooKeeperError) -> (acl: ACL, stat: ZNodeStat) {
        try await inner.acl(path)
    }

    func setACL(_ path: ZNodePath, _ acl: ACL, version: Int32?) async throws(ZooKeeperError) {
        try await inner.setACL(path, acl, version: version)
    }

    func close() async { await inner.close() }
}

extension Workshop {
    /// Everything that is there but what tells who leads: sessions, candidates, `/epoch`.
    fileprivate var nodes: [ZNodePath: [UInt8]] {
        ensemble.paths.reduce(into: [:]) { nodes, path in
            if path.components.contains("election") || path.name == "epoch" { return }
            nodes[path] = ensemble.node(path)?.data
        }
    }
}
