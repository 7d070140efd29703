import Scheduling

extension CalendarSpec {
    /// Parses what stands behind `OnCalendar=`.
    init(_ text: String) throws(ScheduleError) {
        self.init()
        var words = text.split(whereSeparator: \.isWhitespace)[...]
        if words.count > 1, let last = words.last, let zone = Self.zone(String(last)) {
            timeZone = zone
            words = words.dropLast()
        }
        guard let first = words.first else { throw Self.unknown(text) }
        if words.count == 1, let long = Self.shorthands[first.lowercased()] {
            words = long.split(separator: " ")[...]
        }
        if let word = words.first, word.first?.isLetter == true {
            weekdays = try Self.weekdays(word)
            words = words.dropFirst()
        }
        if let word = words.first, !word.contains(":") {
            try readDate(word)
            words = words.dropFirst()
        }
        if let word = words.first {
            try readTime(word)
            words = words.dropFirst()
        }
        guard words.isEmpty else { throw Self.unknown(text) }
    }

    /// The zone a word names; `UTC` in any spelling.
    private static func zone(_ word: String) -> TimeZoneID? {
        if word.uppercased() == "UTC" { return .utc }
        // A word that is no zone belongs to the date or time.
        return word.first?.isLetter == true ? try? TimeZoneID(word) : nil
    }

    private static let shorthands: [String: String] = [
        "minutely": "*-*-* *:*:00", "hourly": "*-*-* *:00:00", "daily": "*-*-* 00:00:00",
        "monthly": "*-*-01 00:00:00", "weekly": "Mon *-*-* 00:00:00", "yearly": "*-01-01 00:00:00",
        "annually": "*-01-01 00:00:00", "anually": "*-01-01 00:00:00",
        "quarterly": "*-01,04,07,10-01 00:00:00", "semiannually": "*-01,07-01 00:00:00",
        "semi-annually": "*-01,07-01 00:00:00", "biannually": "*-01,07-01 00:00:00",
        "bi-annually": "*-01,07-01 00:00:00",
    ]

    private static func unknown(_ text: some StringProtocol) -> ScheduleError {
        ScheduleError("'\(text)' is no calendar event: write it like Mon..Fri *-*-* 02:30:00")
    }

    private static func weekdays(_ text: Substring) throws(ScheduleError) -> Set<Int> {
        var found: Set<Int> = []
        for term in text.split(separator: ",") {
            let range = term.contains("..") ? ".." : "-"
            let names = String(term).components(of: range)
            var days: [Int] = []
            for name in names { days.append(try weekday(name)) }
            switch days.count {
            case 1: found.insert(days[0])
            case 2 where days[0] <= days[1]: found.formUnion(days[0]...days[1])
            default: throw unknown(text)
            }
        }
        return found
    }

    private static func weekday(_ name: String) throws(ScheduleError) -> Int {
        let names = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
        let word = name.lowercased()
        guard let index = names.firstIndex(where: { $0 == word || $0.prefix(3) == word }) else {
            throw ScheduleError("'\(name)' is no weekday: write Mon to Sun")
        }
        return index
    }

    /// `2026-03-29`, `*-*~1`, `10-15`.
    private mutating func readDate(_ text: Substring) throws(ScheduleError) {
        countsFromEnd = text.contains("~")
        var parts = text.split(omittingEmptySubsequences: false) { $0 == "-" || $0 == "~" }[...]
        guard (2...3).contains(parts.count), text.count(where: { $0 == "~" }) <= 1 else {
            throw Self.unknown(text)
        }
        if countsFromEnd, text.lastIndex(of: "-").map({ $0 > (text.firstIndex(of: "~") ?? $0) }) ?? false {
            throw Self.unknown(text)
        }
        if parts.count == 3, let year = parts.popFirst() {
            years = try Self.elements(year, 1970...2_199)
        }
        if let month = parts.popFirst() { months = try Self.elements(month, 1...12) }
        guard let day = parts.popFirst() else { return }
        days = try Self.elements(day, countsFromEnd ? 1...28 : 1...31)
        guard countsFromEnd, days?.contains(where: { $0.step ?? 0 >= $0.first }) ?? false else { return }
        throw ScheduleError("'\(day)' counts beyond the end of the month: write a smaller step")
    }

    /// `02:30`, `*:0/15:30`.
    private mutating func readTime(_ text: Substring) throws(ScheduleError) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count) else { throw Self.unknown(text) }
        hours = try Self.elements(parts[0], 0...23)
        minutes = try Self.elements(parts[1], 0...59)
        guard parts.count == 3 else { return }
        if parts[2].replacing("..", with: "").contains(".") {
            throw ScheduleError("'\(text)' has fractions of a second: write whole seconds")
        }
        seconds = try Self.elements(parts[2], 0...59)
    }

    /// A component's list; ranges without a step become their values, as systemd has it.
    private static func elements(_ text: Substring, _ range: ClosedRange<Int>) throws(ScheduleError)
        -> [Element]?
    {
        if text == "*" { return nil }
        var elements: Set<Element> = []
        for term in text.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = term.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            let step = parts.count > 1 ? number(parts[1]) : nil
            let bounds = String(parts[0]).components(of: "..").map { number($0[...]) }
            guard parts.count == 1 || (step ?? 0) > 0, (1...2).contains(bounds.count),
                let first = bounds[0], let last = bounds[bounds.count - 1], first <= last,
                range.contains(first), range.contains(last)
            else {
                let all = "\(range.lowerBound) to \(range.upperBound)"
                throw ScheduleError("'\(term)' does not fit its place in the event: write \(all)")
            }
            if step == nil {
                for value in first...last { elements.insert(Element(first: value)) }
            } else {
                elements.insert(Element(first: first, last: bounds.count == 2 ? last : nil, step: step))
            }
        }
        return elements.sorted {
            ($0.first, $0.last ?? 0, $0.step ?? 0) < ($1.first, $1.last ?? 0, $1.step ?? 0)
        }
    }

    private static func number(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.count <= 4, text.allSatisfy({ $0.isASCII && $0.isNumber }) else {
            return nil
        }
        return Int(text)
    }
}

extension String {
    /// The parts between a separator of several characters.
    fileprivate func components(of separator: String) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }
}
