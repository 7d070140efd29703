/// A day that comes every year, written `12-25`, `4th thu nov` or `last mon may`.
///
/// Years may be limited, as in `12-25 from 2020 until 2030 every 2 years`.
public struct YearlyDay: Hashable, Sendable {
    /// The month, 1 to 12.
    let month: Int
    /// The day in it.
    let day: MonthDay
    /// The first and the last year that has it.
    let years: ClosedRange<Int>
    /// It comes in the first year and every so many years after it.
    let interval: Int

    /// The years that are searched.
    static let allYears = CronPattern.yearMin...CronPattern.yearMax

    /// Creates a day; `years` are within `allYears`.
    init(month: Int, day: MonthDay, years: ClosedRange<Int> = allYears, interval: Int = 1) {
        self.month = month
        self.day = day
        self.years = years
        self.interval = interval
    }

    /// Whether it comes in a year.
    func comes(in year: Int) -> Bool {
        years.contains(year) && (year - years.lowerBound) % interval == 0
    }

    /// Parses what documents write.
    public init(parsing text: String) throws(ScheduleError) {
        var words = text.lowercased().split(separator: " ").map(String.init)
        let count = words.firstIndex { ["from", "until", "every"].contains($0) } ?? words.count
        guard let (month, day) = Self.day(Array(words[..<count])) else { throw Self.unreadable(text) }
        words.removeFirst(count)
        var (first, last, interval) = (Self.allYears.lowerBound, Self.allYears.upperBound, 1)
        while words.count >= 2 {
            guard let number = Int(words[1]) else { throw Self.unreadable(text) }
            switch words[0] {
            case "from" where Self.allYears.contains(number): first = number
            case "until" where Self.allYears.contains(number): last = number
            case "every" where (1...100).contains(number) && words.count > 2 && words[2].hasPrefix("year"):
                interval = number
                words.removeFirst()
            default: throw Self.unreadable(text)
            }
            words.removeFirst(2)
        }
        guard words.isEmpty else { throw Self.unreadable(text) }
        guard first <= last else {
            throw ScheduleError(
                "'\(text)' ends in \(last), before it begins in \(first): write the earlier year after 'from'"
            )
        }
        self.init(month: month, day: day, years: first...last, interval: interval)
    }

    private static func day(_ words: [String]) -> (Int, MonthDay)? {
        if words.count == 1 {
            var cursor = TextCursor(words[0])
            guard let month = cursor.takeNumber(digits: 2), cursor.take("-"),
                let day = cursor.takeNumber(digits: 2), cursor.isAtEnd,
                (1...12).contains(month), (1...CivilDate.daysInMonth(month, ofYear: 2_000)).contains(day)
            else { return nil }
            return (month, .day(day))
        }
        guard let name = words.last, let month = CronFieldKind.month.value(named: name, in: .unix),
            let day = try? MonthDay(parsing: words.dropLast().joined(separator: " "))
        else { return nil }
        return (month, day)
    }

    private static func unreadable(_ text: String) -> ScheduleError {
        ScheduleError(
            "'\(text)' is no day of the year: write 12-25, 4th thu nov, last mon may or 12-25 from 2020"
        )
    }
}

extension YearlyDay: CustomStringConvertible {
    /// As documents write it.
    public var description: String {
        let name = CronFieldKind.month.names[month - 1].prefix(3).lowercased()
        let day =
            switch day {
            case .day(let number): twoDigits(month) + "-" + twoDigits(number)
            default: "\(day) \(name)"
            }
        let from = years.lowerBound == Self.allYears.lowerBound ? "" : " from \(years.lowerBound)"
        let until = years.upperBound == Self.allYears.upperBound ? "" : " until \(years.upperBound)"
        return day + from + until + (interval == 1 ? "" : " every \(interval) years")
    }
}
