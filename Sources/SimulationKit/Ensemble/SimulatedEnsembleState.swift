import ZooKeeper

/// Everything a simulated ensemble knows, and what it does at an instant.
struct SimulatedEnsembleState {
    struct Server {
        var tree = EnsembleTree()
        var isUp = true
        /// Since when it does not hear the leader; `nil` while it does.
        var cutOffSince: Duration?
        var lag: ClosedRange<Duration>?
    }

    struct Client {
        let process: SimulationExecutor
        /// By server.
        var links: [SimulatedEnsemble.Link]
    }

    enum Transaction {
        case operations([Operation], session: Int64, milliseconds: Int64)
        case end(session: Int64)
    }

    struct Later: Sendable {
        let delay: Duration
        let action: @Sendable (inout SimulatedEnsembleState) -> Void
    }

    let configuration: SimulatedEnsemble.Configuration
    var generator: SeededGenerator
    var now = Duration.zero
    var servers: [Server]
    var leader: Int? = 0
    /// What the leader has committed: the truth.
    var committed = EnsembleTree()
    /// The committed transactions, for servers that lag; the first one has number `logBase + 1`.
    var log: [Transaction] = []
    var logBase: Int64 = 0
    var clients: [Client] = []
    var sessions: [Int64: Session] = [:]
    var handles: [Int: Handle] = [:]
    /// Handles are numbered.
    var handleCount = 0
    var replyLoss = 0.0
    var observer: (@Sendable (SimulatedEnsemble.Commit) -> Void)?
    /// Told of what happens to servers and connections, for people.
    var narrator: (@Sendable (String) -> Void)?
    /// Requests are numbered.
    var requestCount = 0
    private var later: [Later] = []

    init(configuration: SimulatedEnsemble.Configuration, generator: SeededGenerator) {
        self.configuration = configuration
        self.generator = generator
        servers = Array(repeating: Server(), count: configuration.serverCount)
    }

    mutating func after(
        _ delay: Duration,
        _ action: @escaping @Sendable (inout SimulatedEnsembleState) -> Void
    ) {
        later.append(Later(delay: delay, action: action))
    }

    mutating func takeLater() -> [Later] {
        defer { later = [] }
        return later
    }

    var timeout: Duration { configuration.sessionTimeout }

    mutating func addClient(_ process: SimulationExecutor) -> Int {
        clients.append(Client(process: process, links: servers.map { _ in .open }))
        return clients.count - 1
    }

    mutating func setLink(_ link: SimulatedEnsemble.Link, client: Int, server: Int?) {
        for index in servers.indices where server == nil || server == index {
            clients[client].links[index] = link
        }
        guard link == .open else { return }
        for id in liveHandles(of: client) { recover(id) }
    }

    // MARK: Transactions

    /// Commits a write at the leader and lets the followers know, each in its time.
    @discardableResult
    mutating func commit(_ operations: [Operation], session: Int64) throws(ZooKeeperError)
        -> [OperationResult]
    {
        let milliseconds = now.wholeMilliseconds
        let (results, changes) = try committed.commit(
            operations,
            session: session,
            milliseconds: milliseconds
        )
        append(.operations(operations, session: session, milliseconds: milliseconds))
        observe(session, operations, changes)
        return results
    }

    /// Ends a session at the leader.
    mutating func end(_ id: Int64) {
        guard sessions[id]?.isOver == false else { return }
        sessions[id]?.isOver = true
        sessions[id]?.delayed = []
        let changes = committed.endSession(id)
        append(.end(session: id))
        observe(id, [], changes)
    }

    /// Replaces an ACL, which no transaction of ours does.
    mutating func setACL(_ path: ZNodePath, _ acl: ACL, version: Int32?) throws(ZooKeeperError) {
        try committed.setACL(path, acl, version: version)
        for server in servers.indices {
            catchUp(server, with: committed.transaction)
            try servers[server].tree.setACL(path, acl, version: version)
        }
    }

    private mutating func append(_ transaction: Transaction) {
        log.append(transaction)
        let number = committed.transaction
        for server in servers.indices where servers[server].isUp && servers[server].cutOffSince == nil {
            if server == leader {
                catchUp(server, with: number)
                continue
            }
            let lag = servers[server].lag ?? configuration.lag
            after(generator.duration(in: lag)) { state in
                if state.servers[server].isUp, state.servers[server].cutOffSince == nil {
                    state.catchUp(server, with: number)
                }
            }
        }
        trimLog()
    }

    private mutating func trimLog() {
        guard log.count > 4_096, let least = servers.map(\.tree.transaction).min() else { return }
        log.removeFirst(Int(least - logBase))
        logBase = least
    }

    /// Lets a server apply what the leader has committed, up to a transaction; its clients' watches fire.
    mutating func catchUp(_ server: Int, with number: Int64) {
        while servers[server].tree.transaction < number {
            let transaction = log[Int(servers[server].tree.transaction - logBase)]
            let changes: [EnsembleTree.Change]
            switch transaction {
            case .operations(let operations, let session, let milliseconds):
                // The leader has committed it: it succeeds here too, with equal results.
                changes =
                    (try? servers[server].tree.commit(
                        operations,
                        session: session,
                        milliseconds: milliseconds
                    ).changes) ?? []
            case .end(let session): changes = servers[server].tree.endSession(session)
            }
            fire(changes, at: server)
        }
    }

    private func observe(_ session: Int64, _ operations: [Operation], _ changes: [EnsembleTree.Change]) {
        guard let observer else { return }
        let seen = changes.map { change -> SimulatedEnsemble.Change in
            switch change {
            case .created(let path): .created(path, data: committed.nodes[path]?.data ?? [])
            case .dataChanged(let path): .changed(path, data: committed.nodes[path]?.data ?? [])
            case .deleted(let path): .deleted(path)
            }
        }
        observer(
            SimulatedEnsemble.Commit(
                transaction: committed.transaction,
                session: session,
                at: now,
                operations: operations,
                changes: seen
            )
        )
    }
}

extension Duration {
    var wholeMilliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}
