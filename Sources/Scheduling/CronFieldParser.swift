/// Parses one field of an expression; every error names the place of the mistake.
struct CronFieldParser {
    let kind: CronFieldKind
    let dialect: Dialect
    private var cursor: TextCursor

    /// Prepares to parse what `cursor` reads, a whole field.
    init(_ kind: CronFieldKind, dialect: Dialect, cursor: TextCursor) {
        self.kind = kind
        self.dialect = dialect
        self.cursor = cursor
    }

    /// The field's list of terms.
    mutating func field() throws(ScheduleError) -> CronField {
        let start = cursor.position
        var terms = [try term()]
        while cursor.take(",") {
            terms.append(try term())
        }
        guard cursor.isAtEnd else { throw unexpected() }
        return CronField(terms: terms, position: start)
    }

    private mutating func term() throws(ScheduleError) -> CronTerm {
        if cursor.take("*") {
            return .any(step: try step() ?? 1)
        }
        if cursor.take("?") {
            return .any(step: 1)
        }
        if let special = try specialTerm() {
            return special
        }
        if kind != .year, cursor.take("H") {
            return try hashTerm()
        }
        if dialect == .quartz, cursor.next == UInt8(ascii: "/"), let step = try step() {
            let values = kind.values(in: dialect)
            return range(from: values.lowerBound, through: values.upperBound, step: step)
        }
        return try plainTerm()
    }

    /// A term that begins with `L`, if one is next.
    private mutating func specialTerm() throws(ScheduleError) -> CronTerm? {
        switch kind {
        case .dayOfMonth:
            guard cursor.take("L") else { return nil }
            let days = cursor.take("-") ? try daysBeforeLast() : 0
            return cursor.take("W") ? .nearestWeekdayToLast(minus: days) : .lastDay(minus: days)
        case .dayOfWeek where dialect == .quartz:
            return cursor.take("L") ? .value(6) : nil
        default:
            return nil
        }
    }

    private mutating func daysBeforeLast() throws(ScheduleError) -> Int {
        let start = cursor.position
        guard let days = cursor.takeNumber() else { throw unexpected() }
        guard days <= 30 else {
            throw ScheduleError(
                "no month has a day \(days) days before its last: write L-0 to L-30",
                at: start
            )
        }
        return days
    }

    /// What follows `H`.
    private mutating func hashTerm() throws(ScheduleError) -> CronTerm {
        var range = kind.hashed(in: dialect)
        let isWhole = !cursor.take("(")
        if !isWhole {
            let start = cursor.position
            let (first, _) = try value()
            guard cursor.take("-") else { throw unexpected() }
            let (last, _) = try value()
            guard first <= last else {
                throw ScheduleError(
                    "the range of H ends before it begins: write the smaller value first",
                    at: start
                )
            }
            guard cursor.take(")") else { throw unexpected() }
            range = first...last
        }
        let start = cursor.position + 1
        let step = try step() ?? 1
        guard step <= range.count else {
            let reason = "step \(step) is larger than the range of H: write at most \(range.count)"
            throw ScheduleError(reason, at: start)
        }
        let first = normal(range.lowerBound)
        return .hash(first: first, last: first + range.count - 1, step: step, isWhole: isWhole)
    }

    /// A term that begins with a value.
    private mutating func plainTerm() throws(ScheduleError) -> CronTerm {
        let (first, isLast) = try value()
        if isLast {
            return .lastWeekday(normal(first))
        }
        if cursor.take("-") {
            return try range(from: first)
        }
        if let step = try step() {
            let all = kind.values(in: dialect)
            let start = first > all.upperBound ? all.lowerBound : first
            return range(from: start, through: all.upperBound, step: step)
        }
        return try suffixed(first)
    }

    private mutating func suffixed(_ value: Int) throws(ScheduleError) -> CronTerm {
        switch kind {
        case .dayOfMonth where cursor.take("W"):
            return .nearestWeekday(value)
        case .dayOfWeek where cursor.take("L"):
            return .lastWeekday(normal(value))
        case .dayOfWeek where cursor.take("#"):
            if dialect == .ocps, cursor.take("L") { return .lastWeekday(normal(value)) }
            return .nthWeekday(normal(value), number: try weekdayNumber())
        default:
            return .value(normal(value))
        }
    }

