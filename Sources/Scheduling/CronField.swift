/// One parsed field: the terms of its comma-separated list.
struct CronField: Hashable, Sendable {
    var terms: [CronTerm]
    /// Where the field begins, as a UTF-8 offset in the expression.
    var position: Int

    /// What a field means that is not written.
    static func implied(_ value: Int) -> CronField {
        CronField(terms: [.value(value)], position: 0)
    }

    /// Whether the field is written with a leading `*` or `?`, which Vixie cron takes for "not restricted".
    var beginsWithWildcard: Bool {
        guard let first = terms.first else { return false }
        return first.isWildcard
    }

    /// Whether some term matches every value as it is written.
    var hasFullWildcard: Bool {
        terms.contains { $0 == .any(step: 1) }
    }

    /// Whether the field describes an interval rather than fixed values.
    var hasInterval: Bool {
        terms.contains { term in
            switch term {
            case .any, .range: true
            case .hash(_, _, let step, _): step > 1
            default: false
            }
        }
    }
}

/// One term of a field.
///
/// Weekdays are numbered from Sunday as 0, whatever the dialect writes.
enum CronTerm: Hashable, Sendable {
    /// `*` or `?`, and `*/step`.
    case any(step: Int)
    /// A single value.
    case value(Int)
    /// `first-last`, `first-last/step` and `first/step`; wraps around when `last` is smaller.
    case range(first: Int, last: Int, step: Int)
    /// `L` or `L-days` as day of the month.
    case lastDay(minus: Int)
    /// `dayW`: the weekday nearest to a day, in its month.
    case nearestWeekday(Int)
    /// `LW` or `L-daysW`: the weekday nearest to a day counted from the end.
    case nearestWeekdayToLast(minus: Int)
    /// `weekday#number`.
    case nthWeekday(Int, number: Int)
    /// `weekdayL`: the last such weekday of the month.
    case lastWeekday(Int)
    /// `H`, `H(first-last)` and either with a step: what the task's name decides, see `CronField.spread`.
    case hash(first: Int, last: Int, step: Int, isWhole: Bool)

    /// Whether the term begins with `*` or `?`.
    var isWildcard: Bool {
        if case .any = self { true } else { false }
    }

    /// The plain values the term stands for among `all`; empty for the terms that depend on the month.
    func values(among all: ClosedRange<Int>) -> [Int] {
        switch self {
        case .any(let step): Array(stride(from: all.lowerBound, through: all.upperBound, by: step))
        case .value(let value): [value]
        case .range(let first, let last, let step):
            stride(from: 0, through: last >= first ? last - first : last - first + all.count, by: step)
                .map { all.lowerBound + (first - all.lowerBound + $0) % all.count }
        default: []
        }
    }
}

extension CronField {
    /// The field with what depends on the task's name decided.
    ///
    /// As in Jenkins, `H` is one value of its range and `H/n` every n-th from one of the first n. `pick` gives a
    /// number below the one it is given.
    func spread(_ kind: CronFieldKind, by pick: (_ count: Int) -> Int) -> CronField {
        var field = self
        field.terms = terms.flatMap { term -> [CronTerm] in
            guard case .hash(let first, let last, let step, _) = term else { return [term] }
            let values =
                step == 1
                ? [first + pick(last - first + 1)]
                : Array(stride(from: first + pick(step), through: last, by: step))
            // Weekdays may be counted beyond Saturday, as 7 for Sunday.
            return values.map { .value(kind == .dayOfWeek ? $0 % 7 : $0) }
        }
        return field
    }

    /// Whether the task's name decides something.
    var dependsOnTask: Bool {
        terms.contains { if case .hash = $0 { true } else { false } }
    }
}
