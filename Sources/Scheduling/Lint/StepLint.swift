/// Finds steps that do not divide their field.
enum StepLint {
    static func findings(in fields: CronFields, of text: String) -> [(LintFinding.Rule, String)] {
        let checked: [(CronField, CronFieldKind, Int)] = [
            (fields.second, .second, 60), (fields.minute, .minute, 60), (fields.hour, .hour, 24),
            (fields.month, .month, 12), (fields.dayOfMonth, .dayOfMonth, 0),
            (fields.dayOfWeek, .dayOfWeek, 7),
        ]
        return checked.flatMap { field, kind, count in
            field.terms.compactMap { term in
                step(term, kind).flatMap { step in
                    message(step, kind, count, text).map { (.unevenStep, $0) }
                }
            }
        }
    }

    /// The step of a term that goes on to the end of its field.
    private static func step(_ term: CronTerm, _ kind: CronFieldKind) -> Int? {
        switch term {
        case .any(let step) where step > 1: step
        case .hash(_, _, let step, true) where step > 1: step
        case .range(_, let last, let step) where step > 1 && last == kind.values(in: .unix).upperBound: step
        default: nil
        }
    }

    private static func message(_ step: Int, _ kind: CronFieldKind, _ count: Int, _ text: String) -> String? {
        if kind == .dayOfMonth {
            guard step < 15 else { return nil }
            return
                "every \(step) days in '\(text)' begins anew with each month, so the last interval of a month is shorter or longer; write the days as a list, or every: \(step)d"
        }
        guard count % step != 0 else { return nil }
        let rest = count % step
        let unit = kind == .dayOfWeek ? "day" : kind.name
        let fit = divisors(of: count, near: step).map { "*/\($0)" }.joined(separator: " or ")
        let interval = unitLetter(kind).map { ", or every: \(step)\($0)" } ?? ""
        let instead = fit.isEmpty ? "write the values as a list" : "write \(fit)"
        return
            "the step \(step) in the \(kind.name) field of '\(text)' does not divide \(count), so the last interval is \(rest) \(unit)\(rest == 1 ? "" : "s"); \(instead)\(interval)"
    }

    private static func divisors(of count: Int, near step: Int) -> [Int] {
        let divisors = (2..<count).filter { count.isMultiple(of: $0) }
        let below = divisors.last { $0 < step }
        let above = divisors.first { $0 > step }
        return [below, above].compactMap(\.self)
    }

    private static func unitLetter(_ kind: CronFieldKind) -> String? {
        switch kind {
        case .second: "s"
        case .minute: "m"
        case .hour: "h"
        default: nil
        }
    }
}
