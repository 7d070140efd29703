/// What an attempt told besides how it ended.
///
/// It travels in the report of the end and stands in the history. In ZooKeeper there is only how many outputs there are (`AttemptResult`):
/// until the leader has accepted the report, nobody but the agent's disk and the centers that it has reached knows them.
public struct AttemptAccount: Hashable, Sendable {
    /// What it told under names.
    public var outputs: [String: OutputValue]
    /// How far it was in the end.
    public var progress: RunProgress?
    /// What it said of itself last.
    public var status: RunStatus?
    /// What of it was not understood, and why there is no result, a sentence each.
    public var warnings: [String]

    /// Creates an account.
    public init(
        outputs: [String: OutputValue] = [:],
        progress: RunProgress? = nil,
        status: RunStatus? = nil,
        warnings: [String] = []
    ) {
        self.outputs = outputs
        self.progress = progress
        self.status = status
        self.warnings = warnings
    }

    /// Whether it says nothing.
    public var isEmpty: Bool {
        outputs.isEmpty && progress == nil && status == nil && warnings.isEmpty
    }

    /// How large it is, roughly, for those who carry many.
    public var bytes: Int {
        warnings.reduce(256 + OutputValue.bytes(of: outputs)) { $0 + $1.utf8.count }
    }

    /// Most bytes of an attempt's outputs with their names: they are kept with the run, by every center.
    public static let outputsBytesMax = 64 * 1_024
}

extension AttemptAccount: Codable {
    private enum CodingKeys: String, CodingKey {
        case outputs, progress, status, warnings
    }

    /// Decodes the value; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            outputs: try container.decodeIfPresent([String: OutputValue].self, forKey: .outputs) ?? [:],
            progress: try container.decodeIfPresent(RunProgress.self, forKey: .progress),
            status: try container.decodeIfPresent(RunStatus.self, forKey: .status),
            warnings: try container.decodeIfPresent([String].self, forKey: .warnings) ?? []
        )
    }

    /// Encodes what it says; what is empty is left out.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        if !outputs.isEmpty { try container.encode(outputs, forKey: .outputs) }
        try container.encodeIfPresent(progress, forKey: .progress)
        try container.encodeIfPresent(status, forKey: .status)
        if !warnings.isEmpty { try container.encode(warnings, forKey: .warnings) }
    }
}

/// What one attempt of a run told.
public struct RunAccount: Hashable, Sendable, Codable {
    /// The attempt's number.
    public var attempt: Int
    /// What it told.
    public var told: AttemptAccount

    /// Creates an account.
    public init(attempt: Int, told: AttemptAccount) {
        self.attempt = attempt
        self.told = told
    }
}

extension Run {
    /// What the last attempt that has ended told; `nil` when it told nothing, or its report has not come.
    public var lastAccount: AttemptAccount? {
        guard let account, account.attempt == lastEnded?.number else { return nil }
        return account.told
    }

    /// How many outputs the last attempt that has ended told of which there is no record; 0 as a rule.
    public var missingOutputCount: Int {
        lastAccount == nil ? lastEnded?.result?.outputCount ?? 0 : 0
    }

    /// The record as lists have it.
    public var withoutAccount: Run {
        var run = self
        run.account = nil
        return run
    }

    private var lastEnded: RunAttempt? { attempts.last { $0.result != nil } }

    /// Keeps what an attempt told; what an earlier one told says nothing about the run then.
    mutating func take(_ told: AttemptAccount, of attempt: Int) {
        guard attempt >= account?.attempt ?? 0 else { return }
        account = RunAccount(attempt: attempt, told: told)
    }
}
