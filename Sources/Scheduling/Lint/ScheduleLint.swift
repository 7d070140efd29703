/// Looks for what is allowed in schedules and probably not meant.
///
/// The cost is that of the instants due within a day, each schedule that several tasks share being looked at once.
public struct ScheduleLint: Sendable {
    /// The instant from which the next day and the next year count.
    public var start: Instant
    /// More starts within one second are a herd.
    public var startsPerSecondMax: Int
    /// Most due instants that are looked at: a few seconds' work.
    public var firesMax: Int
    /// The days of the shared calendars that schedules name.
    public var calendars: [String: DaySet]

    /// The limit of starts within one second unless another is given.
    ///
    /// A machine starts some hundred processes a second.
    public static let startsPerSecondDefault = 100

    /// Creates a lint.
    public init(
        from start: Instant,
        startsPerSecondMax: Int = ScheduleLint.startsPerSecondDefault,
        firesMax: Int = 20_000_000,
        calendars: [String: DaySet] = [:]
    ) {
        self.calendars = calendars
        self.start = start
        self.startsPerSecondMax = startsPerSecondMax
        self.firesMax = firesMax
    }

    /// Everything that is found.
    public func report(on subjects: [LintSubject]) -> LintReport {
        let subjects = subjects.map { subject in
            var subject = subject
            let context = ScheduleContext(task: subject.name, calendars: calendars)
            subject.schedules = subject.schedules.map { $0.bound(to: context) }
            return subject
        }
        var findings: [LintFinding] = []
        for subject in subjects {
            let context = ScheduleContext(task: subject.name, calendars: calendars)
            for (index, schedule) in subject.schedules.enumerated() {
                for (rule, message) in self.findings(in: schedule, of: context) {
                    findings.append(
                        LintFinding(
                            rule: rule,
                            task: subject.name,
                            schedule: index,
                            message: message
                        )
                    )
                }
            }
        }
        var herds = HerdLint(start: start, startsPerSecondMax: startsPerSecondMax, firesMax: firesMax)
        findings += herds.findings(in: subjects.filter(\.isEnabled))
        return LintReport(findings: findings, fires: herds.fires, isCut: herds.isCut)
    }

    private func findings(in schedule: Schedule, of context: ScheduleContext) -> [(LintFinding.Rule, String)]
    {
        switch schedule.timing {
        case .afterCompletion, .onAgentStart: return []
        default: break
        }
        if schedule.next(atOrAfter: start) == nil { return [(.never, reasonForNever(schedule, context))] }
        if case .calendar(let calendar) = schedule.timing {
            return ClockChangeLint(start: start).findings(in: calendar)
        }
        guard case .cron(let cron) = schedule.timing else { return [] }
        let expression = cron.expression
        // The text was parsed when the expression was made.
        guard let fields = try? CronFields(expression.text, dialect: expression.options.dialect) else {
            return []
        }
        return StepLint.findings(in: fields, of: expression.text)
            + DayLint.findings(in: fields, of: expression)
            + ClockChangeLint(start: start).findings(in: expression, fields)
    }

    private func reasonForNever(_ schedule: Schedule, _ context: ScheduleContext) -> String {
        do throws(ScheduleError) {
            try schedule.validate(in: context)
        } catch {
            return "the schedule never comes: \(error.message)"
        }
        if case .once(let due) = schedule.timing {
            return "the schedule is over: it was due once, at \(due); remove it, or write a later instant"
        }
        return "the schedule is over: it is not due after \(start); remove it, or write a later end or year"
    }
}
