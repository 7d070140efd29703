public import Domain

/// A report with its place in the agent's spool or in the center's list of authored reports.
public struct SequencedReportPayload: Hashable, Sendable, Codable {
    /// Counted from 1 by who wrote it.
    public var sequence: Int64
    /// The report.
    public var report: RunReport

    /// Creates a payload.
    public init(sequence: Int64, report: RunReport) {
        self.sequence = sequence
        self.report = report
    }
}

/// Reports of one agent, in the order of its spool.
public struct ReportBatchPayload: Hashable, Sendable, Codable {
    /// The agent's runtime.
    public var runtime: RuntimeID
    /// The reports, at most `reportsMax`.
    public var reports: [SequencedReportPayload]

    /// Most reports of one batch: one commit of the history.
    public static let reportsMax = 1_000

    /// Creates a batch.
    public init(runtime: RuntimeID, reports: [SequencedReportPayload]) {
        self.runtime = runtime
        self.reports = reports
    }
}

/// How far attempts of one agent are that run.
public struct ProgressPayload: Hashable, Sendable, Codable {
    /// What they say, at most `ReportBatchPayload.reportsMax`.
    public var progress: [ProgressNote]

    /// Creates a payload.
    public init(progress: [ProgressNote]) {
        self.progress = progress
    }
}

/// A center's answer to a batch: everything in it is stored.
public struct ReceiptPayload: Hashable, Sendable, Codable {
    /// The epoch of the center's leadership; absent when it does not lead.
    public var leaderEpoch: Epoch?

    /// Creates a receipt.
    public init(leaderEpoch: Epoch?) {
        self.leaderEpoch = leaderEpoch
    }
}

/// Reports that a center authored itself, oldest first.
public struct AuthoredReportsPayload: Hashable, Sendable, Codable {
    /// The reports; fewer than asked for when these are the last.
    public var reports: [SequencedReportPayload]

    /// Creates a page.
    public init(reports: [SequencedReportPayload]) {
        self.reports = reports
    }
}

/// How the attempts of a run ended, as far as a center knows.
public struct ConclusionsPayload: Hashable, Sendable, Codable {
    /// The reports; none when the center knows nothing.
    public var reports: [RunReport]

    /// Creates an answer.
    public init(reports: [RunReport]) {
        self.reports = reports
    }
}
