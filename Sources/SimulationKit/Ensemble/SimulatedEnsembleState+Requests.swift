import ZooKeeper

/// Something a session asks its server.
struct EnsembleRequest: Sendable {
    enum Kind: Sendable {
        /// Answered by the server alone.
        case read
        /// Committed by the leader.
        case write([Operation])
        /// Answered by the server once it has caught up with the leader.
        case sync
        /// The end of the session.
        case close
    }

    let id: Int
    let kind: Kind
    /// What the server does; returns what resumes the caller.
    let serve: @Sendable (inout SimulatedEnsembleState, Int64) -> @Sendable () -> Void
    let fail: @Sendable (ZooKeeperError) -> Void
    /// Whether the server has done it, or the network has lost it for good.
    var isServed = false
    /// The server's answer that has not reached the client, and the last transaction it tells of.
    var answer: (reply: @Sendable () -> Void, seen: Int64)?

    /// Whether the server cannot answer it by itself.
    var needsLeader: Bool { if case .read = kind { false } else { true } }
}

extension SimulatedEnsembleState {
    mutating func newRequestID() -> Int {
        requestCount += 1
        return requestCount
    }

    /// Puts a request into the session's line.
    mutating func submit(_ request: EnsembleRequest, _ id: Int64) {
        guard let session = sessions[id] else { return request.fail(ZooKeeperError(.sessionExpired)) }
        switch session.state {
        case .closed: return request.fail(ZooKeeperError(.closed))
        case .expired: return request.fail(ZooKeeperError(.sessionExpired))
        case .authenticationFailed: return request.fail(ZooKeeperError(.authenticationFailed))
        case .connecting, .suspended: return request.fail(ZooKeeperError(.connectionLoss))
        case .connected: break
        }
        sessions[id]?.requests.append(request)
        if session.requests.isEmpty { sendFirst(id) }
    }

    /// The caller does not wait any more; what was asked happens or not.
    mutating func cancel(_ request: Int, _ id: Int64) {
        guard let index = sessions[id]?.requests.firstIndex(where: { $0.id == request }) else { return }
        guard let old = sessions[id]?.requests[index] else { return }
        sessions[id]?.requests[index] = EnsembleRequest(
            id: old.id,
            kind: old.kind,
            serve: { state, session in
                _ = old.serve(&state, session)
                return {}
            },
            fail: { _ in },
            isServed: old.isServed,
            answer: old.answer.map { ({}, $0.seen) }
        )
        old.fail(ZooKeeperError(.cancelled))
    }

    private mutating func sendFirst(_ id: Int64) {
        guard let session = sessions[id], let request = session.requests.first else { return }
        let connection = session.connection
        after(generator.duration(in: configuration.latency)) { state in
            state.arrive(request.id, id, connection)
        }
    }

    /// What the network could not bring arrives after all, now that it can.
    mutating func resend(_ id: Int64) {
        guard let session = sessions[id], session.server != nil, let request = session.requests.first else {
            return
        }
        guard request.answer != nil else { return sendFirst(id) }
        let connection = session.connection
        after(generator.duration(in: configuration.latency)) { $0.answer(request.id, id, connection) }
    }

    /// The request has reached the server, if anything does.
    private mutating func arrive(_ number: Int, _ id: Int64, _ connection: Int) {
        guard let session = sessions[id], session.connection == connection, let server = session.server,
            let request = session.requests.first, request.id == number, !request.isServed,
            isHeard(session)
        else { return }
        if request.needsLeader, !follows(server) { return }
        if session.isOver, follows(server) { return breakConnection(id) }
        if case .write(let operations) = request.kind, generator.chance(replyLoss) {
            return loseReply(operations, id)
        }
        if case .sync = request.kind {
            deliverDelayed(id)
            catchUp(server, with: committed.transaction)
        }
        let reply = request.serve(&self, id)
        if request.needsLeader { catchUp(server, with: committed.transaction) }
        sessions[id]?.requests[0].isServed = true
        sessions[id]?.requests[0].answer = (reply, servers[server].tree.transaction)
        after(generator.duration(in: configuration.latency)) { $0.answer(number, id, connection) }
    }

