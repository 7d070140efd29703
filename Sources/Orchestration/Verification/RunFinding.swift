public import Domain
public import Scheduling

/// Something a person should look at, about one instant of a task.
public struct RunFinding: Hashable, Sendable, Codable {
    /// What was found.
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        /// The instant has no disposition, and nothing started.
        case missed
        /// The instant has more than one disposition.
        case decidedTwice = "decided-twice"
        /// The instant's run has not ended.
        case undecided
        /// The instant waits for the end of earlier runs, as the task's concurrency says.
        case waiting
        /// At-most-once: started more than once. At-least-once: a start whose attempt is not above those before.
        case doubled
        /// The first start came too long after the instant.
        case late
        /// A start came before the instant.
        case early
        /// Two attempts ran at the same time.
        case overlapping
        /// An attempt started, and neither it nor the cluster says that it ended.
        case incomplete
        /// At-least-once: no attempt was completed.
        case notCompleted = "not-completed"
        /// The instant's outcome is recorded as lost.
        case lost
        /// Lost, although its agent was not killed between journaling and then.
        case lostWithoutFault = "lost-without-fault"
        /// Something started, and the cluster knows no run of it.
        case startWithoutRun = "start-without-run"
        /// Something started that the cluster says was not launched.
        case startOfUnlaunched = "start-of-unlaunched"
        /// The instant is recorded as missed: nobody could launch it in time.
        case notLaunched = "not-launched"
        /// An agent recorded what no center knows.
        case undelivered
        /// An agent recorded of an attempt what the centers contradict.
        case recordsDiffer = "records-differ"
        /// The task records no starts of its own, so what the cluster says of it was believed.
        case unmarked
        /// Nothing is known of the task any more, so its runs were not checked.
        case unknownTask = "unknown-task"
        /// The cluster says it succeeded, and nothing started.
        case successWithoutStart = "success-without-start"
        /// Something started at an instant that is not due.
        case startNotDue = "start-not-due"
        /// The cluster recorded a run at an instant that is not due.
        case runNotDue = "run-not-due"
        /// A start says of itself what its run contradicts.
        case contradiction
        /// A line of the tasks' files that cannot be read.
        case unreadable
    }

    /// What was found.
    public var kind: Kind
    /// Whether the history is invalid because of it.
    public var isViolation: Bool
    /// The instant, if it is about one.
    public var due: Instant?
    /// The run, if it is about one.
    public var run: RunID?
    /// The attempts in question, in the order of their starts.
    public var attempts: [Int]
    /// Where these attempts ran.
    public var nodes: [AgentID]
    /// How late (or, if negative, early) the start was.
    public var latenessMilliseconds: Int64?
    /// The line, if it is about one.
    public var line: String?
    /// Why the cluster says so, in its words.
    public var reason: String?
    /// The fault that explains it, if that is why it is no violation.
    public var excuse: FaultPeriod?

    /// Creates a finding.
    public init(
        kind: Kind,
        isViolation: Bool = true,
        due: Instant? = nil,
        run: RunID? = nil,
        attempts: [Int] = [],
        nodes: [AgentID] = [],
        latenessMilliseconds: Int64? = nil,
        line: String? = nil,
        reason: String? = nil,
        excuse: FaultPeriod? = nil
    ) {
        self.kind = kind
        self.isViolation = isViolation
        self.due = due
        self.run = run
        self.attempts = attempts
        self.nodes = nodes
        self.latenessMilliseconds = latenessMilliseconds
        self.line = line
        self.reason = reason
        self.excuse = excuse
    }
}

extension RunFinding {
    /// A finding about starts.
    init(_ kind: Kind, isViolation: Bool = true, starts: [RecordedStart], lateness: Duration? = nil) {
        self.init(
            kind: kind,
            isViolation: isViolation,
            due: starts.first?.due,
            run: starts.first?.run,
            attempts: starts.map(\.attempt),
            nodes: starts.map(\.node),
            latenessMilliseconds: lateness?.wholeMilliseconds
        )
    }

    /// A finding about the record of a run.
    init(_ kind: Kind, isViolation: Bool = true, run: Run, due: Instant? = nil) {
        self.init(
            kind: kind,
            isViolation: isViolation,
            due: due ?? run.due,
            run: run.id,
            attempts: run.attempts.map(\.number),
            nodes: run.attempts.map(\.agent),
            reason: run.reason ?? run.attempts.last?.result?.message
        )
    }

    /// The same finding, which is a violation unless a fault explains it.
    func excused(by fault: FaultPeriod?) -> RunFinding {
        var finding = self
        finding.excuse = fault
        finding.isViolation = fault == nil
        return finding
    }
}
