/// A set of days, compiled for searching.
public struct DaySet: Hashable, Sendable {
    /// Days since the epoch, ascending, disjoint and not adjacent.
    private let ranges: [ClosedRange<Int>]
    /// Bit n is set when weekday n is in the set; Sunday is 0.
    private let weekdays: UInt64
    /// The days of every year, by month.
    private let yearly: [YearlyDay]

    /// The days of a selection; what its named calendars say is not among them.
    public init(_ selection: DaySelection) {
        ranges = Self.merged(selection.dates.map(\.days))
        weekdays = .mask(of: selection.weekdays.map(\.rawValue))
        yearly = selection.yearly.sorted { $0.month < $1.month }
    }

    /// The days of a month that are in the set, as bits 1 to 31; `firstDay` is its first day since the epoch.
    func mask(ofMonth month: CivilDate, firstDay: Int) -> UInt64 {
        let length = CivilDate.daysInMonth(month.month, ofYear: month.year)
        var mask = rangeMask(firstDay: firstDay, length: length)
        guard weekdays != 0 || !yearly.isEmpty else { return mask }
        let firstWeekday = CivilDate.weekday(daysSinceEpoch: firstDay)
        if weekdays != 0 {
            for weekday in 0...6 where weekdays.contains(weekday) {
                mask |= UInt64.everySeventhDay << UInt64((weekday - firstWeekday + 7) % 7 + 1)
            }
        }
        for rule in yearly where rule.month == month.month && rule.comes(in: month.year) {
            if let day = rule.day.day(length: length, firstWeekday: firstWeekday) { mask |= 1 << UInt64(day) }
        }
        return mask & .days(length)
    }

    private func rangeMask(firstDay: Int, length: Int) -> UInt64 {
        var mask: UInt64 = 0
        var index = firstIndex(endingAtOrAfter: firstDay)
        while index < ranges.count, ranges[index].lowerBound < firstDay + length {
            let first = max(ranges[index].lowerBound - firstDay + 1, 1)
            let last = min(ranges[index].upperBound - firstDay + 1, length)
            mask |= .days(last) & ~(first > 1 ? .days(first - 1) : 0)
            index += 1
        }
        return mask
    }

    private func firstIndex(endingAtOrAfter day: Int) -> Int {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < day { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func merged(_ ranges: [ClosedRange<Int>]) -> [ClosedRange<Int>] {
        var merged: [ClosedRange<Int>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound <= last.upperBound + 1 {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        return merged
    }
}
