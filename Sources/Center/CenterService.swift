public import Cluster
import Domain
public import Logging
import Orchestration
public import ServiceLifecycle
public import ZooKeeper

/// A center: stands by, campaigns, and while it leads keeps the workspace's allocation as it should be.
///
/// Runs until its graceful shutdown; whatever ZooKeeper does, it goes on trying with a back-off. On shutdown it first gives up
/// leadership, then its session.
public final class CenterService: Service {
    let configuration: CenterConfiguration
    let connector: any ZooKeeperConnector
    let history: any RunHistory
    let memory: (any ClusterMemoryStore)?
    let peers: (any PeerReports)?
    let time: TimeSource
    let random: RandomSource
    let logger: Logger
    let state = CenterState()
    let complaints: ZooKeeperComplaints

    /// Creates a center; nothing happens until it runs.
    ///
    /// `memory` outlives the process; without one the center remembers its cluster only as long as it runs. `peers` fetches
    /// what other centers authored; `nil` for a center that has no peers.
    public init(
        configuration: CenterConfiguration,
        connector: any ZooKeeperConnector,
        history: any RunHistory,
        memory: (any ClusterMemoryStore)? = nil,
        peers: (any PeerReports)?,
        time: TimeSource,
        random: RandomSource,
        logger: Logger
    ) {
        self.configuration = configuration
        self.connector = connector
        self.history = history
        self.memory = memory
        self.peers = peers
        self.time = time
        self.random = random
        self.logger = logger
        complaints = ZooKeeperComplaints(logger: logger)
    }

    /// Everything that can be asked of this center.
    public var operations: any CenterOperations { control }

    var control: CenterControl {
        CenterControl(
            state: state,
            history: history,
            time: time,
            random: random,
            tree: configuration.tree,
            logger: logger
        )
    }

    /// How the center is doing, for probes.
    public var status: CenterStatus { state.status }

    /// Runs until graceful shutdown or cancellation.
    public func run() async throws {
        // It throws when this task is cancelled, which is the other way to stop.
        await run { try? await gracefulShutdown() }
    }

    /// Runs until `shutdown` returns, then gives up leadership and the session.
    package func run(until shutdown: @escaping @Sendable () async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.work() }
            group.addTask { await shutdown() }
            await group.next()
            group.cancelAll()
        }
        await giveUp()
    }

    /// Gives up leadership first, so that a standby leads at once, then the session.
    private func giveUp() async {
        let (session, election) = state.possessions
        state.leadershipChanged(nil)
        if let session, let election, await session.state.isConnected { await resign(election) }
        await session?.close()
        state.sessionEnded("the center has stopped")
    }

    /// Withdraws the candidate, if that is possible soon; the session's end withdraws it otherwise.
    private func resign(_ election: LeaderElection) async {
        await withTaskGroup(of: Void.self) { group in
            // Whatever keeps it from succeeding, closing the session comes next.
            group.addTask { try? await election.resign() }
            group.addTask { try? await self.time.sleep(for: Self.resignationMax) }
            await group.next()
            group.cancelAll()
        }
    }

    /// How long a stopping center waits for ZooKeeper to take its resignation.
    private static let resignationMax = Duration.seconds(1)

    private func work() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.holdSessions() }
            group.addTask { await self.pruneHistory() }
            group.addTask { await self.followPeers() }
        }
    }

    /// Holds one session after the other.
    private func holdSessions() async {
        var delay = Self.retryDelays.lowerBound
        while !Task.isCancelled {
            let began = time.monotonic
            do {
                let session = try await connector.connect(resuming: nil)
                state.sessionStarted(session)
                let failure = await CenterSession(service: self, session: session).hold()
                if Task.isCancelled { return }
                await session.close()
                report(failure)
            } catch {
                report(error)
            }
            if time.monotonic - began > Self.retryDelays.upperBound { delay = Self.retryDelays.lowerBound }
            // Cancellation ends the loop at its condition.
            try? await time.sleep(for: random.duration(in: delay...(delay + delay / 2)))
            delay = min(delay * 2, Self.retryDelays.upperBound)
        }
    }

    /// How long to wait before a new session: at first, and at most.
    static let retryDelays: ClosedRange<Duration> = .milliseconds(100)...(.seconds(5))

    /// After this long without a server people are told.
    static let connectPatience = Duration.seconds(5)

    private func report(_ failure: any Error) {
        state.sessionEnded("\(failure)")
        switch failure {
        case let refusal as ClusterRefusal:
            state.refused("\(refusal)")
            complaints.refuse("\(refusal)")
        case is TimelineChanged:
            logger.notice("The cluster goes on from a restored state; reading everything anew")
        default: complaints.complain("\(failure)")
        }
    }
}
