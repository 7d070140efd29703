/// Why the agent's state cannot be opened.
public enum AgentStoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Another process uses the data directory.
    case directoryInUse(path: String, holder: String)
    /// The data directory cannot be created, locked or opened.
    case directoryUnusable(path: String, reason: String)

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .directoryInUse(let path, let holder):
            "the data directory \(path) is used by \(holder): stop it or give this agent a directory of its own"
        case .directoryUnusable(let path, let reason):
            "the data directory \(path) cannot be used: \(reason)"
        }
    }
}
