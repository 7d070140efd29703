/// The exit codes of every command: a contract for scripts.
public enum CommandStatus: Int32, Sendable, CaseIterable {
    /// Everything went well; for `diff`, nothing differs; for `run wait`, the run succeeded.
    case ok = 0
    /// The command failed; for `diff`, something differs.
    case failed = 1
    /// `diff` could not compare.
    case notCompared = 2
    /// There is no such thing.
    case notFound = 3
    /// The token is missing or wrong.
    case notAllowed = 4
    /// It exists already, or is not in the expected revision or state.
    case conflict = 5
    /// Nobody answers, or not in time.
    case unreachable = 6
    /// `run wait`: the run failed, was skipped or was missed.
    case runFailed = 20
    /// `run wait`: the run's timeout passed.
    case runTimedOut = 21
    /// `run wait`: somebody stopped the run.
    case runStopped = 22
    /// `run wait`: nobody knows how the run ended.
    case runLost = 23
    /// The command line cannot be understood.
    case usage = 64
    /// Somebody pressed Ctrl-C.
    case interrupted = 130
}
