import Foundation
import Scheduling

/// A random expression together with a naive model of what it means, built from the same draws.
struct CronModel {
    /// The expression.
    private(set) var text: String
    private(set) var rule: DaysRule
    private(set) var gap: GapRule
    private(set) var overlap: OverlapRule

    private var minutes: Drawn
    private var hours: Drawn
    private var months: Drawn
    private var days: DrawnDays
    private var weekdays: DrawnDays

    /// Draws an expression; `isDaily` fixes its time so that only days vary.
    init(using generator: inout SeededGenerator, isDaily: Bool) {
        minutes = isDaily ? Drawn(value: 7) : Drawn(0...59, using: &generator)
        hours = isDaily ? Drawn(value: 12) : Drawn(0...23, using: &generator)
        days = DrawnDays.ofMonth(using: &generator)
        months =
            isDaily && Bool.random(using: &generator) ? Drawn(1...12, using: &generator) : Drawn(any: 1...12)
        weekdays = DrawnDays.ofWeek(using: &generator)
        rule = DaysRule.allCases.randomElement(using: &generator) ?? .cron
        gap = Bool.random(using: &generator) ? .run : .skip
        overlap = OverlapRule.allCases.randomElement(using: &generator) ?? .auto
        text = [minutes.text, hours.text, days.text, months.text, weekdays.text].joined(separator: " ")
    }

    func expression(in zone: String) throws -> CronExpression {
        try cron(text, in: zone, days: rule, gap: gap, overlap: overlap)
    }

    /// The fires after `start` and before `end`, found by looking at every minute.
    func fires(after start: Instant, before end: Instant, in zone: TimeZone) -> [Instant] {
        var fires: [Instant] = []
        var second = start.millisecondsSinceEpoch / 1_000 + 60
        while second * 1_000 < end.millisecondsSinceEpoch {
            if firesAt(second, in: zone) { fires.append(Instant(millisecondsSinceEpoch: second * 1_000)) }
            second += 60
        }
        return fires
    }

    private func firesAt(_ second: Int64, in zone: TimeZone) -> Bool {
        func offset(_ second: Int64) -> Int64 {
            Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second))))
        }
        let before = offset(second - 60)
        let now = offset(second)
        if now > before, gap == .run,
            stride(from: second + before, to: second + now, by: 60).contains(where: matches)
        {
            return true
        }
        guard matches(second + now) else { return false }
        let isInterval = minutes.isInterval || hours.isInterval
        let isSecondTime = [1_800, 3_600].contains { offset(second - $0) - $0 == now }
        return !isSecondTime || overlap == .both || (overlap == .auto && isInterval)
    }

    private func matches(_ local: Int64) -> Bool {
        let minute = Int(local / 60)
        guard minutes.values.contains(minute % 60), hours.values.contains(minute / 60 % 24) else {
            return false
        }
        let date = Date(timeIntervalSince1970: Double(local))
        let parts = Self.calendar.dateComponents([.month, .day, .weekday], from: date)
        guard let month = parts.month, let day = parts.day, let weekday = parts.weekday,
            let length = Self.calendar.range(of: .day, in: .month, for: date)?.count,
            months.values.contains(month)
        else { return false }
        let isDay = days.matches(day, weekday - 1, length)
        let isWeekday = weekdays.matches(day, weekday - 1, length)
        let areBothRestricted =
            rule == .cron
            ? !days.text.hasPrefix("*") && !weekdays.text.hasPrefix("*")
            : rule == .either && !days.isFree && !weekdays.isFree
        return areBothRestricted ? isDay || isWeekday : isDay && isWeekday
    }

    private static let calendar: Calendar = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        return calendar
    }()
}

/// A random field of plain values: its text and the values, counted one by one.
private struct Drawn {
    let text: String
    let values: Set<Int>
    let isInterval: Bool

    init(value: Int) {
        self.init(text: "\(value)", values: [value], isInterval: false)
    }

    init(any range: ClosedRange<Int>) {
        self.init(text: "*", values: Set(range), isInterval: true)
    }

    init(_ range: ClosedRange<Int>, using generator: inout SeededGenerator) {
        let terms = (0...Int.random(in: 0...2, using: &generator)).map { _ in
            Self.term(range, using: &generator)
        }
        self.init(
            text: terms.map(\.text).joined(separator: ","),
            values: terms.reduce(into: []) { $0.formUnion($1.values) },
            isInterval: terms.contains(where: \.isInterval)
        )
    }

