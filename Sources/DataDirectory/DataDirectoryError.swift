/// Why a process cannot use its data directory.
public enum DataDirectoryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Another process uses it.
    case inUse(path: String, holder: String)
    /// It cannot be created, locked or read.
    case unusable(path: String, reason: String)

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .inUse(let path, let holder):
            "the data directory \(path) is used by \(holder): stop that process or give this one a directory of its own"
        case .unusable(let path, let reason):
            "the data directory \(path) cannot be used: \(reason)"
        }
    }
}
