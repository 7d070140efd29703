public import Domain
import Foundation
public import Scheduling

/// What a check of the runs came to.
public struct RunCheckReport: Hashable, Sendable, Codable {
    /// The first instant that was checked.
    public var from: Instant
    /// The last instant that was checked.
    public var to: Instant
    /// Whether no finding is a violation.
    public var isValid: Bool
    /// How many findings are violations.
    public var violations: Int
    /// How late first starts were, over all tasks; `nil` when nothing was started.
    public var lateness: LatenessSummary?
    /// How often each kind was found, violations or not.
    public var counts: [String: Int]
    /// One report a task, sorted by name and uid.
    public var tasks: [TaskCheckReport]
    /// Findings that belong to no known task.
    public var strays: [RunFinding]

    /// Sums up.
    init(
        window: ClosedRange<Instant>,
        tasks: [TaskCheckReport],
        strays: [RunFinding],
        lateness: [Duration]
    ) {
        from = window.lowerBound
        to = window.upperBound
        self.tasks = tasks
        self.strays = strays
        let findings = tasks.flatMap(\.findings) + strays
        violations = findings.count(where: \.isViolation)
        isValid = violations == 0
        self.lateness = LatenessSummary(milliseconds: lateness.map(\.wholeMilliseconds))
        counts = Dictionary(findings.map { ($0.kind.rawValue, 1) }, uniquingKeysWith: +)
    }

    /// The report as JSON, equal byte for byte for equal reports.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

/// What the check of one task came to.
public struct TaskCheckReport: Hashable, Sendable, Codable {
    /// The task's name.
    public var task: TaskID
    /// The task's uid.
    public var uid: TaskUID
    /// Shard or broadcast part of a task that has such; `nil` for others.
    public var part: Int?
    /// What the task was held to.
    public var delivery: Delivery
    /// Instants that were due.
    public var expected: Int
    /// Due instants that were started at least once.
    public var started: Int
    /// Due instants with a completed attempt.
    public var completed: Int
    /// How many due instants have which disposition, by the run's state.
    public var dispositions: [String: Int]
    /// How late first starts were; `nil` when nothing was started.
    public var lateness: LatenessSummary?
    /// What was found, by instant.
    public var findings: [RunFinding]
}

/// The distribution of first starts after their instants.
public struct LatenessSummary: Hashable, Sendable, Codable {
    /// The median.
    public var p50Milliseconds: Int64
    /// 99 of 100 are no later.
    public var p99Milliseconds: Int64
    /// The latest.
    public var maxMilliseconds: Int64

    /// Sums up values, with percentiles by nearest rank; `nil` when there are none.
    init?(milliseconds values: [Int64]) {
        let sorted = values.sorted()
        guard let last = sorted.last else { return nil }
        func percentile(_ rank: Int) -> Int64 { sorted[max(0, (sorted.count * rank + 99) / 100 - 1)] }
        p50Milliseconds = percentile(50)
        p99Milliseconds = percentile(99)
        maxMilliseconds = last
    }
}
