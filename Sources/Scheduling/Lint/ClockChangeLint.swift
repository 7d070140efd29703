/// Finds local times that clocks jump over or show twice within the next year.
struct ClockChangeLint {
    /// The instant from which the year counts.
    let start: Instant

    private static let yearSeconds = 366 * 86_400

    /// Local times in a zone, and what is said about them when its clocks change.
    private struct Subject {
        /// The times as they were written.
        var text: String
        var pattern: any LocalPattern
        var timeZone: TimeZoneID
        var gap: GapRule
        var firesTwice: Bool
    }

    func findings(in expression: CronExpression, _ fields: CronFields) -> [(LintFinding.Rule, String)] {
        // What is due every hour loses and gains an hour's worth: nobody means a certain local time by it.
        guard !fields.hour.hasFullWildcard else { return [] }
        return findings(
            Subject(
                text: "'\(expression.text)'",
                pattern: expression.pattern,
                timeZone: expression.options.timeZone,
                gap: expression.options.gap,
                firesTwice: expression.firesTwiceInOverlaps
            )
        )
    }

    func findings(in calendar: CalendarSchedule) -> [(LintFinding.Rule, String)] {
        // Nor does anybody mean a certain time by a window.
        guard case .at = calendar.times else { return [] }
        return findings(
            Subject(
                text: "the calendar",
                pattern: calendar.pattern,
                timeZone: calendar.timeZone,
                gap: calendar.gap,
                firesTwice: calendar.firesTwiceInOverlaps
            )
        )
    }

    private func findings(_ subject: Subject) -> [(LintFinding.Rule, String)] {
        let transitions = subject.timeZone.transitions
        let first = start.wholeSeconds.seconds
        var span = transitions.span(containing: first)
        var findings: [(LintFinding.Rule, String)] = []
        while span.end < first + Self.yearSeconds {
            span = transitions.span(containing: span.end)
            let shift = span.offset - span.previousOffset
            let from = span.start + min(span.offset, span.previousOffset)
            guard let local = subject.pattern.nextLocal(atOrAfter: from), local < from + abs(shift) else {
                continue
            }
            findings.append(
                shift > 0 ? skipped(local, at: span, subject) : repeated(local, at: span, subject)
            )
        }
        return findings
    }

    private func skipped(_ local: Int, at span: ZoneSpan, _ subject: Subject) -> (LintFinding.Rule, String) {
        let then = clock(span.start + span.offset)
        let consequence =
            subject.gap == .run
            ? "it is due at \(then) instead; write gap: skip to leave it out"
            : "it is not due that day; write gap: run to have it at \(then)"
        return (
            .skippedTime,
            "\(subject.text) means \(clock(local)), which \(date(local)) does not have in \(subject.timeZone), and \(consequence), or choose a time outside \(clock(span.start + span.previousOffset)) to \(then)"
        )
    }

    private func repeated(_ local: Int, at span: ZoneSpan, _ subject: Subject) -> (LintFinding.Rule, String) {
        let consequence =
            subject.firesTwice
            ? "it is due both times; write overlap: first for once"
            : "it is due the first time only; write overlap: both for twice"
        let range =
            "\(clock(span.start + span.offset)) to \(clock(span.start + span.previousOffset))"
        return (
            .repeatedTime,
            "\(subject.text) means \(clock(local)), which \(date(local)) has twice in \(subject.timeZone), and \(consequence), or choose a time outside \(range)"
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
