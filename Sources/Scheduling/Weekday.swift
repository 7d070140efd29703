/// A day of the week, written `mon` in documents.
public enum Weekday: Int, Hashable, Sendable, CaseIterable, Comparable {
    /// Numbered from Sunday as 0, as everywhere in this module.
    case sunday
    case monday, tuesday, wednesday, thursday, friday, saturday

    /// The first three letters, as documents write it.
    public var short: String { String(name.prefix(3)).lowercased() }

    /// The English name.
    public var name: String { CronFieldKind.dayOfWeek.names[rawValue] }

    /// The weekday that `text` names by at least three letters, in either case.
    public init?(_ text: some StringProtocol) {
        guard let value = CronFieldKind.dayOfWeek.value(named: String(text), in: .unix) else { return nil }
        self.init(rawValue: value)
    }

    /// Weeks begin on Monday.
    public static func < (left: Weekday, right: Weekday) -> Bool {
        left.daysSinceMonday < right.daysSinceMonday
    }

    /// 0 for Monday, 6 for Sunday.
    var daysSinceMonday: Int { (rawValue + 6) % 7 }

    /// Monday to Friday.
    static let working: [Weekday] = [.monday, .tuesday, .wednesday, .thursday, .friday]

    /// The weekdays a word such as `mon` or `mon-fri` stands for; ranges may wrap around.
    static func parsing(_ text: String) throws(ScheduleError) -> [Weekday] {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let days = parts.map { Weekday($0.filter { $0 != " " }) }
        guard let first = days[0], days.count < 3, let last = days[days.count - 1] else {
            throw ScheduleError(
                "'\(text)' is no day of the week: write mon, tue, wed, thu, fri, sat, sun or mon-fri"
            )
        }
        let count = (last.rawValue - first.rawValue + 7) % 7
        return (0...count).compactMap { Weekday(rawValue: (first.rawValue + $0) % 7) }
    }

    /// The weekdays that words such as `mon` and `mon-fri` stand for, each once, from Monday on.
    public static func list(_ texts: [String]) throws(ScheduleError) -> [Weekday] { try parsing(texts) }

    /// The weekdays of several such words, each once, from Monday on.
    static func parsing(_ texts: [String]) throws(ScheduleError) -> [Weekday] {
        var days: Set<Weekday> = []
        for text in texts { days.formUnion(try parsing(text)) }
        return days.sorted()
    }
}
