/// The words of a phrase, read from left to right.
struct PhraseCursor {
    /// One word, or a comma.
    struct Word {
        /// As it was written.
        let original: String
        /// In lower case.
        let text: String
        /// Where it begins, as a UTF-8 offset in the phrase.
        let position: Int
    }

    private let words: [Word]
    private(set) var index = 0

    init(_ phrase: String) {
        var words: [Word] = []
        var start = 0
        let bytes = Array(phrase.utf8)
        func add(_ range: Range<Int>) {
            guard !range.isEmpty else { return }
            let original = String(decoding: bytes[range], as: UTF8.self)
            words.append(Word(original: original, text: original.lowercased(), position: range.lowerBound))
        }
        for (position, byte) in bytes.enumerated() {
            let isStop = byte == UInt8(ascii: ".") && position == bytes.count - 1
            guard byte.isSpace || byte == UInt8(ascii: ",") || isStop else { continue }
            add(start..<position)
            if byte == UInt8(ascii: ",") { add(position..<position + 1) }
            start = position + 1
        }
        if start < bytes.count { add(start..<bytes.count) }
        self.words = words
    }

    var isAtEnd: Bool { index == words.count }

    /// The word some places ahead.
    func peek(_ offset: Int = 0) -> String? {
        index + offset < words.count ? words[index + offset].text : nil
    }

    /// The next word as it was written.
    var original: String? { isAtEnd ? nil : words[index].original }

    /// Where the next word begins, or where the last one does at the end.
    var position: Int? { isAtEnd ? words.last?.position : words[index].position }

    mutating func skip(_ count: Int = 1) {
        index = min(index + count, words.count)
    }

    /// Goes back to an index read earlier.
    mutating func rewind(to index: Int) {
        self.index = index
    }

    /// Moves over the next words if they are these.
    mutating func take(_ texts: String...) -> Bool {
        for (offset, text) in texts.enumerated() where peek(offset) != text { return false }
        skip(texts.count)
        return true
    }

    /// Moves over the next word if it is one of these.
    mutating func take(oneOf texts: [String]) -> Bool {
        guard let next = peek(), texts.contains(next) else { return false }
        skip()
        return true
    }

    /// The next words as they were written, with single spaces.
    func joined(_ count: Int) -> String? {
        guard index + count <= words.count else { return nil }
        return words[index..<index + count].map(\.original).joined(separator: " ")
    }
}

extension PhraseCursor {
    /// A whole number in digits or, up to twelve, in words.
    mutating func takeNumber() -> Int? {
        guard let next = peek() else { return nil }
        let names = [
            "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
        ]
        guard let number = names.firstIndex(of: next).map({ $0 + 2 }) ?? Int(next), number > 0 else {
            return nil
        }
        skip()
        return number
    }

    /// A time of day: `8`, `8:30`, `08:30:15`, `8am`, `8 pm`, `noon`, `midnight`.
    mutating func takeTime() -> TimeOfDay? {
        guard let next = peek() else { return nil }
        if next == "noon" || next == "midnight" {
            skip()
            return TimeOfDay(seconds: next == "noon" ? 43_200 : 0)
        }
        var digits = next
        var half = ["am", "pm"].first { next.hasSuffix($0) }
        if half != nil { digits = String(next.dropLast(2)) }
        let isSplit = half == nil && (peek(1) == "am" || peek(1) == "pm")
        if isSplit { half = peek(1) }
        if Int(digits) != nil { digits += ":00" }
        guard let time = try? TimeOfDay(parsing: digits) else { return nil }
        guard let half else {
            skip()
            return time
        }
        guard (3_600..<46_800).contains(time.seconds) else { return nil }
        skip(isSplit ? 2 : 1)
        return TimeOfDay(seconds: time.seconds % 43_200 + (half == "pm" ? 43_200 : 0))
    }

