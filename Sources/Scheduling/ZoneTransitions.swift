import Foundation
import Synchronization

/// A stretch of time during which a zone's offset from UTC does not change; in seconds since the epoch.
struct ZoneSpan {
    /// The first second of the stretch; `Int.min` for the first one.
    var start: Int
    /// The first second after the stretch; `Int.max` for the last one.
    var end: Int
    /// Local time minus UTC.
    var offset: Int
    /// The offset that applied before `start`.
    var previousOffset: Int
}

/// All changes of a zone's offset from 1900 to 2200, so that none is asked from Foundation while searching.
///
/// After 2200, like before 1900, the zone is taken to keep its offset.
final class ZoneTransitions: Sendable {
    /// When each span begins, ascending; the first is `Int.min`.
    private let starts: [Int]
    /// The offset of each span.
    private let offsets: [Int]

    /// UTC never changes.
    static let utc = ZoneTransitions(starts: [.min], offsets: [0])

    private init(starts: [Int], offsets: [Int]) {
        precondition(starts.count == offsets.count && !starts.isEmpty)
        self.starts = starts
        self.offsets = offsets
    }

    /// The table of `timeZone`; computed at its first use in the process, a millisecond's work, then shared.
    static func of(_ timeZone: TimeZone, named identifier: String) -> ZoneTransitions {
        tables.withLock { tables in
            if let known = tables[identifier] { return known }
            let table = ZoneTransitions(reading: timeZone)
            tables[identifier] = table
            return table
        }
    }

    /// One immutable table per zone; remembering them changes no result.
    private static let tables = Mutex<[String: ZoneTransitions]>([:])

    private convenience init(reading timeZone: TimeZone) {
        let end = Instant(secondsSinceEpoch: CivilDate(year: 2_200, month: 1, day: 1).daysSinceEpoch * 86_400)
            .date
        var date = Instant(
            secondsSinceEpoch: CivilDate(year: 1_900, month: 1, day: 1).daysSinceEpoch * 86_400
        ).date
        var starts = [Int.min]
        var offsets = [timeZone.secondsFromGMT(for: date)]
        while let next = timeZone.nextDaylightSavingTimeTransition(after: date), next > date, next < end {
            let offset = timeZone.secondsFromGMT(for: next)
            if offset != offsets.last {
                starts.append(Int(next.timeIntervalSince1970.rounded()))
                offsets.append(offset)
            }
            date = next
        }
        self.init(starts: starts, offsets: offsets)
    }

    /// Local time minus UTC at a second.
    func offset(atSecond second: Int) -> Int {
        offsets[index(ofSecond: second)]
    }

    /// The stretch of constant offset that contains a second.
    func span(containing second: Int) -> ZoneSpan {
        let index = index(ofSecond: second)
        return ZoneSpan(
            start: starts[index],
            end: index + 1 < starts.count ? starts[index + 1] : .max,
            offset: offsets[index],
            previousOffset: offsets[max(0, index - 1)]
        )
    }

    /// The index of the last span that begins at or before a second.
    private func index(ofSecond second: Int) -> Int {
        var low = 0
        var high = starts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= second { low = middle } else { high = middle }
        }
        return low
    }
}
