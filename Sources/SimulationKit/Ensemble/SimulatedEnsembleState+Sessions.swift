import ZooKeeper

extension SimulatedEnsembleState {
    enum WatchKind { case data, children }

    struct RegisteredWatch {
        let kind: WatchKind
        /// The last transaction its owner had seen when it was set.
        var seen: Int64
        /// Whether the node existed then.
        let isPresent: Bool
        let continuation: AsyncStream<WatchEvent>.Continuation
    }

    struct Session {
        let identity: SessionIdentity
        /// The process it belongs to now.
        var client: Int
        /// Where it stands, as its client knows.
        var state = SessionState.connecting
        /// Whether the leader has ended it.
        var isOver = false
        /// Whether the leader has ended it because it heard nothing of it.
        var hasTimedOut = false
        /// The server it is connected to.
        var server: Int?
        /// Counts the connections, so that what belongs to a former one is recognised.
        var connection = 0
        /// When the leader last heard of it.
        var touchedAt: Duration
        /// When its client last heard of a server.
        var heardAt: Duration
        /// The last transaction its client has seen.
        var seen: Int64 = 0
        /// What was asked and not answered, oldest first; only the first is under way.
        var requests: [EnsembleRequest] = []
        /// Writes that were under way when their connection broke, and still may arrive.
        var delayed: [[Operation]] = []
        var watches: [ZNodePath: [RegisteredWatch]] = [:]
        var listeners: [AsyncStream<SessionState>.Continuation] = []
    }

    // MARK: Beginning and end

    mutating func open(resuming: SessionIdentity?, client: Int) -> SessionIdentity {
        if let resuming, sessions[resuming.id]?.identity == resuming {
            breakConnection(resuming.id)
            sessions[resuming.id]?.client = client
            return resuming
        }
        let id = Int64(sessions.count + 1)
        // A session that no server knows: its client learns that it is over.
        let identity = SessionIdentity(id: id, password: resuming?.password ?? Array("password-\(id)".utf8))
        var session = Session(identity: identity, client: client, touchedAt: now, heardAt: now)
        session.isOver = resuming != nil
        sessions[id] = session
        after(generator.duration(in: configuration.latency)) { $0.connect(id) }
        return identity
    }

    func liveSessions(of client: Int) -> [Int64] {
        sessions.filter { $0.value.client == client && !$0.value.isOver && !$0.value.state.isFinal }.keys
            .sorted()
    }

    mutating func listen(_ id: Int64, _ listener: AsyncStream<SessionState>.Continuation) {
        guard let session = sessions[id] else { return listener.finish() }
        listener.yield(session.state)
        if session.state.isFinal { return listener.finish() }
        sessions[id]?.listeners.append(listener)
    }

    /// Tells the client where its session stands.
    mutating func change(_ id: Int64, to state: SessionState) {
        guard var session = sessions[id], !session.state.isFinal, session.state != state else { return }
        session.state = state
        for listener in session.listeners {
            listener.yield(state)
            if state.isFinal { listener.finish() }
        }
        guard state.isFinal else {
            sessions[id] = session
            return
        }
        session.listeners = []
        for path in session.watches.keys.sorted() {
            for watch in session.watches[path] ?? [] {
                watch.continuation.yield(.ended)
                watch.continuation.finish()
            }
        }
        session.watches = [:]
        session.server = nil
        session.connection += 1
        let requests = session.requests
        session.requests = []
        sessions[id] = session
        let error = ZooKeeperError(state == .closed ? .closed : .sessionExpired)
        for request in requests { request.fail(error) }
    }

    // MARK: Connections

    /// Whether a message of the session's client reaches its server.
    func isHeard(_ session: Session) -> Bool {
        guard let server = session.server, servers[server].isUp else { return false }
        let client = clients[session.client]
        return client.links[server] == .open || client.links[server] == .outwardOnly
    }

    /// Whether a message of the session's server reaches its client.
    func hears(_ session: Session) -> Bool {
        guard let server = session.server, servers[server].isUp else { return false }
        let client = clients[session.client]
        return client.links[server] == .open || client.links[server] == .inwardOnly
    }

    /// Whether a server can reach the leader.
    func follows(_ server: Int) -> Bool {
        leader != nil && servers[server].isUp && servers[server].cutOffSince == nil
    }

    /// Tries one server, as a client without a connection does.
    mutating func connect(_ id: Int64) {
        guard let session = sessions[id], session.server == nil, !session.state.isFinal,
            clients[session.client].process.isRunning
        else { return }
        let server = generator.index(below: servers.count)
        guard clients[session.client].links[server] == .open, follows(server) else { return }
        if session.isOver { return change(id, to: .expired) }
        // A client does not use a server that is behind what it has seen.
        catchUp(server, with: max(session.seen, servers[server].tree.transaction))
        sessions[id]?.server = server
        sessions[id]?.connection += 1
        sessions[id]?.touchedAt = now
        sessions[id]?.heardAt = now
        change(id, to: .connected(id: id, timeout: timeout))
        restoreWatches(id, server)
    }

