/// What can be done to a cluster.
public enum FaultKind: String, Hashable, Sendable, Codable, CaseIterable {
    /// An agent is ended by SIGKILL and started again.
    case agentKill = "agent-kill"
    /// A center is ended by SIGKILL and started again.
    case centerKill = "center-kill"
    /// The center that leads is ended by SIGKILL and started again.
    case leaderKill = "leader-kill"
    /// An agent is asked to end by SIGTERM and started again.
    case agentRestart = "agent-restart"
    /// A center is asked to end by SIGTERM and started again.
    case centerRestart = "center-restart"

    /// An agent is suspended for less than its session timeout.
    case agentPause = "agent-pause"
    /// An agent is suspended for longer than its session timeout.
    case agentSuspend = "agent-suspend"
    /// A center is suspended for less than its session timeout.
    case centerPause = "center-pause"
    /// The center that leads is suspended for longer than its session timeout.
    case leaderSuspend = "leader-suspend"

    /// ZooKeeper's leader is ended by SIGKILL and started again.
    case zookeeperLeaderKill = "zookeeper-leader-kill"
    /// A follower of the ensemble is ended by SIGKILL and started again.
    case zookeeperFollowerKill = "zookeeper-follower-kill"
    /// The ensemble's servers are restarted one after the other.
    case zookeeperRollingRestart = "zookeeper-rolling-restart"
    /// One of the ensemble's servers is suspended.
    case zookeeperPause = "zookeeper-pause"
    /// Two of three servers are ended by SIGKILL and started again.
    case quorumLoss = "quorum-loss"
    /// Two of the ensemble's servers cannot reach each other.
    case ensembleCut = "ensemble-cut"

    /// An agent's session is taken over by a stranger who closes it.
    case sessionTheft = "session-theft"

    /// Nothing passes between a process and one ZooKeeper server, and no end notices.
    case linkHalfOpen = "link-half-open"
    /// Nothing passes in one direction between a process and one ZooKeeper server.
    case linkOneWay = "link-one-way"
    /// Every connection of a process to one ZooKeeper server is reset.
    case linkReset = "link-reset"
    /// Everything between a process and all ZooKeeper servers comes late.
    case linkDelay = "link-delay"
    /// Connections of a process to all ZooKeeper servers break in the middle of a packet.
    case linkTruncate = "link-truncate"
    /// Nothing passes between a process and any ZooKeeper server.
    case isolation
    /// Nobody reaches a center's API.
    case centerCut = "center-cut"

    /// The wall clock of one process is stepped, and stepped back.
    case clockStep = "clock-step"

    /// Every fsync of a process takes long.
    case fsyncStall = "fsync-stall"
    /// The disk of a process is full.
    case diskFull = "disk-full"
}

extension FaultKind {
    /// A name for several kinds.
    public enum Group: String, Hashable, Sendable, CaseIterable {
        /// Processes of CloudTask end.
        case kill
        /// Processes of CloudTask stand still.
        case pause
        /// The ensemble is disturbed.
        case zookeeper
        /// Sessions are taken over.
        case session
        /// Connections are disturbed.
        case network
        /// Wall clocks are stepped.
        case clock
        /// Disks are slow or full.
        case disk
    }

    /// The group a kind belongs to.
    public var group: Group {
        switch self {
        case .agentKill, .centerKill, .leaderKill, .agentRestart, .centerRestart: .kill
        case .agentPause, .agentSuspend, .centerPause, .leaderSuspend: .pause
        case .zookeeperLeaderKill, .zookeeperFollowerKill, .zookeeperRollingRestart, .zookeeperPause,
            .quorumLoss, .ensembleCut:
            .zookeeper
        case .sessionTheft: .session
        case .linkHalfOpen, .linkOneWay, .linkReset, .linkDelay, .linkTruncate, .isolation, .centerCut:
            .network
        case .clockStep: .clock
        case .fsyncStall, .diskFull: .disk
        }
    }

    /// How often a kind is drawn, compared with others.
    var weight: Int {
        switch self {
        case .agentKill, .agentSuspend, .isolation: 3
        case .leaderKill, .leaderSuspend, .zookeeperLeaderKill, .sessionTheft, .clockStep,
            .linkHalfOpen:
            2
        default: 1
        }
    }
}

/// A word that names no kind of fault.
public struct UnknownFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The word.
    public var word: String

    /// A sentence for people.
    public var description: String {
        let groups = FaultKind.Group.allCases.map(\.rawValue).joined(separator: ", ")
        let kinds = FaultKind.allCases.map(\.rawValue).joined(separator: ", ")
        return
            "'\(word)' is no kind of fault: use groups (\(groups)) or kinds (\(kinds)), separated by commas"
    }
}

extension FaultKind {
    /// The kinds that a list such as `kill,clock-step` names, in the order of their declaration.
    public static func list(_ text: String) throws(UnknownFault) -> [FaultKind] {
        var chosen: Set<FaultKind> = []
        for piece in text.split(separator: ",") {
            let word = piece.filter { $0 != " " }
            if let kind = FaultKind(rawValue: word) {
                chosen.insert(kind)
            } else if let group = Group(rawValue: word) {
                chosen.formUnion(allCases.filter { $0.group == group })
            } else {
                throw UnknownFault(word: word)
            }
        }
        guard !chosen.isEmpty else { throw UnknownFault(word: text) }
        return allCases.filter(chosen.contains)
    }
}
