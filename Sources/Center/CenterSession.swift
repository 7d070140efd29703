import Cluster
import Domain
import Logging
import Mutations
import ZooKeeper

/// What a center does while one session with ZooKeeper lasts.
struct CenterSession: Sendable {
    let service: CenterService
    let session: any ZooKeeperSession

    private var configuration: CenterConfiguration { service.configuration }
    private var tree: Tree { configuration.tree }
    private var state: CenterState { service.state }
    private var logger: Logger { service.logger }

    /// Serves until the session ends or the task is cancelled; returns why.
    func hold() async -> any Error {
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await followConnection() }
                group.addTask { try await serve() }
                group.addTask { try await keepVigil() }
                defer { group.cancelAll() }
                try await group.next()
            }
            return ZooKeeperError(.sessionExpired)
        } catch {
            return error
        }
    }

    private var timeline: CenterTimeline { CenterTimeline(service: service, session: session) }

    /// Ends the session when the servers have forgotten it without telling its client.
    private func keepVigil() async throws {
        try await SessionVigil(session: session, connector: service.connector, time: service.time)
            .untilHopeless()
        throw ZooKeeperError(.sessionExpired, detail: "the servers do not take the session back")
    }

    private func followConnection() async throws {
        for await now in await session.states() {
            state.connectionChanged(now.isConnected)
            if now.isConnected { state.hints.everythingMayHaveChanged() }
            if now == .suspended { service.complaints.complain("the connection is lost") }
            if now.isConnected, state.status.isWarm { service.complaints.settle() }
            if now.isFinal { throw ZooKeeperError(.sessionExpired, detail: "\(now)") }
        }
    }

    private func serve() async throws {
        try await waitForServer()
        let identity = try await patiently {
            try await session.requireRoot()
            return try await timeline.enter()
        }
        service.complaints.settle()
        let (warm, announce) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let follower = CatalogFollower(
            session: session,
            tree: tree,
            store: state.store,
            time: service.time,
            random: service.random,
            logger: logger,
            onChange: { topic in state.noticed(topic) }
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await follower.follow {
                    state.warmed()
                    announce.yield()
                }
            }
            group.addTask { try await timeline.follow(identity) }
            group.addTask {
                try await register()
                for await _ in warm { break }
                try Task.checkCancellation()
                try await campaign(identity, follower)
            }
            group.addTask { try await sweeper.run() }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private var sweeper: RunSweeper {
        RunSweeper(
            session: session,
            tree: tree,
            center: configuration.center,
            state: state,
            history: service.history,
            peers: service.peers,
            time: service.time,
            random: service.random,
            logger: logger
        )
    }

    /// Waits for the first connection; people are told when it takes long.
    private func waitForServer() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await session.connected() }
            group.addTask {
                try await service.time.sleep(for: CenterService.connectPatience)
                service.complaints.complain("no server answers")
                try await session.connected()
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Runs something that may be repeated until no lost connection prevents it.
    private func patiently<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        while true {
            do {
                return try await body()
            } catch let error as ZooKeeperError where error.isRetriable {
                try await session.connected()
            }
        }
    }
}

extension CenterSession {
    /// Registers the center; waits until a predecessor of the same name is gone, which its session's end decides.
    private func register() async throws {
        let registration = CenterRegistration(
            center: configuration.center,
            url: configuration.url,
            version: configuration.version,
            host: configuration.host,
            processID: configuration.processID,
            startedAt: service.time.now,
            history: service.history.identity
        )
        let path = try tree.center(configuration.center)
        let data = try ZNodeCodec.encode(registration)
        while try await !patiently({ try await isRegistered(path, data) }) { try Task.checkCancellation() }
    }

    private func isRegistered(_ path: ZNodePath, _ data: [UInt8]) async throws -> Bool {
        if try await create(path, data) { return true }
        let watched = try await session.watchExists(path)
        guard let owner = watched.stat?.ephemeralOwner else { return false }
        let own = await session.identity?.id
        if owner == own || Mutation.takesNameBlindly.isOn { return true }
        // Only for people: who cannot be read is not named.
        let holder = try? await session.payload(CenterRegistration.self, at: path)?.value
        logger.warning(
            "another process holds this center's name: stop it, or give this one another name; waiting until it goes",
            metadata: [
                "center.id": "\(configuration.center)", "holder.host": "\(holder?.host ?? "?")",
                "holder.pid": "\(holder.map { String($0.processID) } ?? "?")",
            ]
        )
        _ = await watched.watch.event()
        return false
    }

    /// Creates the center's node; `false` when there is one.
    private func create(_ path: ZNodePath, _ data: [UInt8]) async throws -> Bool {
        do {
            _ = try await session.create(path, data: data, mode: .ephemeral)
            return true
        } catch  where error.code == .nodeExists {
            return false
        }
    }

    /// Campaigns and leads, again and again.
    private func campaign(_ identity: ClusterIdentity, _ follower: CatalogFollower) async throws {
        while true {
            let guid: Nonce = service.random.identifier()
            let election = LeaderElection(session: session, path: try tree.election, guid: guid.text)
            state.candidacyStarted(election)
            let candidate = try await election.campaign()
            do {
                let leadership = Leadership(center: configuration.center, guid: guid)
                let memory = state.memory
                let epoch = try await patiently {
                    try await LeaderOffice(session: session, tree: tree).take(
                        as: leadership,
                        candidate: candidate.path
                    )
                }
                try await patiently { try await timeline.confirmOffice(against: memory) }
                try await CenterLeadership(
                    service: service,
                    session: session,
                    identity: identity,
                    epoch: epoch,
                    candidate: candidate.path,
                    follower: follower
                ).lead()
            } catch LeaderWriteError.deposed {
                logger.notice("This center was deposed", metadata: ["center.id": "\(configuration.center)"])
            }
            try await election.resign()
        }
    }
}

extension CenterState {
    /// Tells the leader what the follower saw.
    func noticed(_ topic: CatalogTopic) {
        if case .agents(let runtime) = topic { hints.agentsChanged(runtime) } else { hints.wake() }
    }
}