    private init(text: String, values: Set<Int>, isInterval: Bool) {
        self.text = text
        self.values = values
        self.isInterval = isInterval
    }

    private static func term(_ range: ClosedRange<Int>, using generator: inout SeededGenerator) -> Drawn {
        let first = Int.random(in: range, using: &generator)
        let last = Int.random(in: range, using: &generator)
        let step = Int.random(in: 1...range.count, using: &generator)
        return switch Int.random(in: 0...4, using: &generator) {
        case 0:
            Drawn(
                text: "*/\(step)",
                values: walk(range.lowerBound, range.upperBound, step, range),
                isInterval: true
            )
        case 1: Drawn(text: "\(first)-\(last)", values: walk(first, last, 1, range), isInterval: true)
        case 2:
            Drawn(text: "\(first)-\(last)/\(step)", values: walk(first, last, step, range), isInterval: true)
        case 3:
            Drawn(
                text: "\(first)/\(step)",
                values: walk(first, range.upperBound, step, range),
                isInterval: true
            )
        default: Drawn(value: first)
        }
    }

    /// Every `step`-th value on the way from `first` to `last`, stepping one by one and wrapping around.
    private static func walk(_ first: Int, _ last: Int, _ step: Int, _ range: ClosedRange<Int>) -> Set<Int> {
        var values: Set<Int> = []
        var value = first
        var count = 0
        while true {
            if count % step == 0 { values.insert(value) }
            if value == last { return values }
            value = value == range.upperBound ? range.lowerBound : value + 1
            count += 1
        }
    }
}

/// A random day field: its text, and whether a day with a weekday matches in a month of some length.
private struct DrawnDays {
    let text: String
    let matches: (_ day: Int, _ weekday: Int, _ length: Int) -> Bool

    /// Whether a term of the field is a wildcard that leaves nothing out.
    var isFree: Bool { text.split(separator: ",").contains { $0 == "*" || $0 == "*/1" } }

    static func ofMonth(using generator: inout SeededGenerator) -> DrawnDays {
        let number = Int.random(in: 1...31, using: &generator)
        let minus = Int.random(in: 0...30, using: &generator)
        switch Int.random(in: 0...6, using: &generator) {
        case 0: return DrawnDays(text: "*") { _, _, _ in true }
        case 1: return DrawnDays(text: "L") { day, _, length in day == length }
        case 2: return DrawnDays(text: "L-\(minus)") { day, _, length in day == length - minus }
        case 3:
            return DrawnDays(text: "\(number)W,L-\(minus)W") { day, weekday, length in
                isNearest(day, weekday, to: number, length)
                    || isNearest(day, weekday, to: length - minus, length)
            }
        default:
            let drawn = Drawn(1...31, using: &generator)
            return DrawnDays(text: drawn.text) { day, _, _ in drawn.values.contains(day) }
        }
    }

    static func ofWeek(using generator: inout SeededGenerator) -> DrawnDays {
        let names = ["sun", "MON", "Tuesday", "wed", "THUR", "fri", "Sat"]
        let meant = Int.random(in: 0...6, using: &generator)
        let number = Int.random(in: 1...5, using: &generator)
        switch Int.random(in: 0...5, using: &generator) {
        case 0, 1: return DrawnDays(text: "*") { _, _, _ in true }
        case 2:
            return DrawnDays(text: "\(names[meant])L") { day, weekday, length in
                weekday == meant && day + 7 > length
            }
        case 3:
            return DrawnDays(text: "\(meant)#\(number),6") { day, weekday, _ in
                weekday == 6 || weekday == meant && (day - 1) / 7 + 1 == number
            }
        default:
            let drawn = Drawn(0...6, using: &generator)
            return DrawnDays(text: drawn.text) { _, weekday, _ in drawn.values.contains(weekday) }
        }
    }

    /// Whether `day` is the weekday of its month that is closest to `target`, tried one by one.
    private static func isNearest(_ day: Int, _ weekday: Int, to target: Int, _ length: Int) -> Bool {
        guard (1...length).contains(target) else { return false }
        let weekdays = (1...length).filter { (1...5).contains((weekday + $0 - day + 35) % 7) }
        return weekdays.min { abs($0 - target) < abs($1 - target) } == day
    }
}