    /// The connection is gone, and the client knows it.
    mutating func breakConnection(_ id: Int64) {
        guard var session = sessions[id], session.server != nil else { return }
        session.server = nil
        session.connection += 1
        let requests = session.requests
        session.requests = []
        if let first = requests.first, case .write(let operations) = first.kind, !first.isServed,
            generator.chance(0.5)
        {
            session.delayed.append(operations)
            after(generator.duration(in: .zero...(.seconds(3)))) { $0.deliverDelayed(id) }
        }
        sessions[id] = session
        change(id, to: .suspended)
        for request in requests { request.fail(ZooKeeperError(.connectionLoss)) }
    }

    /// Writes of former connections arrive at last; nobody waits for their results.
    mutating func deliverDelayed(_ id: Int64) {
        guard let session = sessions[id], !session.isOver, leader != nil else { return }
        sessions[id]?.delayed = []
        for operations in session.delayed { _ = try? commit(operations, session: id) }
    }

    // MARK: Heartbeats

    /// Clients and servers look after their connections.
    mutating func beat() {
        for server in servers.indices {
            guard let since = servers[server].cutOffSince, now - since >= configuration.syncLimit else {
                continue
            }
            for id in connected(to: server) { breakConnection(id) }
        }
        for id in sessions.keys.sorted() { beat(id) }
    }

    private mutating func beat(_ id: Int64) {
        guard let session = sessions[id] else { return }
        let isRunning = clients[session.client].process.isRunning
        if let server = session.server {
            if isRunning, isHeard(session), follows(server) { sessions[id]?.touchedAt = now }
            if isRunning { listenToServer(id, session, server) }
        } else if isRunning, !session.state.isFinal, generator.chance(0.3) {
            connect(id)
        }
        expireIfSilent(id)
    }

    /// The client's side: it gives a connection up when it has heard nothing for two thirds of the timeout.
    private mutating func listenToServer(_ id: Int64, _ session: Session, _ server: Int) {
        let isSilent = now - session.heardAt >= timeout * 2 / 3
        if !servers[server].isUp || isSilent { return breakConnection(id) }
        guard isHeard(session), hears(session) else { return }
        // A server that follows the leader knows which sessions are over, and hangs up.
        if session.isOver, follows(server) { return breakConnection(id) }
        sessions[id]?.heardAt = now
    }

    private mutating func expireIfSilent(_ id: Int64) {
        guard leader != nil, let session = sessions[id], !session.isOver else { return }
        guard now - session.touchedAt > timeout else { return }
        sessions[id]?.hasTimedOut = true
        end(id)
    }

    func connected(to server: Int) -> [Int64] {
        sessions.filter { $0.value.server == server }.keys.sorted()
    }

    // MARK: Servers

    mutating func stop(server: Int) {
        servers[server].isUp = false
        for id in connected(to: server) { breakConnection(id) }
        if leader == server || !hasQuorum { loseLeader() }
    }

    mutating func cutOff(server: Int) {
        if leader == server { return stop(server: server) }
        servers[server].cutOffSince = servers[server].cutOffSince ?? now
        if !hasQuorum { loseLeader() }
    }

    mutating func start(server: Int) {
        servers[server].isUp = true
        servers[server].cutOffSince = nil
        if leader != nil { catchUp(server, with: committed.transaction) } else { elect() }
        for id in connected(to: server) { recover(id) }
    }

    /// A connection that did not break works again: what was under way arrives.
    mutating func recover(_ id: Int64) {
        guard let server = sessions[id]?.server else { return }
        restoreWatches(id, server)
        resend(id)
    }

    private var hasQuorum: Bool {
        servers.filter { $0.isUp && $0.cutOffSince == nil }.count * 2 > servers.count
    }

    private mutating func loseLeader() {
        leader = nil
        // Followers without a leader let their clients go.
        for id in sessions.keys.sorted() where sessions[id]?.server != nil { breakConnection(id) }
        elect()
    }

    private mutating func elect() {
        after(generator.duration(in: configuration.election)) { state in
            guard state.leader == nil, state.hasQuorum else { return }
            state.leader = state.servers.indices.first {
                state.servers[$0].isUp && state.servers[$0].cutOffSince == nil
            }
            for server in state.servers.indices where state.follows(server) {
                state.catchUp(server, with: state.committed.transaction)
            }
            // A new leader gives every session its whole timeout again.
            for id in state.sessions.keys { state.sessions[id]?.touchedAt = state.now }
        }
    }
}
