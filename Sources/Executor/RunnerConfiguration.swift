public import Domain

/// How an agent runs attempts.
public struct RunnerConfiguration: Sendable {
    /// Where logs, scripts and the record of attempts are kept: the agent's data directory, locked by one process.
    public var dataDirectory: String
    /// Value of `CLOUDTASK_NODE`.
    public var node: AgentID
    /// Where programs run.
    public var workingDirectory: String
    /// What every attempt's environment begins with.
    public var environment: [String: String]
    /// The interpreter of scripts, called as `sh -eu FILE`.
    public var shell: String
    /// What the machine lets tasks do.
    public var policy: AgentPolicy
    /// Whether this process becomes the parent of what attempts leave behind, and reaps it.
    ///
    /// Only for a process that starts nothing else that leaves its session.
    public var adoptsOrphans: Bool
    /// Whether attempts with limits get control groups of their own where the machine allows it.
    public var usesControlGroups: Bool

    /// Creates a configuration.
    public init(
        dataDirectory: String,
        node: AgentID,
        workingDirectory: String = "/",
        environment: [String: String] = RunnerConfiguration.environment(from: [:]),
        shell: String = "/bin/sh",
        policy: AgentPolicy = AgentPolicy(),
        adoptsOrphans: Bool = false,
        usesControlGroups: Bool = true
    ) {
        self.dataDirectory = dataDirectory
        self.node = node
        self.workingDirectory = workingDirectory
        self.environment = environment
        self.shell = shell
        self.policy = policy
        self.adoptsOrphans = adoptsOrphans
        self.usesControlGroups = usesControlGroups
    }

    /// The variables that attempts inherit from the agent: enough to find programs and speak the machine's language,
    /// and nothing that could be a secret of the agent.
    public static let inheritedVariables = ["HOME", "LANG", "PATH", "TZ"]

    /// The search path of an agent that has none.
    public static let searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// The part of the agent's own environment that attempts inherit, always with a `PATH`.
    public static func environment(
        from own: [String: String],
        inheriting names: [String] = RunnerConfiguration.inheritedVariables
    ) -> [String: String] {
        var environment = own.filter { names.contains($0.key) }
        if environment["PATH"] == nil { environment["PATH"] = searchPath }
        return environment
    }
}
