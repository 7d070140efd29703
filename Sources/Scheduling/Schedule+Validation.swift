extension Schedule {
    /// Whether there is no instant at all, past or future, at which the schedule fires.
    public var neverFires: Bool { neverFires(in: .none) }

    /// Whether there is no instant at which the schedule of a task fires.
    public func neverFires(in context: ScheduleContext) -> Bool {
        if timing.followsEvents {
            return due(afterCompletion: nil, effectiveFrom: ZoneTransitions.earliest, in: context) == nil
                && due(afterAgentStart: ZoneTransitions.earliest, in: context) == nil
        }
        return next(atOrAfter: ZoneTransitions.earliest, in: context) == nil
    }

    /// Refuses a schedule that fires at no instant, past or future; the result depends on nothing but the schedule.
    ///
    /// A schedule whose last fire is over is accepted, so that saving the same document again never fails.
    public func validate(in context: ScheduleContext = .none) throws(ScheduleError) {
        try validateJitter()
        try validateWindows()
        try validateDays()
        try validateMaxRuns()
        guard neverFires(in: context) else { return }
        throw ScheduleError(reasonForNever, at: positionOfNever)
    }

    /// Refuses a schedule that fires at no instant from `now` on.
    public func validate(at now: Instant) throws(ScheduleError) {
        try validate()
        guard !timing.followsEvents, next(atOrAfter: now) == nil else { return }
        throw ScheduleError(
            "the schedule never fires again: its last fire was before \(now)",
            at: positionOfNever
        )
    }

    private var reasonForNever: String {
        switch timing {
        case .cron(let cron) where cron.expression.isEvent:
            return "\(cron.expression.text) is no time: the clock never brings it about"
        case .cron(let cron) where cron.expression.neverFires:
            return "no date matches: change the days, months or years of '\(cron.expression.text)'"
        case .calendar(let calendar) where calendar.pattern.nextLocal(atOrAfter: .min / 2) == nil:
            return "no date matches: change the days or months of the calendar"
        default:
            return exclude == nil
                ? "the schedule never fires between its start and its end: widen them"
                : "the schedule never fires: exclude leaves no day that it fires on"
        }
    }

    /// The place of the field that a date which never comes is written in.
    private var positionOfNever: Int? {
        guard case .cron(let cron) = timing else { return nil }
        return cron.expression.positionOfDate
    }

    private func validateWindows() throws(ScheduleError) {
        guard case .calendar(let calendar) = timing, case .windows(let windows) = calendar.times else {
            return
        }
        for window in windows { try window.validate() }
    }

    private func validateDays() throws(ScheduleError) {
        for selection in [exclude, include] {
            guard let selection else { continue }
            let count = selection.dates.count + selection.yearly.count
            if selection.isEmpty {
                throw ScheduleError("no day is named: give dates, weekdays, yearly or calendars")
            }
            if count > DaySelection.daysMax {
                throw ScheduleError(
                    "\(count) dates are more than the \(DaySelection.daysMax) allowed: use ranges or a calendar"
                )
            }
        }
        guard include != nil else { return }
        if case .once = timing {
            throw ScheduleError("a schedule with 'at' has no 'include': write one more schedule")
        }
    }

    private func validateMaxRuns() throws(ScheduleError) {
        guard let maxRuns else { return }
        guard (1...Self.maxRunsMax).contains(maxRuns) else {
            throw ScheduleError("maxRuns cannot be \(maxRuns): write 1 to \(Self.maxRunsMax), or an end")
        }
        guard !timing.followsEvents else {
            throw ScheduleError(maxRunsMisplaced)
        }
        guard timing.start != nil else {
            throw ScheduleError("maxRuns is counted from the schedule's start: give a start")
        }
    }

    /// Why a schedule that follows events has no `maxRuns`, and what to write instead.
    private var maxRunsMisplaced: String {
        if case .onAgentStart = timing { return Self.maxRunsMisplaced(ofForm: "onAgentStart") }
        return Self.maxRunsMisplaced(ofForm: "afterCompletion")
    }

    /// Why a schedule of a form that follows events has no `maxRuns`, and what to write instead.
    public static func maxRunsMisplaced(ofForm form: String) -> String {
        let advice =
            form == "afterCompletion"
            ? "give an end, or pause the task when it ran often enough"
            : "remove it, or pause the task when it ran often enough"
        return
            "maxRuns counts instants from the schedule's start, and '\(form)' knows none beforehand: \(advice)"
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

    /// Whether the expression is OCPS's `@reboot`, which no clock brings about.
    fileprivate var isEvent: Bool {
        // The text was parsed when the expression was made.
        (try? CronFields(text, dialect: options.dialect))?.isEvent ?? false
    }

    /// Where the restricted day field, else the year field, begins.
    fileprivate var positionOfDate: Int? {
        // The text was parsed when the expression was made; a second failure only costs the position.
        guard let fields = try? CronFields(text, dialect: options.dialect) else { return nil }
        var unbound = fields.spread(by: SpreadHash(task: ""))
        unbound.year = nil
        let rule = fields.daysRule(options.days)
        let needsYear =
            CronPattern(unbound, days: rule, dialect: options.dialect).nextLocal(atOrAfter: 0) != nil
        if needsYear, let year = fields.year { return year.position }
        return fields.dayOfMonth.hasFullWildcard ? fields.dayOfWeek.position : fields.dayOfMonth.position
    }
}
