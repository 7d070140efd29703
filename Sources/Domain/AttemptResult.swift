import Mutations
public import Scheduling

/// How an attempt ended.
public enum AttemptOutcome: String, Codable, Hashable, Sendable, CaseIterable {
    /// Exit code 0.
    case succeeded
    /// Any other exit code, or a signal that nobody of us sent.
    case failed
    /// Stopped because its timeout passed.
    case timedOut = "timed-out"
    /// Stopped because somebody asked for it.
    case stopped
    /// The program could not be started: with exit code 127 (not found) or 126 (not executable) because of the task, without
    /// one because of the agent's machine.
    case notStarted = "not-started"
    /// Journaled, but its deadline passed before it could be started.
    case missed
    /// Nobody knows: the agent went away in between.
    case lost
}

/// Why an attempt failed, where neither the exit code nor the signal says it.
public enum FailureCause: String, Codable, Hashable, Sendable, CaseIterable {
    /// The kernel killed a process of it because it needed more memory than there was for it.
    case outOfMemory = "out-of-memory"
}

/// What is known of an ended attempt.
public struct AttemptResult: Hashable, Sendable, Codable {
    /// The attempt.
    public var attempt: AttemptID
    /// How it ended.
    public var outcome: AttemptOutcome
    /// The exit code, if the process exited.
    public var exitCode: Int32?
    /// The signal, if one ended the process.
    public var signal: Int32?
    /// Why it failed, where that is known beyond the exit code and the signal.
    public var cause: FailureCause?
    /// What it used; `nil` when no process ran, or nobody knows.
    public var usage: AttemptUsage?
    /// When the process was started.
    public var startedAt: Instant?
    /// When its end was noticed.
    public var endedAt: Instant
    /// One sentence for people, where the outcome does not say it all.
    public var message: String?
    /// Another attempt follows by the task's retry policy, not before this instant; `nil` when it decides nothing.
    public var retryAt: Instant?
    /// How many outputs it told, which the report has and the journal has not; `nil` for none.
    public var outputCount: Int?

    /// Creates a result.
    public init(
        attempt: AttemptID,
        outcome: AttemptOutcome,
        exitCode: Int32? = nil,
        signal: Int32? = nil,
        cause: FailureCause? = nil,
        usage: AttemptUsage? = nil,
        startedAt: Instant? = nil,
        endedAt: Instant,
        message: String? = nil,
        retryAt: Instant? = nil,
        outputCount: Int? = nil
    ) {
        self.attempt = attempt
        self.outcome = outcome
        self.exitCode = exitCode
        self.signal = signal
        self.cause = cause
        self.usage = usage
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.message = message
        self.retryAt = retryAt
        self.outputCount = outputCount
    }
}

extension AttemptResult {
    /// Takes back that another attempt follows; the record says why.
    public mutating func giveUpRetry(because reason: String) {
        retryAt = nil
        let note = "it is not attempted again: \(reason)"
        message = message.map { "\($0); \(note)" } ?? note
    }

    /// Whether the attempt cannot be said to have run: what must run at least once is attempted again.
    public var isInconclusive: Bool {
        switch outcome {
        case .missed: !Mutation.missesForGood.isOn
        case .lost: true
        // A program that cannot be executed is the task's own result; a full disk is not.
        case .notStarted: exitCode == nil
        case .succeeded, .failed, .timedOut, .stopped: false
        }
    }
}