    private mutating func weekdayNumber() throws(ScheduleError) -> Int {
        let start = cursor.position
        guard let number = cursor.takeNumber() else { throw unexpected() }
        guard (1...5).contains(number), cursor.position == start + 1 else {
            throw ScheduleError("a month has at most five of each weekday: write #1 to #5", at: start)
        }
        return number
    }

    private mutating func range(from first: Int) throws(ScheduleError) -> CronTerm {
        let start = cursor.position
        let (last, isLast) = try value()
        guard !isLast else { throw ScheduleError("a range cannot end with L: write two weekdays", at: start) }
        guard kind != .year || first <= last else {
            throw ScheduleError(
                "the year range ends before it begins: write the earlier year first",
                at: start
            )
        }
        return range(from: first, through: last, step: try step() ?? 1)
    }

    /// `/step`, if it is next.
    private mutating func step() throws(ScheduleError) -> Int? {
        guard cursor.take("/") else { return nil }
        let start = cursor.position
        guard let step = cursor.takeNumber() else { throw unexpected() }
        guard step > 0 else { throw ScheduleError("a step must be at least 1", at: start) }
        let values = kind.values(in: dialect)
        let stepMax = dialect == .quartz ? min(values.upperBound, values.count) : values.count
        guard step <= stepMax else {
            let reason = "step \(step) is larger than the \(kind.name) field: write at most \(stepMax)"
            throw ScheduleError(reason, at: start)
        }
        return step
    }

    /// A number or a name, and whether a name had the suffix `L`, which reads as one word with it.
    private mutating func value() throws(ScheduleError) -> (value: Int, isLast: Bool) {
        let start = cursor.position
        if let number = cursor.takeNumber() {
            let numbers = kind.numbers(in: dialect)
            guard numbers.contains(number) else {
                let reason =
                    "\(number) is not \(kind.article) \(kind.name): write \(numbers.lowerBound) to \(numbers.upperBound)"
                throw ScheduleError(reason, at: start)
            }
            return (number, false)
        }
        let word = cursor.takeLetters()
        if let value = kind.value(named: word, in: dialect) {
            return (value, false)
        }
        if kind == .dayOfWeek, word.last == "l",
            let value = kind.value(named: String(word.dropLast()), in: dialect)
        {
            return (value, true)
        }
        cursor.rewind(to: start)
        throw word.utf8.count < 2 ? unexpected() : unknown(word, at: start)
    }

    private func range(from first: Int, through last: Int, step: Int) -> CronTerm {
        // A full Unix week is 0-7 or 1-7; normalising 7 to 0 first would turn it into Sunday alone.
        let all = kind.values(in: dialect)
        if kind == .dayOfWeek, last - first >= all.count - 1 || first == last {
            return first == last
                ? .value(normal(first)) : .range(first: normal(first), last: normal(first + 6), step: step)
        }
        return .range(first: normal(first), last: normal(last), step: step)
    }

    /// A weekday with Sunday as 0; any other value as it is.
    private func normal(_ value: Int) -> Int {
        guard kind == .dayOfWeek else { return value }
        return (value - kind.values(in: dialect).lowerBound) % 7
    }
}

extension CronFieldParser {
    private func unknown(_ word: String, at position: Int) -> ScheduleError {
        let known = kind.names.map { $0.prefix(3).uppercased() }
        guard !known.isEmpty else {
            return ScheduleError(
                "the \(kind.name) field takes no names, found '\(word)': \(kind.advice(in: dialect))",
                at: position
            )
        }
        let list = known.joined(separator: ", ")
        return ScheduleError("'\(word)' is not a \(kind.name): use one of \(list)", at: position)
    }

    private func unexpected() -> ScheduleError {
        guard let character = cursor.nextCharacter else {
            return ScheduleError(
                "the \(kind.name) field ends too early: \(kind.advice(in: dialect))",
                at: cursor.position
            )
        }
        let reason = "unexpected '\(character)' in the \(kind.name) field: \(kind.advice(in: dialect))"
        return ScheduleError(reason, at: cursor.position)
    }
}

extension CronFieldKind {
    /// What may be written in the field, for messages.
    fileprivate func advice(in dialect: Dialect) -> String {
        let numbers = numbers(in: dialect)
        let plain = "write * or numbers from \(numbers.lowerBound) to \(numbers.upperBound)"
        return switch self {
        case .dayOfMonth: plain + ", L, LW or 15W"
        case .dayOfWeek: plain + ", names like MON, MON#2 or MONL"
        case .month: plain + " or names like JAN"
        default: plain
        }
    }
}
