/// A day of a month: by its number, from its end, or as one of its weekdays.
public enum MonthDay: Hashable, Sendable {
    /// The day of this number, 1 to 31; months without it have no such day.
    case day(Int)
    /// The last day of the month, or some days before it.
    case last(minus: Int)
    /// The n-th of a weekday, 1 to 5; months without it have no such day.
    case nth(Int, Weekday)
    /// The last of a weekday.
    case lastOf(Weekday)
    /// The last day from Monday to Friday.
    case lastWorkday

    /// The day in a month of `length` days that begins on weekday `firstWeekday`; `nil` when it has no such day.
    func day(length: Int, firstWeekday: Int) -> Int? {
        let day =
            switch self {
            case .day(let number): number
            case .last(let minus): length - minus
            case .nth(let number, let weekday): Self.first(weekday, firstWeekday) + 7 * (number - 1)
            case .lastOf(let weekday): Self.lastOf(Self.first(weekday, firstWeekday), length: length)
            case .lastWorkday:
                Weekday.working.map { Self.lastOf(Self.first($0, firstWeekday), length: length) }.max() ?? 0
            }
        return (1...length).contains(day) ? day : nil
    }

    private static func first(_ weekday: Weekday, _ firstWeekday: Int) -> Int {
        (weekday.rawValue - firstWeekday + 7) % 7 + 1
    }

    private static func lastOf(_ first: Int, length: Int) -> Int {
        first + (length - first) / 7 * 7
    }
}

extension MonthDay: CustomStringConvertible {
    /// As documents write it: `15`, `last`, `last-2`, `2nd tue`, `last fri`, `last weekday`.
    public var description: String {
        switch self {
        case .day(let number): "\(number)"
        case .last(let minus): minus == 0 ? "last" : "last-\(minus)"
        case .nth(let number, let weekday): "\(ordinal(number)) \(weekday.short)"
        case .lastOf(let weekday): "last \(weekday.short)"
        case .lastWorkday: "last weekday"
        }
    }

    /// In words: "day 15", "the last day", "the 2nd Tuesday".
    var phrase: String {
        switch self {
        case .day(let number): "day \(number)"
        case .last(let minus): minus == 0 ? "the last day" : "the \(ordinal(minus)) day before the last"
        case .nth(let number, let weekday): "the \(ordinal(number)) \(weekday.name)"
        case .lastOf(let weekday): "the last \(weekday.name)"
        case .lastWorkday: "the last weekday"
        }
    }

    /// Parses what documents write.
    public init(parsing text: String) throws(ScheduleError) {
        let words = text.lowercased().split(separator: " ").map(String.init)
        if words.count == 1, let day = Self.plain(words[0]) {
            self = day
        } else if words == ["last", "weekday"] {
            self = .lastWorkday
        } else if words.count == 2, let weekday = Weekday(words[1]), words[0] == "last" {
            self = .lastOf(weekday)
        } else if words.count == 2, let weekday = Weekday(words[1]), let number = Self.number(words[0]) {
            self = .nth(number, weekday)
        } else {
            throw ScheduleError(
                "'\(text)' is no day of a month: write 1 to 31, last, last-2, 2nd tue, last fri or last weekday"
            )
        }
    }

    private static func plain(_ word: String) -> MonthDay? {
        if word == "last" { return .last(minus: 0) }
        if word.hasPrefix("last-"), let minus = Int(word.dropFirst(5)), (0...30).contains(minus) {
            return .last(minus: minus)
        }
        guard let number = Int(word), (1...31).contains(number) else { return nil }
        return .day(number)
    }

    /// The number of an ordinal: `2nd`, `second`.
    static func number(_ word: String) -> Int? {
        let words = ["first", "second", "third", "fourth", "fifth"]
        if let index = words.firstIndex(of: word) { return index + 1 }
        return (1...5).first { ordinal($0) == word }
    }
}
