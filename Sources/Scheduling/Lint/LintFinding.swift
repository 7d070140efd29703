/// Something about a schedule that is allowed and probably not meant.
public struct LintFinding: Hashable, Sendable, Codable {
    /// What is looked for.
    public enum Rule: String, Hashable, Sendable, Codable, CaseIterable {
        /// Many tasks, or shards of them, start in the same second.
        case herd
        /// A step that does not divide its field leaves a shorter gap at its end.
        case unevenStep = "uneven-step"
        /// Clocks are put forward over a time.
        case skippedTime = "skipped-time"
        /// Clocks are put back over a time.
        case repeatedTime = "repeated-time"
        /// No instant is due any more, or ever.
        case never
        /// A day that some of the months do not have.
        case shortMonth = "short-month"
        /// Both day fields are restricted.
        case bothDays = "both-days"
    }

    /// A schedule that would avoid what was found.
    public struct Proposal: Hashable, Sendable, Codable {
        /// The task it is for.
        public var task: String
        /// What to write, as in `cron: "37 2 * * *"`.
        public var schedule: String
    }

    /// What was looked for.
    public var rule: Rule
    /// The task; of a herd the first.
    public var task: String
    /// The schedule's place in the task's list, from 0; absent for herds, which concern several.
    public var schedule: Int?
    /// One sentence: what is found and what to write instead.
    public var message: String
    /// For a herd, what each of its tasks could have instead, up to `HerdLint.proposalsMax`.
    public var proposals: [Proposal]?
}

/// A task as far as its schedules are concerned.
public struct LintSubject: Hashable, Sendable {
    /// The task's name.
    public var name: String
    /// Its schedules.
    public var schedules: [Schedule]
    /// Whether they count.
    public var isEnabled: Bool
    /// How many runs each of its fires is: its shards.
    public var starts: Int

    /// Creates a subject.
    public init(name: String, schedules: [Schedule], isEnabled: Bool = true, starts: Int = 1) {
        self.name = name
        self.schedules = schedules
        self.isEnabled = isEnabled
        self.starts = starts
    }
}

/// What was found, and whether everything was looked at.
public struct LintReport: Hashable, Sendable, Codable {
    /// The findings: those of single tasks in their order, then herds, the largest first.
    public var findings: [LintFinding]
    /// How many due instants were looked at for herds.
    public var fires: Int
    /// Whether some schedules were left out of the search for herds because there were too many instants.
    public var isCut: Bool
}
