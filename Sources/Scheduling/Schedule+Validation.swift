extension Schedule {
    /// Whether there is no instant at all, past or future, at which the schedule fires.
    public var neverFires: Bool { neverFires(in: .none) }

    /// Whether there is no instant at which the schedule of a task fires.
    public func neverFires(in context: ScheduleContext) -> Bool {
        next(atOrAfter: Instant(secondsSinceEpoch: Self.earliestSecond), in: context) == nil
    }

    /// Refuses a schedule that fires at no instant, past or future; the result depends on nothing but the schedule.
    ///
    /// A schedule whose last fire is over is accepted, so that saving the same document again never fails.
    public func validate(in context: ScheduleContext = .none) throws(ScheduleError) {
        try validateJitter()
        guard neverFires(in: context) else { return }
        throw ScheduleError(reasonForNever, at: positionOfNever)
    }

    /// Refuses a schedule that fires at no instant from `now` on.
    public func validate(at now: Instant) throws(ScheduleError) {
        try validate()
        guard next(atOrAfter: now) == nil else { return }
        throw ScheduleError(
            "the schedule never fires again: its last fire was before \(now)",
            at: positionOfNever
        )
    }

    /// The first second the search for cron fires looks at; intervals reach further back but always fire after it.
    private static let earliestSecond =
        CivilDate(year: CronPattern.yearMin, month: 1, day: 1).daysSinceEpoch * 86_400

    private var reasonForNever: String {
        guard case .cron(let cron) = timing, cron.expression.neverFires else {
            return "the schedule never fires between its start and its end: widen them"
        }
        return "no date matches: change the days, months or years of '\(cron.expression.text)'"
    }

    /// The place of the field that a date which never comes is written in.
    private var positionOfNever: Int? {
        guard case .cron(let cron) = timing else { return nil }
        return cron.expression.positionOfDate
    }

    private func validateJitter() throws(ScheduleError) {
        guard let jitter, jitter < .milliseconds(1) || jitter > Self.jitterMax else { return }
        throw ScheduleError("the jitter \(DurationText(jitter)) is out of range: use 1ms to 1d")
    }
}

extension CronExpression {
    /// Whether no date matches the expression.
    public var neverFires: Bool {
        pattern.nextLocal(atOrAfter: .min / 2) == nil
    }

    /// Where the restricted day field, else the year field, begins.
    fileprivate var positionOfDate: Int? {
        // The text was parsed when the expression was made; a second failure only costs the position.
        guard let fields = try? CronFields(text, dialect: options.dialect) else { return nil }
        var unbound = fields.spread(by: SpreadHash(task: ""))
        unbound.year = nil
        let needsYear = CronPattern(unbound, days: options.days).nextLocal(atOrAfter: 0) != nil
        if needsYear, let year = fields.year { return year.position }
        return fields.dayOfMonth.hasFullWildcard ? fields.dayOfWeek.position : fields.dayOfMonth.position
    }
}
