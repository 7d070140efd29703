import Domain
import Foundation
import Orchestration
import Scheduling

/// Says what a finding means, in one sentence.
struct FindingText: Sendable {
    let time: TimeText

    /// The sentence; it does not repeat the task's name and the instant.
    func sentence(_ finding: RunFinding) -> String {
        let what = what(finding)
        guard let fault = finding.excuse else { return what + "." }
        return "\(what); explained by a fault: \(describe(fault))."
    }

    private func what(_ finding: RunFinding) -> String {
        let nodes = Self.list(Set(finding.nodes.map(\.text)).sorted())
        let lateness = finding.latenessMilliseconds.map { TimeText.short(.milliseconds(abs($0))) } ?? "?"
        return switch finding.kind {
        case .missed: "Nothing was started, and nothing is recorded"
        case .decidedTwice: "It was decided more than once\(nodes.isEmpty ? "" : ", on \(nodes)")"
        case .undecided:
            finding.isViolation
                ? "Its run has not ended, and nobody works on it\(reason(finding))"
                : "Its run is still under way on \(nodes)"
        case .waiting: "It waits for the end of an earlier run of the task (concurrency)"
        case .doubled: "It was started \(finding.attempts.count) times, \(places(finding))"
        case .late: "It started \(lateness) late on \(nodes)"
        case .early: "It started \(lateness) too early on \(nodes)"
        case .overlapping: "Two attempts ran at the same time, on \(nodes)"
        case .incomplete: "Attempt \(numbers(finding)) started on \(nodes) and never said that it ended"
        case .notCompleted: "No attempt was completed, though it must run at least once\(reason(finding))"
        case .lost: "What became of it on \(nodes) is not known\(reason(finding))"
        case .lostWithoutFault:
            "What became of it on \(nodes) is not known, though its agent was not disturbed\(reason(finding))"
        case .startWithoutRun: "It started on \(nodes), but the cluster knows no run of it"
        case .startOfUnlaunched: "It started on \(nodes), but the cluster says that it was not launched"
        case .notLaunched: "Nobody could launch it in time\(reason(finding))"
        case .undelivered: "Agent \(nodes) recorded it, but no center knows that"
        case .recordsDiffer: "Agent \(nodes) recorded another outcome than the centers"
        case .unmarked: "The task marks no starts of its own; what the cluster says of it was believed"
        case .unknownTask: "Runs of a task that is not known any more were not checked"
        case .successWithoutStart: "The cluster says that it succeeded, but nothing was started"
        case .startNotDue: "It started on \(nodes) at an instant that is not due"
        case .runNotDue: "The cluster recorded a run at an instant that is not due"
        case .contradiction: "What the start on \(nodes) says of itself contradicts the cluster's record"
        case .unreadable: "A line of the files of starts cannot be read: \(finding.line ?? "")"
        }
    }

    /// "agent-1 was killed at 10:00:00.250 for 4s".
    func describe(_ fault: FaultPeriod) -> String {
        let length = fault.end.map { " for \(TimeText.short($0 - fault.start))" } ?? ""
        return "\(fault.target) \(Self.verb(fault.kind)) at \(clock(fault.start))\(length)"
    }

    /// The time of day, to the millisecond.
    func clock(_ instant: Instant) -> String {
        let text = instant.formatted(in: time.zone)
        guard let start = text.firstIndex(of: "T") else { return text }
        let rest = text[text.index(after: start)...].prefix { $0.isNumber || $0 == ":" || $0 == "." }
        return String(rest)
    }

    /// What was done, as a verb.
    static func verb(_ kind: FaultPeriod.Kind) -> String {
        switch kind {
        case .killed, .zooKeeperKilled: "was killed"
        case .stopped: "was stopped"
        case .paused, .zooKeeperPaused: "was suspended"
        case .cutOff: "was cut off"
        case .sessionLost: "lost its session"
        case .clockStepped: "had its clock set"
        case .clockDrift: "had its clock drift"
        case .diskFull: "had a full disk"
        case .diskSlow: "had a slow disk"
        case .quorumLost: "had no quorum"
        }
    }

    private func reason(_ finding: RunFinding) -> String { finding.reason.map { " (\($0))" } ?? "" }

    private func numbers(_ finding: RunFinding) -> String {
        finding.attempts.map(String.init).joined(separator: ", ")
    }

    private func places(_ finding: RunFinding) -> String {
        Self.list(
            zip(finding.attempts, finding.nodes).map { attempt, node in "attempt \(attempt) on \(node)" }
        )
    }

    private static func list(_ words: [String]) -> String {
        guard let last = words.last, words.count > 1 else { return words.first ?? "" }
        return words.dropLast().joined(separator: ", ") + " and " + last
    }
}

/// The kinds of faults, for the help.
public enum FaultKinds {
    /// All of them in lines of help.
    public static var text: String {
        var lines = ["Kinds:"]
        for kind in FaultPeriod.Kind.allCases {
            let word = kind == FaultPeriod.Kind.allCases.last ? " \(kind.rawValue)." : " \(kind.rawValue),"
            if lines[lines.count - 1].count + word.count > 78 { lines.append(" ") }
            lines[lines.count - 1] += word
        }
        return lines.joined(separator: "\n")
    }
}
