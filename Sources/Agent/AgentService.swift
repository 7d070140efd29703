public import Cluster
import Domain
public import Logging
import Orchestration
public import ServiceLifecycle
public import ZooKeeper

/// Runs an agent: one incarnation after the other, until a graceful shutdown.
///
/// A graceful shutdown stops journaling, lets committed fires start, gives running attempts a second to end, asks the
/// rest to (SIGTERM, and SIGKILL after each task's kill grace), puts the results on disk and before the leader, and closes the
/// session, so that the agent's tasks are handed over at once. Cancellation gives up at once: the leader then decides.
public struct AgentService: Service, AgentStatusSource {
    private let context: AgentContext
    private let delivery: any ReportDelivery
    private let prober: (any HealthProber)?

    /// Composes an agent; `run` starts it.
    ///
    /// Without a prober the probes of tasks are not asked.
    public init(
        _ configuration: AgentConfiguration,
        connector: any ZooKeeperConnector,
        store: any AgentStateStore,
        runner: any AttemptRunner,
        delivery: any ReportDelivery,
        prober: (any HealthProber)? = nil,
        time: TimeSource,
        random: RandomSource,
        logger: Logger
    ) {
        let (board, directory, status) = (AgentBoard(), CenterDirectory(), AgentGauge())
        let progress = ProgressOutbox()
        let spool = ReportSpool(
            store: store,
            board: board,
            directory: directory,
            status: status,
            time: time,
            random: random,
            logger: logger
        )
        let desk = AttemptDesk(
            seat: configuration.seat,
            slots: configuration.slots,
            startsPerSecond: configuration.startsPerSecond,
            runner: runner,
            spool: spool,
            progress: progress,
            status: status,
            time: time,
            logger: logger
        )
        self.delivery = delivery
        self.prober = prober
        context = AgentContext(
            configuration: configuration,
            connector: connector,
            store: store,
            desk: desk,
            spool: spool,
            progress: progress,
            board: board,
            directory: directory,
            status: status,
            start: ProcessStart(id: random.identifier(), at: time.now),
            stop: Latch(),
            time: time,
            random: random,
            logger: logger
        )
    }

    /// Runs until a graceful shutdown is over or the task is cancelled.
    public func run() async throws {
        await withGracefulShutdownHandler {
            await runUntilStopped()
        } onGracefulShutdown: {
            stop()
        }
    }

    /// Begins the graceful shutdown.
    package func stop() {
        context.status.update { $0.isStopping = true }
        context.stop.set()
    }

    /// How the agent is doing now.
    public func status() async -> AgentStatus {
        let reading = context.status.reading
        let seat = context.configuration.seat
        return AgentStatus(
            agent: seat.agent,
            runtime: seat.runtime,
            incarnation: reading.incarnation,
            obstacle: reading.obstacle,
            taskCount: reading.ownedCount,
            running: reading.running,
            progress: context.progress.notes
        )
    }

    /// What waits at the agent, at most so many entries.
    public func queue(limit: Int) async -> AgentQueue {
        var queue = await context.desk.line(limit: limit)
        let reading = context.status.reading
        queue.heldCount += reading.heldCount
        queue.entries += reading.held.prefix(limit - queue.entries.count)
        return queue
    }

    private func runUntilStopped() async {
        let lane = DeliveryLane(
            agent: context.configuration.seat.agent,
            store: context.store,
            delivery: delivery,
            progress: context.progress,
            board: context.board,
            directory: context.directory,
            time: context.time,
            random: context.random,
            logger: context.logger
        )
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await context.desk.run() }
            group.addTask { await context.desk.listen() }
            group.addTask { await context.spool.run() }
            group.addTask { await lane.run() }
            if let prober {
                let probes = ProbeLane(desk: context.desk, prober: prober, time: context.time)
                group.addTask { await probes.run() }
            }
            group.addTask { await prune() }
            await incarnations()
            await end()
            group.cancelAll()
        }
    }

    /// One incarnation after the other.
    private func incarnations() async {
        let opener = SessionOpener(context: context)
        var backoff = Backoff()
        while !context.stop.isSet, !Task.isCancelled {
            let started = context.time.monotonic
            do {
                guard
                    let session = try await unless({ await context.stop.wait() }, { try await opener.open() })
                else { return }
                await incarnation(over: session)
            } catch {
                return
            }
            if context.time.monotonic - started > AgentTiming.backoff.upperBound { backoff.reset() }
            guard !context.stop.isSet else { return }
            // Cancellation is seen by the loop.
            try? await context.time.sleep(for: backoff.pause(context.random))
        }
    }

    private func incarnation(over session: any ZooKeeperSession) async {
        do {
            let nodes = try AgentNodes(
                tree: context.configuration.tree,
                seat: context.configuration.seat,
                incarnation: context.random.identifier()
            )
            let end = try await IncarnationRun(context: context, session: session, nodes: nodes).run()
            if case .refused(let refusal) = end { throw refusal }
            if end != .stopping {
                context.logger.notice(
                    "the incarnation is over; the agent registers anew",
                    metadata: ["reason": "\(end)"]
                )
            }
        } catch let refusal as ClusterRefusal {
            context.refuse(refusal)
        } catch {
            context.status.update { $0.problem = "the agent cannot register: \(error)" }
            if !Task.isCancelled {
                context.logger.warning(
                    "the agent cannot register; it tries again",
                    metadata: ["error": "\(error)"]
                )
            }
        }
        await session.close()
    }

    /// What is left to do without a session: attempts of former incarnations, results that are not on disk.
    private func end() async {
        guard !Task.isCancelled else { return }
        await context.desk.close()
        let deadline = context.time.monotonic + AgentTiming.flushMax
        while !context.spool.isEmpty, context.time.monotonic < deadline, !Task.isCancelled {
            // Cancellation is seen by the loop.
            try? await context.time.sleep(for: AgentTiming.backoff.lowerBound)
        }
        // A closed session needs no closing by a successor.
        try? await context.store.remember(nil)
    }

    private func prune() async {
        while !Task.isCancelled {
            do {
                try await context.store.prune(
                    now: context.time.now,
                    retention: context.configuration.retention
                )
            } catch {
                context.logger.debug("old reports cannot be dropped", metadata: ["error": "\(error)"])
            }
            // Cancellation is seen by the loop.
            try? await context.time.sleep(for: AgentTiming.prune)
        }
    }
}