    /// An RFC 3339 time.
    mutating func takeInstant() -> Instant? {
        guard let original, let instant = Instant(rfc3339: original.uppercased()) else { return nil }
        skip()
        return instant
    }

    /// A duration: `90s`, `15 minutes`, `5 min`, `minute`.
    mutating func takeDuration() -> Duration? {
        let start = index
        if let next = peek(), let duration = try? DurationText(parsing: next).duration {
            skip()
            return duration
        }
        let number = takeNumber() ?? 1
        let units = ["second": 1, "sec": 1, "minute": 60, "min": 60, "hour": 3_600, "hr": 3_600]
        if let next = peek(), let seconds = units[next] ?? units[String(next.dropLast())],
            next.last == "s" || units[next] != nil
        {
            skip()
            return .seconds(number * seconds)
        }
        rewind(to: start)
        return nil
    }

    /// One or several weekdays: `monday`, `mondays`, `mon-fri`, `monday to friday`, `weekdays`, `weekends`.
    mutating func takeWeekdays() -> [Weekday]? {
        guard let next = peek() else { return nil }
        switch next {
        case "weekday", "weekdays", "workday", "workdays":
            skip()
            return Weekday.working
        case "business" where peek(1) == "days", "working" where peek(1) == "days":
            skip(2)
            return Weekday.working
        case "weekend", "weekends":
            skip()
            return [.saturday, .sunday]
        default: break
        }
        if let days = try? Weekday.parsing(next), next.contains("-") {
            skip()
            return days
        }
        guard let first = Self.weekday(next) else { return nil }
        skip()
        guard let word = peek(), ["to", "through", "-"].contains(word),
            let last = peek(1).flatMap(Self.weekday),
            let days = try? Weekday.parsing(first.short + "-" + last.short)
        else { return [first] }
        skip(2)
        return days
    }

    /// A weekday, also in the plural.
    private static func weekday(_ word: String) -> Weekday? {
        Weekday(word) ?? (word.hasSuffix("s") ? Weekday(word.dropLast()) : nil)
    }

    /// A month by its name.
    mutating func takeMonth() -> Int? {
        guard let next = peek(), let month = CronFieldKind.month.value(named: next, in: .unix) else {
            return nil
        }
        skip()
        return month
    }

    /// The number of an ordinal: `1st`, `second`, `31st`.
    mutating func takeOrdinal() -> Int? {
        guard let next = peek() else { return nil }
        guard let number = MonthDay.number(next) ?? (6...31).first(where: { ordinal($0) == next }) else {
            return nil
        }
        skip()
        return number
    }

    /// A day of the month: `the last day`, `day 15`, `2nd tuesday`, `15th`, `the last weekday`, `the 2nd day before the last`.
    mutating func takeMonthDay() -> MonthDay? {
        let start = index
        _ = take("the")
        if take("last") {
            if take("day") { return .last(minus: 0) }
            if take("weekday") || take("workday") { return .lastWorkday }
            if let next = peek(), let weekday = Self.weekday(next) {
                skip()
                return .lastOf(weekday)
            }
        } else if take("day"), let number = takeNumber(), number <= 31 {
            return .day(number)
        } else if let number = takeOrdinal() {
            if take("day", "before", "the", "last"), number <= 30 { return .last(minus: number) }
            if number <= 5, let next = peek(), let weekday = Self.weekday(next) {
                skip()
                return .nth(number, weekday)
            }
            _ = take("day")
            return .day(number)
        }
        rewind(to: start)
        return nil
    }

    /// A zone by its IANA name; throws when a word looks like one and is none.
    mutating func takeZone() throws(ScheduleError) -> TimeZoneID? {
        guard let original else { return nil }
        do throws(ScheduleError) {
            let zone = try TimeZoneID(original)
            skip()
            return zone
        } catch {
            // `15/2` is no zone anybody meant.
            guard original.contains("/"), original.first?.isLetter == true else { return nil }
            throw ScheduleError(error.message, at: position)
        }
    }
}
