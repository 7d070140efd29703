/// What can happen to a simulated cluster.
public enum FaultKind: String, Hashable, Sendable, CaseIterable, Comparable {
    /// An agent's process is killed, and started again later.
    case killAgent = "kill-agent"
    /// An agent stops gracefully and starts again.
    case restartAgent = "restart-agent"
    /// An agent's process does not run for a while, shorter or longer than its session.
    case pauseAgent = "pause-agent"
    /// Another machine runs under an agent's name, with a copy of its disk or an empty one.
    case cloneAgent = "clone-agent"
    /// A center's process is killed, and started again later.
    case killCenter = "kill-center"
    /// A center's process does not run for a while.
    case pauseCenter = "pause-center"
    /// Connections of a process to ZooKeeper break and can be made anew.
    case resetConnection = "reset-connection"
    /// A process and ZooKeeper do not reach each other, in one direction or both, and nobody is told.
    case cutLink = "cut-link"
    /// Replies to writes are lost with their connections.
    case loseReplies = "lose-replies"
    /// A session is taken over and closed by somebody else.
    case stealSession = "steal-session"
    /// An operator deletes an agent's ephemeral node.
    case deleteEphemeral = "delete-ephemeral"
    /// An operator deletes the leading center's candidate node: another one leads while the first does not know.
    case deposeLeader = "depose-leader"
    /// The leading ZooKeeper server goes down.
    case killLeaderServer = "kill-leader-server"
    /// A following ZooKeeper server goes down.
    case killFollowerServer = "kill-follower-server"
    /// A ZooKeeper server is cut off from its leader and goes on answering.
    case cutOffServer = "cut-off-server"
    /// A ZooKeeper server is far behind.
    case delayServer = "delay-server"
    /// Most ZooKeeper servers are down.
    case loseQuorum = "lose-quorum"
    /// A machine's wall clock is set, forward or back.
    case stepClock = "step-clock"
    /// A machine's wall clock runs too fast or too slow.
    case driftClock = "drift-clock"
    /// An agent's disk is full.
    case fillDisk = "fill-disk"
    /// An agent's disk takes long to write.
    case slowDisk = "slow-disk"
    /// A center cannot store history.
    case failHistory = "fail-history"
    /// A center's history is lost with its disk; it begins anew and collects what the agents know.
    case loseHistory = "lose-history"
    /// Agents and a center do not reach each other by HTTP.
    case cutReports = "cut-reports"
    /// Answers of centers are lost.
    case loseAnswers = "lose-answers"

    /// Orders by name.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
