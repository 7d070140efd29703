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

    /// What the leader knows of a session.
    struct Session {
        let identity: SessionIdentity
        var isOver = false
        /// Whether the leader has ended it because it heard nothing of it.
        var hasTimedOut = false
        /// When the leader last heard of it.
        var touchedAt: Duration
        /// Writes that were under way when their connection broke, and still may arrive.
        var delayed: [[Operation]] = []
    }

    /// What a client knows of its session; several may claim one session, and take it from each other.
    struct Handle {
        let session: Int64
        /// The process it belongs to.
        let client: Int
        var state = SessionState.connecting
        /// The server it is connected to.
        var server: Int?
        /// Counts the connections, so that what belongs to a former one is recognised.
        var connection = 0
        /// When it last heard of a server.
        var heardAt: Duration
        /// The last transaction it has seen.
        var seen: Int64 = 0
        /// What was asked and not answered, oldest first; only the first is under way.
        var requests: [EnsembleRequest] = []
        var watches: [ZNodePath: [RegisteredWatch]] = [:]
        var listeners: [AsyncStream<SessionState>.Continuation] = []
    }

    // MARK: Beginning and end

    /// Opens a handle of a new session, or of one that somebody knows the identity of.
    mutating func open(resuming: SessionIdentity?, client: Int) -> (handle: Int, identity: SessionIdentity) {
        let session: Int64
        if let resuming, sessions[resuming.id]?.identity == resuming {
            session = resuming.id
        } else {
            session = Int64(sessions.count + 1)
            // A session that no server knows is over: its client learns it.
            let password = resuming?.password ?? Array("password-\(session)".utf8)
            let identity = SessionIdentity(id: session, password: password)
            sessions[session] = Session(identity: identity, isOver: resuming != nil, touchedAt: now)
        }
        handleCount += 1
        let id = handleCount
        handles[id] = Handle(session: session, client: client, heardAt: now)
        after(generator.duration(in: configuration.latency)) { $0.connect(id) }
        return (id, sessions[session]?.identity ?? SessionIdentity(id: session, password: []))
    }

    func isOver(_ handle: Handle) -> Bool { sessions[handle.session]?.isOver ?? true }

    /// The handles of a client whose sessions it has not seen end, oldest first.
    func liveHandles(of client: Int) -> [Int] {
        handles.filter { $0.value.client == client && !$0.value.state.isFinal }.keys.sorted()
    }

    func liveSessions(of client: Int) -> [Int64] {
        let sessions = liveHandles(of: client).compactMap { handles[$0] }.filter { !isOver($0) }
        return Set(sessions.map(\.session)).sorted()
    }

    mutating func listen(_ id: Int, _ listener: AsyncStream<SessionState>.Continuation) {
        guard let handle = handles[id] else { return listener.finish() }
        listener.yield(handle.state)
        if handle.state.isFinal { return listener.finish() }
        handles[id]?.listeners.append(listener)
    }

    /// Tells the client where its session stands.
    mutating func change(_ id: Int, to state: SessionState) {
        guard var handle = handles[id], !handle.state.isFinal, handle.state != state else { return }
        handle.state = state
        narrate(handle)
        for listener in handle.listeners {
            listener.yield(state)
            if state.isFinal { listener.finish() }
        }
        if state.isFinal { handle.listeners = [] }
        handles[id] = handle
        if state.isFinal { bury(id) }
    }

    /// Nothing comes from this handle any more.
    private mutating func bury(_ id: Int) {
        guard let handle = handles[id] else { return }
        for path in handle.watches.keys.sorted() {
            for watch in handle.watches[path] ?? [] {
                watch.continuation.yield(.ended)
                watch.continuation.finish()
            }
        }
        handles[id]?.watches = [:]
        handles[id]?.server = nil
        handles[id]?.connection += 1
        handles[id]?.requests = []
        let error = ZooKeeperError(handle.state == .closed ? .closed : .sessionExpired)
        for request in handle.requests { request.fail(error) }
    }

    private func narrate(_ handle: Handle) {
        guard let narrator else { return }
        let place = handle.server.map { " to server \($0)" } ?? ""
        let who = "session \(handle.session) of client \(handle.client)"
        switch handle.state {
        case .connected: narrator("\(who) is connected\(place)")
        default: narrator("\(who) is \(handle.state)")
        }
    }

    // MARK: Connections

    /// Whether a message of the session's client reaches its server.
    func isHeard(_ handle: Handle) -> Bool {
        guard let server = handle.server, servers[server].isUp else { return false }
        let client = clients[handle.client]
        return client.links[server] == .open || client.links[server] == .outwardOnly
    }

    /// Whether a message of the session's server reaches its client.
    func hears(_ handle: Handle) -> Bool {
        guard let server = handle.server, servers[server].isUp else { return false }
        let client = clients[handle.client]
        return client.links[server] == .open || client.links[server] == .inwardOnly
    }

    /// Whether a server can reach the leader.
    func follows(_ server: Int) -> Bool {
        leader != nil && servers[server].isUp && servers[server].cutOffSince == nil
    }

    /// Tries one server, as a client without a connection does.
    mutating func connect(_ id: Int) {
        guard let handle = handles[id], handle.server == nil, !handle.state.isFinal,
            clients[handle.client].process.isRunning
        else { return }
        let server = generator.index(below: servers.count)
        guard clients[handle.client].links[server] == .open, follows(server) else { return }
        if isOver(handle) { return change(id, to: .expired) }
        // Whoever else is connected with this session loses it.
        for other in handles.keys.sorted() where handles[other]?.session == handle.session && other != id {
            breakConnection(other)
        }
        // A client does not use a server that is behind what it has seen.
        catchUp(server, with: max(handle.seen, servers[server].tree.transaction))
        handles[id]?.server = server
        handles[id]?.connection += 1
        handles[id]?.heardAt = now
        sessions[handle.session]?.touchedAt = now
        change(id, to: .connected(id: handle.session, timeout: timeout))
        restoreWatches(id, server)
    }

    /// The connection is gone, and the client knows it.
    mutating func breakConnection(_ id: Int) {
        guard var handle = handles[id], handle.server != nil else { return }
        handle.server = nil
        handle.connection += 1
        let requests = handle.requests
        handle.requests = []
        handles[id] = handle
        if let first = requests.first, case .write(let operations) = first.kind, !first.isServed,
            generator.chance(0.5)
        {
            let session = handle.session
            sessions[session]?.delayed.append(operations)
            after(generator.duration(in: .zero...(.seconds(3)))) { $0.deliverDelayed(session) }
        }
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
        for id in handles.keys.sorted() where handles[id]?.state.isFinal == false { beat(id) }
        for id in sessions.keys.sorted() { expireIfSilent(id) }
    }

    private mutating func beat(_ id: Int) {
        guard let handle = handles[id], clients[handle.client].process.isRunning else { return }
        if let server = handle.server {
            if isHeard(handle), follows(server) { sessions[handle.session]?.touchedAt = now }
            listenToServer(id, handle, server)
        } else if generator.chance(0.3) {
            connect(id)
        }
    }

    /// The client's side: it gives a connection up when it has heard nothing for two thirds of the timeout.
    private mutating func listenToServer(_ id: Int, _ handle: Handle, _ server: Int) {
        let isSilent = now - handle.heardAt >= timeout * 2 / 3
        if !servers[server].isUp || isSilent { return breakConnection(id) }
        guard isHeard(handle), hears(handle) else { return }
        // A server that follows the leader knows which sessions are over, and hangs up.
        if isOver(handle), follows(server) { return breakConnection(id) }
        handles[id]?.heardAt = now
    }

    private mutating func expireIfSilent(_ id: Int64) {
        guard leader != nil, let session = sessions[id], !session.isOver else { return }
        guard now - session.touchedAt > timeout else { return }
        sessions[id]?.hasTimedOut = true
        end(id)
    }

    func connected(to server: Int) -> [Int] {
        handles.filter { $0.value.server == server }.keys.sorted()
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
    mutating func recover(_ id: Int) {
        guard let server = handles[id]?.server else { return }
        restoreWatches(id, server)
        resend(id)
    }

    private var hasQuorum: Bool {
        servers.filter { $0.isUp && $0.cutOffSince == nil }.count * 2 > servers.count
    }

    private mutating func loseLeader() {
        leader = nil
        narrator?("no server leads")
        // Followers without a leader let their clients go.
        for id in handles.keys.sorted() where handles[id]?.server != nil { breakConnection(id) }
        elect()
    }

    private mutating func elect() {
        after(generator.duration(in: configuration.election)) { state in
            guard state.leader == nil, state.hasQuorum else { return }
            state.leader = state.servers.indices.first {
                state.servers[$0].isUp && state.servers[$0].cutOffSince == nil
            }
            state.narrator?("server \(state.leader ?? -1) leads")
            for server in state.servers.indices where state.follows(server) {
                state.catchUp(server, with: state.committed.transaction)
            }
            // A new leader gives every session its whole timeout again.
            for id in state.sessions.keys { state.sessions[id]?.touchedAt = state.now }
        }
    }
}
