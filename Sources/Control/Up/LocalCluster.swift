import CenterClient
import Documents
import Domain
import Foundation
import Payloads
import Scheduling

/// Brings a planned cluster up, waits until somebody stops it, and takes it down.
struct LocalCluster: Sendable {
    let plan: UpPlan
    let workspace: String
    let agentCount: Int
    let restarts: Bool
    let isJSON: Bool

    /// How long ZooKeeper may take to start: a Java process on a slow machine.
    private static let serverLimit = Duration.seconds(60)
    /// How long centers and agents may take to become ready.
    private static let readyLimit = Duration.seconds(120)
    /// Time between two looks.
    private static let interval = Duration.milliseconds(100)

    /// Ends when somebody asked to stop, or when it cannot be brought up; nothing runs on then.
    func run(state: StateDirectory, sampleTasks: Bool, _ turn: StartTurn) async throws {
        let watchdog = try Watchdog()
        let supervisor = Supervisor(restarts: restarts, watchdog: watchdog) { event in report(event) }
        let failure = await withDiscardingTaskGroup(returning: ControlError?.self) { keepers in
            let failure: ControlError?
            do {
                try remember(in: state)
                try await bringUp(supervisor) { member in keepers.addTask { await supervisor.keep(member) } }
                turn.end()
                if sampleTasks { try await applySamples() }
                announce()
                if sampleTasks && !isJSON { keepers.addTask { await tellRuns() } }
                try await untilStopped()
                failure = nil
            } catch {
                failure = error is Stopped ? nil : ControlError(error)
            }
            if !isJSON { Terminal.say("stopping …") }
            let requests = StopSignals.received
            await supervisor.stopAll { StopSignals.received > max(1, requests) }
            await Leftovers(dataDirectories: plan.agentDirectories).end()
            return failure
        }
        watchdog.dismiss()
        forget(in: state)
        if let failure { throw failure }
    }

    private struct Stopped: Error {}

    private func bringUp(_ supervisor: Supervisor, start: (Member) -> Void) async throws {
        for member in plan.members where member.role == .zookeeper { start(member) }
        try await wait("ZooKeeper at \(plan.zookeeper)", limit: Self.serverLimit, supervisor) {
            await isServerReady ? nil : "it does not answer"
        }
        for member in plan.members where member.role == .center { start(member) }
        for member in plan.members where member.role == .agent { start(member) }
        let connections = try connections()
        try await wait("the cluster", limit: Self.readyLimit, supervisor) { await missing(connections) }
    }

    private func connections() throws -> [CenterConnection] {
        let token = try Discovery.token(inFile: plan.tokenFile)
        return try plan.servers.map { try CenterConnection(url: $0, token: token, timeout: .seconds(5)) }
    }

    private var isServerReady: Bool {
        get async {
            for server in HostPort.list(plan.zookeeper) {
                // No answer at all means that it is not there yet.
                let reply = try? await TextExchange.ask("srvr", host: server.host, port: server.port).text
                if let reply, reply.contains("Mode: ") || isDisabled(reply) { return true }
            }
            return false
        }
    }

    /// An ensemble of the user's need not answer four-letter words; that it says so means it is there.
    private func isDisabled(_ reply: String) -> Bool { reply.contains("not in the whitelist") }

    /// What the cluster still waits for; `nil` when it is ready.
    private func missing(_ connections: [CenterConnection]) async -> String? {
        for connection in connections {
            guard let head = try? await TextExchange.head(of: "/readyz", at: connection.url) else {
                return "\(connection.url) does not answer"
            }
            guard head.status == 200 else { return "\(connection.url) is not ready" }
        }
        do throws(CenterClientError) {
            let cluster = try await connections[0].cluster()
            guard cluster.leadership.state != .unknown else { return "no center leads yet" }
            let online = cluster.nodes.count { node in
                node.online && plan.members.contains { $0.id == node.agent.text }
            }
            return online < agentCount ? "\(online) of \(agentCount) agents are there" : nil
        } catch {
            return error.message
        }
    }

