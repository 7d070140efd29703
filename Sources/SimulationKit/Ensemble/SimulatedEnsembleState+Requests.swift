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
    let serve: @Sendable (inout SimulatedEnsembleState, Int) -> @Sendable () -> Void
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
    mutating func submit(_ request: EnsembleRequest, _ id: Int) {
        guard let handle = handles[id] else { return request.fail(ZooKeeperError(.sessionExpired)) }
        switch handle.state {
        case .closed: return request.fail(ZooKeeperError(.closed))
        case .expired: return request.fail(ZooKeeperError(.sessionExpired))
        case .authenticationFailed: return request.fail(ZooKeeperError(.authenticationFailed))
        case .connecting, .suspended: return request.fail(ZooKeeperError(.connectionLoss))
        case .connected: break
        }
        handles[id]?.requests.append(request)
        if handle.requests.isEmpty { sendFirst(id) }
    }

    /// The caller does not wait any more; what was asked happens or not.
    mutating func cancel(_ request: Int, _ id: Int) {
        guard let index = handles[id]?.requests.firstIndex(where: { $0.id == request }) else { return }
        guard let old = handles[id]?.requests[index] else { return }
        handles[id]?.requests[index] = EnsembleRequest(
            id: old.id,
            kind: old.kind,
            serve: { state, handle in
                _ = old.serve(&state, handle)
                return {}
            },
            fail: { _ in },
            isServed: old.isServed,
            answer: old.answer.map { ({}, $0.seen) }
        )
        old.fail(ZooKeeperError(.cancelled))
    }

    private mutating func sendFirst(_ id: Int) {
        guard let handle = handles[id], let request = handle.requests.first else { return }
        let connection = handle.connection
        after(generator.duration(in: configuration.latency)) { state in
            state.arrive(request.id, id, connection)
        }
    }

    /// What the network could not bring arrives after all, now that it can.
    mutating func resend(_ id: Int) {
        guard let handle = handles[id], handle.server != nil, let request = handle.requests.first else {
            return
        }
        guard request.answer != nil else { return sendFirst(id) }
        let connection = handle.connection
        after(generator.duration(in: configuration.latency)) { $0.answer(request.id, id, connection) }
    }

    /// The request has reached the server, if anything does.
    private mutating func arrive(_ number: Int, _ id: Int, _ connection: Int) {
        guard let handle = handles[id], handle.connection == connection, let server = handle.server,
            let request = handle.requests.first, request.id == number, !request.isServed,
            isHeard(handle)
        else { return }
        if request.needsLeader, !follows(server) { return }
        if isOver(handle), follows(server) { return breakConnection(id) }
        if case .write(let operations) = request.kind, generator.chance(replyLoss) {
            return loseReply(operations, id)
        }
        if case .sync = request.kind {
            deliverDelayed(handle.session)
            catchUp(server, with: committed.transaction)
        }
        let reply = request.serve(&self, id)
        if request.needsLeader { catchUp(server, with: committed.transaction) }
        handles[id]?.requests[0].isServed = true
        handles[id]?.requests[0].answer = (reply, servers[server].tree.transaction)
        after(generator.duration(in: configuration.latency)) { $0.answer(number, id, connection) }
    }

    /// The answer has reached the client, if anything does.
    private mutating func answer(_ number: Int, _ id: Int, _ connection: Int) {
        guard let handle = handles[id], handle.connection == connection, hears(handle),
            let request = handle.requests.first, request.id == number, let answer = request.answer
        else { return }
        handles[id]?.requests.removeFirst()
        handles[id]?.seen = max(handle.seen, answer.seen)
        handles[id]?.heardAt = now
        answer.reply()
        sendFirst(id)
    }

    /// The connection breaks while a write is under way: it was committed, it never arrives, or it arrives later.
    private mutating func loseReply(_ operations: [Operation], _ id: Int) {
        switch generator.index(below: 3) {
        case 0:
            // Whether the lost write succeeded is exactly what its writer must not learn.
            if let session = handles[id]?.session { _ = try? commit(operations, session: session) }
            handles[id]?.requests[0].isServed = true
        case 1: handles[id]?.requests[0].isServed = true
        default: break
        }
        breakConnection(id)
    }

    // MARK: What servers answer

    /// A write of a client.
    mutating func clientWrite(_ operations: [Operation], handle: Int) throws(ZooKeeperError)
        -> [OperationResult]
    {
        guard let session = handles[handle]?.session else { throw ZooKeeperError(.sessionExpired) }
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
    func node(_ path: ZNodePath, for handle: Int) -> EnsembleTree.Node? {
        guard let server = handles[handle]?.server else { return nil }
        return servers[server].tree.nodes[path]
    }

    // MARK: Watches

    mutating func watch(_ path: ZNodePath, _ kind: WatchKind, handle id: Int) -> Watch {
        let (stream, continuation) = AsyncStream.makeStream(
            of: WatchEvent.self,
            bufferingPolicy: .bufferingOldest(1)
        )
        guard let handle = handles[id], let server = handle.server else {
            continuation.finish()
            return Watch(stream: stream)
        }
        handles[id]?.watches[path, default: []].append(
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
            guard let handle = handles[id], !handle.watches.isEmpty, hears(handle) else { continue }
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

    private mutating func fire(_ id: Int, _ path: ZNodePath, _ event: WatchEvent, _ kinds: [WatchKind]) {
        guard let registered = handles[id]?.watches[path] else { return }
        for watch in registered where kinds.contains(watch.kind) {
            watch.continuation.yield(event)
            watch.continuation.finish()
        }
        let left = registered.filter { !kinds.contains($0.kind) }
        handles[id]?.watches[path] = left.isEmpty ? nil : left
    }

    /// At a reconnection the client sets its watches again; what it missed fires at once.
    mutating func restoreWatches(_ id: Int, _ server: Int) {
        guard let watches = handles[id]?.watches else { return }
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
