/// Finds days that combine in unexpected ways, or that some months do not have.
enum DayLint {
    static func findings(in fields: CronFields, of expression: CronExpression) -> [(LintFinding.Rule, String)]
    {
        [bothDays(fields, expression), shortMonths(fields, expression)].compactMap(\.self)
    }

    /// Both fields restricted by someone who did not say how they combine.
    private static func bothDays(_ fields: CronFields, _ expression: CronExpression) -> (
        LintFinding.Rule, String
    )? {
        let options = expression.options
        guard !fields.dayOfMonth.hasFullWildcard, !fields.dayOfWeek.hasFullWildcard, !fields.joinsDays,
            options.days == options.dialect.daysRule
        else { return nil }
        let isEitherEnough = CronDays.isEitherEnough(
            fields.dayOfMonth,
            fields.dayOfWeek,
            rule: options.days
        )
        let text = expression.text
        return isEitherEnough
            ? (
                .bothDays,
                "'\(text)' is due on the days of the month and also on the weekdays; write days: both for days that are both, or days: either to keep it so"
            )
            : (
                .bothDays,
                "'\(text)' is due only on days that match both day fields, because one begins with *; write days: both to keep it so, or days: either"
            )
    }

    /// Days after the 28th that are the only ones, in months that lack them.
    private static func shortMonths(_ fields: CronFields, _ expression: CronExpression) -> (
        LintFinding.Rule, String
    )? {
        var days: [Int] = []
        for term in fields.dayOfMonth.terms {
            guard case .value(let day) = term, day > 28 else { return nil }
            days.append(day)
        }
        guard fields.dayOfWeek.hasFullWildcard, let first = days.min() else { return nil }
        let months = fields.month.terms.flatMap { $0.values(among: 1...12) }
        let lacking = Set(months).sorted().filter { CivilDate.daysInMonth($0, ofYear: 2_001) < first }
        guard !lacking.isEmpty, lacking.count < Set(months).count || first == 29 else { return nil }
        let names = lacking.map { CronFieldKind.month.names[$0 - 1] }
        let list =
            names.count > 1
            ? names.dropLast().joined(separator: ", ") + " and " + names[names.count - 1]
            : names[0]
        let lack =
            first == 29
            ? " but in leap years, as it has no day 29 in others"
            : ", which \(names.count == 1 ? "has" : "have") no day \(first)"
        return (
            .shortMonth,
            "'\(expression.text)' is not due in \(list)\(lack); write L for the last day of the month"
        )
    }
}