    /// Looks again and again until nothing is missing, somebody stops, or the limit has passed.
    private func wait(
        _ what: String,
        limit: Duration,
        _ supervisor: Supervisor,
        missing: () async -> String?
    ) async throws {
        let start = ContinuousClock.now
        let progress = Progress()
        while let reason = await missing() {
            if StopSignals.received > 0 { throw Stopped() }
            progress.report("waiting for \(what): \(reason)")
            if !restarts { try await refuseEnded(supervisor) }
            if start.duration(to: .now) > limit {
                throw ControlError("\(what) is not ready after \(limit): \(reason); see the log above")
            }
            try await ContinuousClock().sleep(for: Self.interval)
        }
        progress.finish()
        if StopSignals.received > 0 { throw Stopped() }
    }

    private func refuseEnded(_ supervisor: Supervisor) async throws {
        for member in plan.members where await supervisor.endCount(of: member.id) > 0 {
            throw ControlError("\(member.id) ended before the cluster was ready; see the log above")
        }
    }

    /// What happens is what a person wants to see who starts a first cluster.
    private func tellRuns() async {
        // That the plan has a token was checked before.
        guard let connection = try? connections().first else { return }
        var ticker = RunTicker()
        let filter = RunFilter(since: Instant(Date()))
        while StopSignals.received == 0 {
            // While no center answers there is nothing to tell: the supervisor says why.
            let runs = try? await connection.runs(filter, limit: RunTicker.pageSize).items
            for line in ticker.lines(for: runs ?? []) { Terminal.writeLine(line) }
            // Cancelled means that the cluster is stopped.
            guard (try? await ContinuousClock().sleep(for: RunTicker.interval)) != nil else { return }
        }
    }

    private func untilStopped() async throws {
        while StopSignals.received == 0 { try await ContinuousClock().sleep(for: Self.interval) }
    }
}

extension LocalCluster {
    private func report(_ event: MemberEvent) {
        guard isJSON else {
            guard event.event == .exited, StopSignals.received == 0, let id = event.id else { return }
            let how = event.signal.map { "signal \($0)" } ?? "exit code \(event.exitCode ?? 0)"
            return Terminal.say("\(id) ended with \(how)\(restarts ? "; it is started again" : "")")
        }
        emit(event)
    }

    /// Events always encode: they are strings and numbers.
    private func emit(_ event: MemberEvent) {
        if let line = try? Printer.json(event) { Terminal.writeLine(line) }
    }

    private func announce() {
        if isJSON {
            return emit(
                MemberEvent(
                    event: .ready,
                    server: plan.servers[0],
                    zookeeper: plan.zookeeper,
                    tokenFile: plan.tokenFile
                )
            )
        }
        Terminal.write(
            """

            CloudTask is up.
              centers    \(plan.servers.joined(separator: "  "))
              agents     \(agentCount)
              zookeeper  \(plan.zookeeper)
              token      \(plan.tokenFile)

            In another terminal:
              cloudtask cluster status
              cloudtask task create tick --every 5s -- date
              cloudtask run list -w

            Ctrl-C stops everything.

            """
        )
    }

    /// The first center is remembered last: it is the one that other commands use.
    private func remember(in state: StateDirectory) throws {
        for url in plan.servers.reversed() {
            try state.remember(
                KnownServer(
                    url: url,
                    tokenFile: plan.tokenFile,
                    zookeeper: plan.zookeeper,
                    workspace: workspace,
                    processID: ProcessInfo.processInfo.processIdentifier
                )
            )
        }
    }

    private func forget(in state: StateDirectory) {
        // A server that cannot be forgotten is recognised by its supervisor's process, which is gone.
        for url in plan.servers { try? state.forget(url: url) }
    }

    private func applySamples() async throws {
        let documents = try DocumentParser().parse(SampleTasks.text, file: "sample tasks")
        guard let connection = try connections().first else { return }
        _ = try await Applying(connection: connection).apply(documents)
    }
}
