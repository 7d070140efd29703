/// How the day-of-month and the day-of-week field combine.
public enum DaysRule: String, Hashable, Sendable, Codable, CaseIterable {
    /// Either field may match when both are restricted; both must when either begins with `*`, as in Vixie cron.
    case cron
    /// Either field may match when both are restricted; a step such as `*/2` counts as a restriction.
    case either
    /// Both fields must match.
    case both
}

/// What happens to local times that do not exist because clocks are put forward.
public enum GapRule: String, Hashable, Sendable, Codable, CaseIterable {
    /// They fire at the first instant after the gap, once however many there are.
    case run
    /// They do not fire.
    case skip
}

/// What happens to local times that exist twice because clocks are put back.
public enum OverlapRule: String, Hashable, Sendable, Codable, CaseIterable {
    /// `both` for expressions with a wildcard, range or step in seconds, minutes or hours, else `first`.
    case auto
    /// They fire once, the first time.
    case first
    /// They fire both times.
    case both
}

/// Whose reading of an expression applies where readings differ.
public enum Dialect: String, Hashable, Sendable, Codable, CaseIterable {
    /// Sunday is 0 and 7.
    case unix
    /// Sunday is 1, a lone `L` as day of the week is Saturday, `/n` is `0/n`.
    case quartz
    /// The Open Cron Pattern Specification 1.0 to 1.4, strictly: what it does not allow is refused.
    case ocps

    /// The day rule of expressions that name none.
    var daysRule: DaysRule { self == .ocps ? .either : .cron }
    /// The gap rule of expressions that name none.
    var gapRule: GapRule { self == .ocps ? .skip : .run }
    /// The overlap rule of expressions that name none.
    var overlapRule: OverlapRule { self == .ocps ? .first : .auto }
}

/// The options that decide which instants an expression means.
public struct CronOptions: Hashable, Sendable {
    /// The zone whose local time the fields describe.
    public var timeZone: TimeZoneID
    /// How the two day fields combine.
    public var days: DaysRule
    /// What happens to times skipped by the zone.
    public var gap: GapRule
    /// What happens to times repeated by the zone.
    public var overlap: OverlapRule
    /// How the expression is read.
    public var dialect: Dialect

    /// Creates options; what is not given has the default of its dialect.
    public init(
        timeZone: TimeZoneID = .utc,
        days: DaysRule? = nil,
        gap: GapRule? = nil,
        overlap: OverlapRule? = nil,
        dialect: Dialect = .unix
    ) {
        self.timeZone = timeZone
        self.days = days ?? dialect.daysRule
        self.gap = gap ?? dialect.gapRule
        self.overlap = overlap ?? dialect.overlapRule
        self.dialect = dialect
    }
}
