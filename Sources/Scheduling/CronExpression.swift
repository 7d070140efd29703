/// A cron expression together with the options that decide which instants it means.
///
/// Five fields are minute, hour, day of month, month and day of week; a sixth comes first and is the second, a
/// seventh comes last and is the year (1970–2099). A field is a list of `*`, `?`, values, ranges (which may wrap
/// around) and steps; months and weekdays have English names; days of the month know `L`, `L-3`, `LW` and `15W`,
/// weekdays `MONL` and `MON#2`. `H` stands for a value that the task's name decides. `@hourly`, `@daily` and their like stand for the usual expressions.
public struct CronExpression: Hashable, Sendable {
    /// The expression as it was written.
    public let text: String
    /// The options it was given.
    public let options: CronOptions

    var pattern: CronPattern
    /// Whether local times that exist twice fire twice.
    let firesTwiceInOverlaps: Bool
    /// Whether it has an `H`, for which the task's name decides.
    public let dependsOnTask: Bool

    /// Parses an expression; the error's position is a UTF-8 offset in `text`.
    public init(_ text: String, options: CronOptions = CronOptions()) throws(ScheduleError) {
        let fields = try CronFields(text, dialect: options.dialect)
        self.init(text, options: options, fields: fields, hash: SpreadHash(task: ""))
    }

    private init(_ text: String, options: CronOptions, fields: CronFields, hash: SpreadHash) {
        self.text = text
        self.options = options
        dependsOnTask = fields.dependsOnTask
        let isInterval = fields.second.hasInterval || fields.minute.hasInterval || fields.hour.hasInterval
        let fields = fields.spread(by: hash)
        pattern = CronPattern(fields, days: fields.daysRule(options.days), dialect: options.dialect)
        firesTwiceInOverlaps =
            switch options.overlap {
            case .both: true
            case .first: false
            case .auto: isInterval
            }
    }

    /// The expression of the task that `hash` belongs to.
    func spread(by hash: SpreadHash) -> CronExpression {
        // The text was parsed when the expression was made and parses again.
        guard dependsOnTask, let fields = try? CronFields(text, dialect: options.dialect) else { return self }
        return CronExpression(text, options: options, fields: fields, hash: hash)
    }

    /// Equal text and options make equal expressions.
    public static func == (left: CronExpression, right: CronExpression) -> Bool {
        left.text == right.text && left.options == right.options
    }

    /// Hashes text and options.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(text)
        hasher.combine(options)
    }

    /// The first fire after `instant`; `nil` when there is none until the end of 2199.
    public func next(after instant: Instant) -> Instant? {
        search.next(of: pattern, atOrAfterSecond: instant.wholeSeconds.seconds + 1)
    }

    /// The first fire at or after `instant`; `nil` when there is none until the end of 2199.
    public func next(atOrAfter instant: Instant) -> Instant? {
        search.next(of: pattern, atOrAfter: instant)
    }

    private var search: LocalSearch {
        LocalSearch(
            transitions: options.timeZone.transitions,
            gap: options.gap,
            firesTwiceInOverlaps: firesTwiceInOverlaps
        )
    }
}
