import ZooKeeper

/// Everything an ensemble knows: the tree, the sessions, their watches and the faults to come.
struct EnsembleState {
    struct Session {
        var identity: SessionIdentity
        var state: SessionState = .connecting
        var listeners: [AsyncStream<SessionState>.Continuation] = []
        var delayed: [[Operation]] = []
    }

    enum WatchKind { case data, children }

    struct RegisteredWatch {
        let session: Int64
        let kind: WatchKind
        let continuation: AsyncStream<WatchEvent>.Continuation
    }

    var tree = EnsembleTree()
    var sessions: [Int64: Session] = [:]
    var watches: [ZNodePath: [RegisteredWatch]] = [:]
    var losses: [(kind: InMemoryEnsemble.LostReply, matching: @Sendable ([Operation]) -> Bool)] = []
    var isDown = false
    var milliseconds: Int64 = 0
    private var nextSession: Int64 = 1

    mutating func open(resuming: SessionIdentity?, _ timeout: Duration) -> SessionIdentity {
        if let resuming, let known = sessions[resuming.id] {
            if known.state.isFinal || known.identity != resuming {
                return register(SessionIdentity(id: newID(), password: []), .expired)
            }
            return resuming
        }
        if resuming != nil { return register(SessionIdentity(id: newID(), password: []), .expired) }
        let id = newID()
        let identity = SessionIdentity(id: id, password: Array("password-\(id)".utf8))
        return register(identity, isDown ? .connecting : .connected(id: id, timeout: timeout))
    }

    private mutating func newID() -> Int64 {
        defer { nextSession += 1 }
        return nextSession
    }

    private mutating func register(_ identity: SessionIdentity, _ state: SessionState) -> SessionIdentity {
        sessions[identity.id] = Session(identity: identity, state: state)
        return identity
    }

    // MARK: States

    mutating func listen(_ id: Int64, _ listener: AsyncStream<SessionState>.Continuation) {
        guard let session = sessions[id] else { return listener.finish() }
        listener.yield(session.state)
        if session.state.isFinal { return listener.finish() }
        sessions[id]?.listeners.append(listener)
    }

    private mutating func change(_ id: Int64, to state: SessionState) {
        guard var session = sessions[id], !session.state.isFinal, session.state != state else { return }
        session.state = state
        for listener in session.listeners {
            listener.yield(state)
            if state.isFinal { listener.finish() }
        }
        if state.isFinal { session.listeners = [] }
        sessions[id] = session
    }

    mutating func suspend(_ id: Int64) {
        if sessions[id]?.state.isConnected == true { change(id, to: .suspended) }
    }

    mutating func reconnect(_ id: Int64, _ timeout: Duration) {
        if !isDown { change(id, to: .connected(id: id, timeout: timeout)) }
    }

    mutating func setDown(_ isDown: Bool, _ timeout: Duration) {
        self.isDown = isDown
        for id in sessions.keys.sorted() {
            if isDown { suspend(id) } else { reconnect(id, timeout) }
        }
    }

    mutating func end(_ id: Int64, _ final: SessionState) {
        guard let session = sessions[id], !session.state.isFinal else { return }
        change(id, to: final)
        sessions[id]?.delayed = []
        for path in watches.keys.sorted() {
            for watch in watches[path] ?? [] where watch.session == id {
                watch.continuation.yield(.ended)
                watch.continuation.finish()
            }
            watches[path]?.removeAll { $0.session == id }
        }
        fire(tree.endSession(id))
    }

    // MARK: Writes

    mutating func commit(_ operations: [Operation], session: Int64) throws(ZooKeeperError)
        -> [OperationResult]
    {
        milliseconds += 1
        let (results, changes) = try tree.commit(operations, session: session, milliseconds: milliseconds)
        fire(changes)
        return results
    }

    /// A write of a client, with the faults that were asked for.
    mutating func clientWrite(_ operations: [Operation], session: Int64) throws(ZooKeeperError)
        -> [OperationResult]
    {
        try requireConnected(session)
        let size = operations.reduce(0) { $0 + $1.sizeBytes }
        guard size <= InMemoryEnsemble.writeBytesMax else {
            throw ZooKeeperError(
                .limitExceeded,
                path: operations.first?.path.text,
                detail: "a write of \(size) bytes"
            )
        }
        if let index = losses.firstIndex(where: { $0.matching(operations) }) {
            let kind = losses.remove(at: index).kind
            // Whether the lost write succeeded is exactly what its writer must not learn.
            if kind == .applied { _ = try? commit(operations, session: session) }
            if kind == .delayed { sessions[session]?.delayed.append(operations) }
            suspend(session)
            throw ZooKeeperError(.connectionLoss, path: operations.first?.path.text)
        }
        return try commit(operations, session: session)
    }

    mutating func sync(_ session: Int64) throws(ZooKeeperError) {
        try requireConnected(session)
        let delayed = sessions[session]?.delayed ?? []
        sessions[session]?.delayed = []
        // A delayed write may fail by now; nobody waits for its result.
        for operations in delayed { _ = try? commit(operations, session: session) }
    }

    func requireConnected(_ id: Int64) throws(ZooKeeperError) {
        switch sessions[id]?.state {
        case .connected: return
        case .connecting, .suspended: throw ZooKeeperError(.connectionLoss)
        case .expired, nil: throw ZooKeeperError(.sessionExpired)
        case .authenticationFailed: throw ZooKeeperError(.authenticationFailed)
        case .closed: throw ZooKeeperError(.closed)
        }
    }

    // MARK: Watches

    mutating func watch(_ path: ZNodePath, _ kind: WatchKind, session: Int64) -> Watch {
        let (stream, continuation) = AsyncStream.makeStream(
            of: WatchEvent.self,
            bufferingPolicy: .bufferingOldest(1)
        )
        watches[path, default: []].append(
            RegisteredWatch(session: session, kind: kind, continuation: continuation)
        )
        return Watch(stream: stream)
    }

    private mutating func fire(_ changes: [EnsembleTree.Change]) {
        for change in changes {
            switch change {
            case .created(let path):
                fire(path, .created, [.data])
                if let parent = path.parent { fire(parent, .childrenChanged, [.children]) }
            case .deleted(let path):
                fire(path, .deleted, [.data, .children])
                if let parent = path.parent { fire(parent, .childrenChanged, [.children]) }
            case .dataChanged(let path):
                fire(path, .dataChanged, [.data])
            }
        }
    }

    private mutating func fire(_ path: ZNodePath, _ event: WatchEvent, _ kinds: [WatchKind]) {
        guard let registered = watches[path] else { return }
        for watch in registered where kinds.contains(watch.kind) {
            watch.continuation.yield(event)
            watch.continuation.finish()
        }
        let left = registered.filter { !kinds.contains($0.kind) }
        watches[path] = left.isEmpty ? nil : left
    }
}

extension Operation {
    /// About what it takes in a request.
    var sizeBytes: Int {
        switch self {
        case .create(let path, let data, _, _), .set(let path, let data, _):
            path.text.utf8.count + data.count + 64
        case .delete(let path, _), .check(let path, _): path.text.utf8.count + 64
        }
    }
}
