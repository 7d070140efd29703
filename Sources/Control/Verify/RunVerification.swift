import ArgumentParser
import Domain
import Foundation
import Orchestration
import Scheduling

/// What `verify runs` does: reads the evidence, checks it, writes the reports, and says what it came to.
public struct RunVerification: Sendable {
    private let options: VerifyRunsOptions
    private let records: any AgentRecords

    /// Prepares a check; the agents' directories are read through `records`.
    public init(_ options: VerifyRunsOptions, records: any AgentRecords) {
        self.options = options
        self.records = records
    }

    /// Checks, and ends with exit code 1 unless all promises were kept.
    public func execute() async throws {
        let now = Instant(Date())
        let input = try await VerificationReader(options: options, records: records).read(now: now)
        for remark in input.remarks { Terminal.say(remark) }
        let checker = try checker(input, now: now)
        let report = try Self.check(checker, input.evidence)
        if let file = options.json { try Self.write(try report.json() + "\n", to: file) }
        if let file = options.html {
            let page = RunReportPage(
                report: report,
                chart: RunChart(checker: checker, evidence: input.evidence, report: report),
                title: options.title,
                zone: try options.time.zone()
            )
            try Self.write(page.html, to: file)
        }
        let printer = Printer(options.output)
        let broken = report.tasks.filter { $0.findings.contains(where: \.isViolation) }
        let text = RunReportText(report: report, time: TimeText(zone: try options.time.zone()))
        switch printer.format {
        case .json: Terminal.writeLine(try report.json())
        default:
            try printer.print(report, names: broken.map { "task/\($0.task)" }) { isWide in
                text.text(printer, isWide: isWide)
            }
        }
        if !report.isValid { throw ExitCode(CommandStatus.failed.rawValue) }
    }

    private func checker(_ input: VerificationInput, now: Instant) throws -> RunChecker {
        var policy = try options.policy()
        for name in options.exclusive {
            let uids = input.definitions.filter { $0.name.text == name }.map(\.uid)
            guard !uids.isEmpty else {
                throw ControlError("--exclusive: there is no task '\(name)'", .notFound)
            }
            policy.exclusiveTasks.formUnion(uids)
        }
        let window = try Self.window(input, bounds: options.bounds(now: now), policy)
        return RunChecker(definitions: input.definitions, window: window, policy: policy)
    }

    /// What is asked for; else all that the history reaches back to and that must be settled.
    static func window(
        _ input: VerificationInput,
        bounds: (from: Instant?, to: Instant?),
        _ policy: RunCheckPolicy
    ) throws -> ClosedRange<Instant> {
        let settling = max(policy.settling ?? .zero, policy.latenessBound)
        let to = bounds.to ?? input.readAt - settling
        let runs = input.evidence.runs.lazy.filter { $0.id.fireKey != nil }.map { $0.since ?? $0.due }
        let from = bounds.from ?? runs.min() ?? input.definitions.map(\.effectiveFrom).min() ?? to
        guard from <= to else {
            throw ControlError(
                "there is nothing to check yet: what came due after \(to.formatted()) may still be on its way; wait, or give --to",
                .failed
            )
        }
        return from...to
    }

    private static func check(_ checker: RunChecker, _ evidence: RunEvidence) throws -> RunCheckReport {
        do throws(RunCheckError) {
            return try checker.check(evidence)
        } catch {
            switch error {
            case .tooManyInstants(let task):
                throw ControlError(
                    "task \(task) is due more than \(RunChecker.instantsMax) times in that window: give a later --from",
                    .usage
                )
            }
        }
    }

    private static func write(_ text: String, to file: String) throws {
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        } catch {
            throw ControlError("\(file) cannot be written: \(StateDirectory.reason(error))")
        }
    }
}
