import Synchronization
import Testing
import ZooKeeper

/// Where a process is stopped, and what happens until it goes on.
final class Pause: Sendable {
    private struct State {
        var matches: (@Sendable ([ZooKeeper.Operation]) -> Bool)?
        var meanwhile: (@Sendable () async throws -> Void)?
        var wasReached = false
        var held: ZNodePath?
        var readers: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    var wasReached: Bool { state.withLock(\.wasReached) }

    /// Stops before the first multi of which `matches` is true, until `meanwhile` is over.
    func set(
        _ matches: @escaping @Sendable ([ZooKeeper.Operation]) -> Bool,
        then meanwhile: @escaping @Sendable () async throws -> Void
    ) {
        state.withLock { state in
            state.matches = matches
            state.meanwhile = meanwhile
            state.wasReached = false
        }
    }

    /// Lets nobody read a node or its children until `release`: their server is slow.
    func holdReads(of path: ZNodePath) { state.withLock { $0.held = path } }

    /// Lets those go on who wait to read.
    func release() {
        let readers = state.withLock { state in
            defer { state.readers = [] }
            state.held = nil
            return state.readers
        }
        for reader in readers { reader.resume() }
    }

    fileprivate func passRead(_ path: ZNodePath) async {
        await withCheckedContinuation { reader in
            let isHeld = state.withLock { state in
                guard state.held == path else { return false }
                state.readers.append(reader)
                return true
            }
            if !isHeld { reader.resume() }
        }
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

/// A session whose process can be stopped before a multi, or before it reads a node.
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

    func get(_ path: ZNodePath) async throws(ZooKeeperError) -> ZNode {
        await pause.passRead(path)
        return try await inner.get(path)
    }

    func watchGet(_ path: ZNodePath) async throws(ZooKeeperError) -> (node: ZNode, watch: Watch) {
        await pause.passRead(path)
        return try await inner.watchGet(path)
    }

    func set(_ path: ZNodePath, data: [UInt8], version: Int32?) async throws(ZooKeeperError) -> ZNodeStat {
        try await inner.set(path, data: data, version: version)
    }

    func children(_ path: ZNodePath) async throws(ZooKeeperError) -> (names: [String], stat: ZNodeStat) {
        await pause.passRead(path)
        return try await inner.children(path)
    }

    func watchChildren(
        _ path: ZNodePath
    ) async throws(ZooKeeperError) -> (names: [String], stat: ZNodeStat, watch: Watch) {
        await pause.passRead(path)
        return try await inner.watchChildren(path)
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

/// Makes sessions that can be stopped.
struct PausingConnector: ZooKeeperConnector {
    let inner: any ZooKeeperConnector
    let pause: Pause

    func connect(resuming: SessionIdentity?) async throws(ZooKeeperError) -> any ZooKeeperSession {
        PausingSession(inner: try await inner.connect(resuming: resuming), pause: pause)
    }
}
