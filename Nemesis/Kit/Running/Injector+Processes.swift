import Foundation
import GRDB
import Logging
import Orchestration
import ZooKeeper
import ZooKeeperClient

extension Injector {
    func kill(_ name: String, _ fault: PlannedFault) async throws {
        let process = cluster.process(name)
        try await during(.killed, name, fault) {
            await process.kill()
        } end: {
            try await start(name)
        }
    }

    func restart(_ name: String, _ fault: PlannedFault) async throws {
        let process = cluster.process(name)
        try await during(.stopped, name, fault) {
            if await !process.stop(patience: Self.stopPatience) {
                journal.say("  \(name) did not end \(Self.stopPatience.inSeconds) after SIGTERM: killed")
            }
        } end: {
            try await start(name)
        }
    }

    func pause(_ name: String, _ kind: FaultPeriod.Kind, _ fault: PlannedFault) async throws {
        let process = cluster.process(name)
        guard await process.isRunning else { throw Impossible(description: "it does not run") }
        try await during(kind, name, fault, detail: "for \(fault.lasting.inSeconds)") {
            await process.pause()
        } end: {
            await process.resume()
        }
    }

    func killServers(_ names: [String], _ fault: PlannedFault) async throws {
        try await during(.zooKeeperKilled, names[0], fault) {
            await cluster.process(names[0]).kill()
        } end: {
            try await start(names[0])
        }
    }

    /// Ends and starts the servers one after the other, each only when all serve.
    func rollingRestart(_ fault: PlannedFault) async throws {
        for server in cluster.topology.servers {
            let number = await journal.begin(.zooKeeperKilled, server, fault.kind.rawValue)
            journal.say("\(fault.kind.rawValue.padded(to: 26))\(server)")
            await cluster.process(server).stop(patience: .seconds(2))
            try await start(server)
            try await journal.end(number)
        }
        journal.say("  over: \(fault.kind.rawValue)")
    }

    /// Ends two of three servers, the leader among them.
    func quorumLoss(_ fault: PlannedFault) async throws {
        let leader = await cluster.servers(in: "leader")
        let others = cluster.topology.servers.filter { !leader.contains($0) }
        let victims = (leader + others).prefix(2)
        try await during(
            .quorumLost,
            "zookeeper",
            fault,
            detail: "without \(victims.joined(separator: ", "))"
        ) {
            for victim in victims { await cluster.process(victim).kill() }
        } end: {
            for victim in victims { try await cluster.process(victim).start() }
            for victim in victims { try await served(victim) }
        }
    }

    private func start(_ name: String) async throws {
        try await cluster.process(name).start()
        try await served(name)
    }
}

extension Injector {
    /// Takeovers that may fail because the session's owner took it back before the stranger could close it.
    private static let theftsMax = 20
    /// How long one takeover may take.
    private static let theftPatience = Duration.seconds(5)

    /// Takes the session that an agent has in its data directory over, and closes it.
    func stealSession(_ fault: PlannedFault) async throws {
        let identity = try sessionIdentity(of: fault.target)
        let connector = ClientConnector(
            ZooKeeperConfiguration(
                hosts: cluster.servers,
                sessionTimeout: cluster.topology.sessionTimeout
            ),
            logger: Logger(label: "nemesis") { _ in SwiftLogNoOpLogHandler() }
        )
        try await during(.sessionLost, fault.target, fault) {
            for _ in 0..<Self.theftsMax {
                let session = try await connector.connect(resuming: identity)
                let isOver = await isTaken(session)
                await session.close()
                if isOver { return }
            }
            throw Impossible(description: "its owner took it back each time")
        } end: {
        }
    }

    /// Whether the session is over; else this process has it now, and ends it by closing.
    private func isTaken(_ session: any ZooKeeperSession) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await state in await session.states() where state.isConnected || state.isFinal { break }
                return await session.state == .expired
            }
            group.addTask {
                // Cancelled when the session has answered.
                try? await ContinuousClock().sleep(for: Self.theftPatience)
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
    }

    private func sessionIdentity(of agent: String) throws -> SessionIdentity {
        let path = cluster.workspace.data(agent) + "/agent.sqlite"
        let row = try DatabaseQueue(path: path).read { database in
            try Row.fetchOne(database, sql: "SELECT id, password FROM session")
                .map { (id: $0[0] as Int64, password: $0[1] as Data) }
        }
        guard let row else { throw Impossible(description: "it has no session") }
        return SessionIdentity(id: row.id, password: Array(row.password))
    }
}