    /// The answer has reached the client, if anything does.
    private mutating func answer(_ number: Int, _ id: Int64, _ connection: Int) {
        guard let session = sessions[id], session.connection == connection, hears(session),
            let request = session.requests.first, request.id == number, let answer = request.answer
        else { return }
        sessions[id]?.requests.removeFirst()
        sessions[id]?.seen = max(session.seen, answer.seen)
        sessions[id]?.heardAt = now
        answer.reply()
        sendFirst(id)
    }

    /// The connection breaks while a write is under way: it was committed, it never arrives, or it arrives later.
    private mutating func loseReply(_ operations: [Operation], _ id: Int64) {
        switch generator.index(below: 3) {
        case 0:
            // Whether the lost write succeeded is exactly what its writer must not learn.
            _ = try? commit(operations, session: id)
            sessions[id]?.requests[0].isServed = true
        case 1: sessions[id]?.requests[0].isServed = true
        default: break
        }
        breakConnection(id)
    }

    // MARK: What servers answer

    /// A write of a client.
    mutating func clientWrite(_ operations: [Operation], session: Int64) throws(ZooKeeperError)
        -> [OperationResult]
    {
        let size = operations.reduce(0) { $0 + $1.sizeBytes }
        guard size <= SimulatedEnsemble.writeBytesMax else {
            throw ZooKeeperError(
                .limitExceeded,
                path: operations.first?.path.text,
                detail: "a write of \(size) bytes"
            )
        }
        return try commit(operations, session: session)
    }

    /// The node as the session's server knows it.
    func node(_ path: ZNodePath, for session: Int64) -> EnsembleTree.Node? {
        guard let server = sessions[session]?.server else { return nil }
        return servers[server].tree.nodes[path]
    }

    // MARK: Watches

    mutating func watch(_ path: ZNodePath, _ kind: WatchKind, session id: Int64) -> Watch {
        let (stream, continuation) = AsyncStream.makeStream(
            of: WatchEvent.self,
            bufferingPolicy: .bufferingOldest(1)
        )
        guard let session = sessions[id], let server = session.server else {
            continuation.finish()
            return Watch(stream: stream)
        }
        sessions[id]?.watches[path, default: []].append(
            RegisteredWatch(
                kind: kind,
                seen: servers[server].tree.transaction,
                isPresent: servers[server].tree.nodes[path] != nil,
                continuation: continuation
            )
        )
        return Watch(stream: stream)
    }

    /// What a server has applied fires the watches of its clients.
    mutating func fire(_ changes: [EnsembleTree.Change], at server: Int) {
        guard !changes.isEmpty else { return }
        for id in connected(to: server) {
            guard let session = sessions[id], !session.watches.isEmpty, hears(session) else { continue }
            for change in changes {
                switch change {
                case .created(let path):
                    fire(id, path, .created, [.data])
                    if let parent = path.parent { fire(id, parent, .childrenChanged, [.children]) }
                case .deleted(let path):
                    fire(id, path, .deleted, [.data, .children])
                    if let parent = path.parent { fire(id, parent, .childrenChanged, [.children]) }
                case .dataChanged(let path):
                    fire(id, path, .dataChanged, [.data])
                }
            }
        }
    }

    private mutating func fire(_ id: Int64, _ path: ZNodePath, _ event: WatchEvent, _ kinds: [WatchKind]) {
        guard let registered = sessions[id]?.watches[path] else { return }
        for watch in registered where kinds.contains(watch.kind) {
            watch.continuation.yield(event)
            watch.continuation.finish()
        }
        let left = registered.filter { !kinds.contains($0.kind) }
        sessions[id]?.watches[path] = left.isEmpty ? nil : left
    }

    /// At a reconnection the client sets its watches again; what it missed fires at once.
    mutating func restoreWatches(_ id: Int64, _ server: Int) {
        guard let watches = sessions[id]?.watches else { return }
        for path in watches.keys.sorted() {
            let node = servers[server].tree.nodes[path]
            for watch in watches[path] ?? [] {
                guard let event = missed(watch, node) else { continue }
                fire(id, path, event, [watch.kind])
            }
        }
    }

    private func missed(_ watch: RegisteredWatch, _ node: EnsembleTree.Node?) -> WatchEvent? {
        guard let node else { return watch.isPresent ? .deleted : nil }
        if !watch.isPresent { return .created }
        switch watch.kind {
        case .data: return node.stat.modifiedTransaction > watch.seen ? .dataChanged : nil
        case .children: return node.stat.childrenTransaction > watch.seen ? .childrenChanged : nil
        }
    }
}
