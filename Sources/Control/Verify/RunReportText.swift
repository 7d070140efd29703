import Domain
import Foundation
import Orchestration
import Scheduling

/// The report as text for terminals.
struct RunReportText {
    /// Most findings of a table that is not wide.
    private static let findingsMax = 40

    let report: RunCheckReport
    let time: TimeText

    /// A summary, the findings (violations only, unless wide), and the verdict.
    func text(_ printer: Printer, isWide: Bool) -> String {
        var text = printer.details(summary)
        let findings = report.allFindings.filter { isWide || $0.finding.isViolation }
        let shown = isWide ? findings : Array(findings.prefix(Self.findingsMax))
        if !shown.isEmpty {
            let width = isWide ? Int.max : Terminal.columns
            text += "\n" + table(shown).text(width: width, style: printer.style)
        }
        if shown.count < findings.count {
            text += "… and \(findings.count - shown.count) more: see them with -o wide, --json or --html\n"
        }
        return text + "\n"
            + printer.style.paint(report.verdict, report.isValid ? .good : .bad) + "\n"
    }

    private var summary: [(name: String, value: Table.Cell)] {
        let expected = report.tasks.map(\.expected).reduce(0, +)
        let length = TimeText.short(report.from.duration(to: report.to))
        let excused = report.allFindings.count { $0.finding.excuse != nil }
        let noteworthy = report.allFindings.count - report.violations - excused
        var pairs: [(name: String, value: Table.Cell)] = [
            ("window", .init("\(time.absolute(report.from)) to \(time.absolute(report.to)), \(length)")),
            ("tasks", .init("\(report.tasks.count), due \(expected) times")),
            ("started", .init("\(report.tasks.map(\.started).reduce(0, +))")),
            ("completed", .init("\(report.tasks.map(\.completed).reduce(0, +))")),
            ("outcomes", .init(Self.counts(report.dispositions))),
            ("lateness", .init(report.latenessText)),
            ("violations", .init("\(report.violations)", report.isValid ? .good : .bad)),
            ("explained", .init("\(excused) by faults")),
        ]
        if noteworthy > 0 { pairs.append(("also noted", .init("\(noteworthy)"))) }
        if !report.counts.isEmpty { pairs.append(("found", .init(Self.counts(report.counts)))) }
        return pairs
    }

    private func table(_ findings: [TaskFinding]) -> Table {
        let words = FindingText(time: time)
        var table = Table([
            .init(title: "VERDICT"), .init(title: "TASK", isElastic: true), .init(title: "DUE"),
            .init(title: "FOUND"),
            .init(title: "WHAT", isElastic: true),
        ])
        for entry in findings {
            let finding = entry.finding
            table.append([
                entry.verdict, .init(entry.task ?? "-"), .init(finding.due.map(words.clock) ?? "-"),
                .init(finding.kind.rawValue),
                .init(words.sentence(finding)),
            ])
        }
        return table
    }

    private static func counts(_ counts: [String: Int]) -> String {
        let parts = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }
        return parts.isEmpty ? "none" : parts.joined(separator: ", ")
    }
}

/// A finding and the task it is about.
struct TaskFinding: Sendable {
    var task: String?
    var finding: RunFinding

    var verdict: Table.Cell {
        if finding.isViolation { return .init("violation", .bad) }
        return finding.excuse == nil ? .init("noted", .quiet) : .init("explained", .warning)
    }
}

extension RunCheckReport {
    /// All findings with their tasks: violations first, then by instant.
    var allFindings: [TaskFinding] {
        let all =
            tasks.flatMap { task in task.findings.map { TaskFinding(task: task.title, finding: $0) } }
            + strays.map { TaskFinding(task: nil, finding: $0) }
        return all.sorted {
            (
                $0.finding.isViolation ? 0 : 1, $0.finding.due ?? .epoch, $0.task ?? "",
                $0.finding.kind.rawValue
            )
                < (
                    $1.finding.isViolation ? 0 : 1, $1.finding.due ?? .epoch, $1.task ?? "",
                    $1.finding.kind.rawValue
                )
        }
    }

    /// How many instants have which disposition, over all tasks.
    var dispositions: [String: Int] {
        tasks.reduce(into: [:]) { all, task in all.merge(task.dispositions, uniquingKeysWith: +) }
    }

    /// The distribution of lateness in words.
    var latenessText: String {
        guard let lateness else { return "nothing was started" }
        func text(_ milliseconds: Int64) -> String {
            milliseconds < 0
                ? "-" + TimeText.short(.milliseconds(-milliseconds))
                : TimeText.short(.milliseconds(milliseconds))
        }
        return
            "p50 \(text(lateness.p50Milliseconds)), p99 \(text(lateness.p99Milliseconds)), max \(text(lateness.maxMilliseconds))"
    }

    /// The verdict in one sentence.
    var verdict: String {
        if isValid { return "Every promise was kept." }
        return "\(violations) violation\(violations == 1 ? "" : "s"): promises were broken."
    }
}
