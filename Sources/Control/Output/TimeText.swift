import Foundation
import Scheduling

/// Times and durations as people read them.
struct TimeText: Sendable {
    /// The zone times are written in.
    let zone: TimeZone
    /// The time that relative times refer to.
    let now: Instant

    init(zone: TimeZone, now: Instant = Instant(Date())) {
        self.zone = zone
        self.now = now
    }

    /// Local time with its offset and, if any, milliseconds; `-` for none.
    func absolute(_ instant: Instant?) -> String {
        instant.map { $0.formatted(in: zone) } ?? "-"
    }

    /// "in 5m" or "12s ago"; `-` for none.
    func relative(_ instant: Instant?) -> String {
        guard let instant else { return "-" }
        let distance = now.duration(to: instant)
        let text = Self.short(distance < .zero ? .zero - distance : distance)
        return distance < .zero ? "\(text) ago" : "in \(text)"
    }

    /// At most two units, as in `1h30m`, `12s` or `250ms`.
    static func short(_ duration: Duration) -> String {
        let milliseconds = duration.wholeMilliseconds
        let unit: Int64 =
            switch milliseconds {
            case ..<1_000: 1
            case ..<10_000: 100
            case ..<3_600_000: 1_000
            case ..<86_400_000: 60_000
            default: 3_600_000
            }
        if unit == 100 { return "\(milliseconds / 1_000).\(milliseconds / 100 % 10)s" }
        return DurationText(.milliseconds(milliseconds / unit * unit)).text
    }
}
