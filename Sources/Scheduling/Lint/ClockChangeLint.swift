/// Finds local times that clocks jump over or show twice within the next year.
struct ClockChangeLint {
    /// The instant from which the year counts.
    let start: Instant

    private static let yearSeconds = 366 * 86_400

    func findings(in expression: CronExpression, _ fields: CronFields) -> [(LintFinding.Rule, String)] {
        // What is due every hour loses and gains an hour's worth: nobody means a certain local time by it.
        guard !fields.hour.hasFullWildcard else { return [] }
        let transitions = expression.options.timeZone.transitions
        let first = start.wholeSeconds.seconds
        var span = transitions.span(containing: first)
        var findings: [(LintFinding.Rule, String)] = []
        while span.end < first + Self.yearSeconds {
            span = transitions.span(containing: span.end)
            let shift = span.offset - span.previousOffset
            let from = span.start + min(span.offset, span.previousOffset)
            guard let local = expression.pattern.nextLocal(atOrAfter: from), local < from + abs(shift) else {
                continue
            }
            findings.append(
                shift > 0
                    ? skipped(local, at: span, expression) : repeated(local, at: span, expression, fields)
            )
        }
        return findings
    }

    private func skipped(_ local: Int, at span: ZoneSpan, _ expression: CronExpression) -> (
        LintFinding.Rule, String
    ) {
        let options = expression.options
        let then = clock(span.start + span.offset)
        let consequence =
            options.gap == .run
            ? "it is due at \(then) instead; write gap: skip to leave it out"
            : "it is not due that day; write gap: run to have it at \(then)"
        return (
            .skippedTime,
            "'\(expression.text)' means \(clock(local)), which \(date(local)) does not have in \(options.timeZone), and \(consequence), or choose a time outside \(clock(span.start + span.previousOffset)) to \(then)"
        )
    }

    private func repeated(
        _ local: Int,
        at span: ZoneSpan,
        _ expression: CronExpression,
        _ fields: CronFields
    ) -> (LintFinding.Rule, String) {
        let options = expression.options
        let consequence =
            expression.firesTwiceInOverlaps
            ? "it is due both times; write overlap: first for once"
            : "it is due the first time only; write overlap: both for twice"
        let range =
            "\(clock(span.start + span.offset)) to \(clock(span.start + span.previousOffset))"
        return (
            .repeatedTime,
            "'\(expression.text)' means \(clock(local)), which \(date(local)) has twice in \(options.timeZone), and \(consequence), or choose a time outside \(range)"
        )
    }

    private func clock(_ local: Int) -> String {
        let second = local.remainderRoundingDown(by: 86_400)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return two(second / 3_600) + ":" + two(second / 60 % 60)
    }

    private func date(_ local: Int) -> String {
        let date = CivilDate(daysSinceEpoch: local.dividedRoundingDown(by: 86_400))
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(date.year)-\(two(date.month))-\(two(date.day))"
    }
}
