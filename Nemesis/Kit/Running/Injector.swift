import Foundation
import Orchestration
import SimulationKit

/// Does to the cluster what the plan says, and undoes it.
struct Injector: Sendable {
    let cluster: TestCluster
    let journal: FaultJournal
    let claims = Claims()

    /// How long a process may take to serve again after its start.
    static let startPatience = Duration.seconds(90)
    /// How long a planned stop may take before it becomes a kill.
    static let stopPatience = Duration.seconds(20)
    /// How long a fault waits for one that takes longer than planned.
    private static let claimPatience = Duration.seconds(15)
    /// How long a leader is looked for.
    private static let searchPatience = Duration.seconds(8)

    /// The fault cannot be injected here and now.
    struct Impossible: Error, CustomStringConvertible {
        var description: String
    }

    /// Injects a fault, waits, and undoes it; whether it was injected.
    func perform(_ fault: PlannedFault) async throws -> Bool {
        let names = FaultDraw(topology: cluster.topology, random: SeededGenerator(seed: 0)).claims(
            of: fault
        )
        guard try await claims.take(names, patience: Self.claimPatience) else {
            journal.say(
                "  not injected: \(fault.kind.rawValue) \(fault.target): an earlier fault is not over"
            )
            return false
        }
        do {
            try await inject(fault)
            await claims.give(names)
            return true
        } catch let error as Impossible {
            await claims.give(names)
            journal.say("  not injected: \(fault.kind.rawValue) \(fault.target): \(error)")
            return false
        } catch let error as CancellationError {
            throw error
        } catch {
            await claims.give(names)
            journal.say("  not injected: \(fault.kind.rawValue) \(fault.target): \(error)")
            return false
        }
    }

    private func inject(_ fault: PlannedFault) async throws {
        switch fault.kind {
        case .agentKill, .centerKill, .leaderKill: try await kill(try await name(fault.target), fault)
        case .agentRestart, .centerRestart: try await restart(fault.target, fault)
        case .agentPause, .agentSuspend, .centerPause, .leaderSuspend:
            try await pause(try await name(fault.target), .paused, fault)
        case .zookeeperLeaderKill, .zookeeperFollowerKill:
            try await killServers([try await name(fault.target)], fault)
        case .zookeeperRollingRestart: try await rollingRestart(fault)
        case .zookeeperPause: try await pause(fault.target, .zooKeeperPaused, fault)
        case .quorumLoss: try await quorumLoss(fault)
        case .ensembleCut: try await ensembleCut(fault)
        case .sessionTheft: try await stealSession(fault)
        case .linkHalfOpen, .linkOneWay, .linkReset, .linkDelay, .linkTruncate, .isolation, .centerCut:
            try await disturbLinks(fault)
        case .clockStep: try await stepClock(fault)
        case .fsyncStall: try await stallDisk(fault)
        case .diskFull: try await fillDisk(fault)
        }
    }

    /// The name of whoever has a role now.
    private func name(_ target: String) async throws -> String {
        let deadline = ContinuousClock.now + Self.searchPatience
        while true {
            switch target {
            case FaultDraw.Role.leader: if let leader = await cluster.leader() { return leader }
            case FaultDraw.Role.serverLeader:
                if let leader = await cluster.servers(in: "leader").first { return leader }
            case FaultDraw.Role.serverFollower:
                if let follower = await cluster.servers(in: "follower").first { return follower }
            default: return target
            }
            guard ContinuousClock.now < deadline else {
                throw Impossible(description: "nobody is \(target)")
            }
            try await ContinuousClock().sleep(for: .milliseconds(200))
        }
    }

    /// Keeps a disturbance up for its time, between the entries of the journal.
    func during(
        _ kind: FaultPeriod.Kind,
        _ target: String,
        _ fault: PlannedFault,
        detail: String = "",
        begin: () async throws -> Void,
        end: () async throws -> Void
    ) async throws {
        let number = await journal.begin(kind, target, detail.isEmpty ? fault.kind.rawValue : detail)
        do { try await begin() } catch {
            await journal.drop(number)
            throw error
        }
        journal.say("\(fault.kind.rawValue.padded(to: 26))\(target.padded(to: 26))\(detail)")
        try await ContinuousClock().sleep(for: fault.lasting)
        try await end()
        try await journal.end(number)
        journal.say("  \("over: \(fault.kind.rawValue)".padded(to: 24))\(target)")
    }

    /// Waits until a process serves.
    func served(_ name: String, within patience: Duration = Self.startPatience) async throws {
        let deadline = ContinuousClock.now + patience
        while await !serves(name) {
            guard ContinuousClock.now < deadline else {
                journal.say("  \(name) does not serve \(patience.inSeconds) after its start")
                throw Impossible(description: "\(name) did not come back")
            }
            try await ContinuousClock().sleep(for: .milliseconds(200))
        }
    }

    private func serves(_ name: String) async -> Bool {
        if cluster.topology.servers.contains(name) { return await cluster.mode(of: name) != nil }
        return await cluster.listens(name)
    }
}
