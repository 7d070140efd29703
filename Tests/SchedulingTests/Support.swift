import Scheduling
import Testing

/// The instant an RFC 3339 text stands for; the test fails when it is none.
func instant(_ text: String) throws -> Instant {
    try #require(Instant(rfc3339: text), "\(text)")
}

/// A cron schedule with options written as words.
func cron(
    _ text: String,
    in timeZone: String = "UTC",
    days: DaysRule = .cron,
    gap: GapRule = .run,
    overlap: OverlapRule = .auto,
    dialect: Dialect = .unix
) throws -> CronExpression {
    let zone = try TimeZoneID(timeZone)
    let options = CronOptions(timeZone: zone, days: days, gap: gap, overlap: overlap, dialect: dialect)
    return try CronExpression(text, options: options)
}

extension CronExpression {
    /// The fires strictly after `start` and before `end`.
    func fires(after start: Instant, before end: Instant) -> [Instant] {
        var fires: [Instant] = []
        var last = start
        while let fire = next(after: last), fire < end {
            fires.append(fire)
            last = fire
        }
        return fires
    }

    /// The first `count` fires strictly after `start`, in local time.
    func fires(_ count: Int, after start: String) throws -> [String] {
        var fires: [String] = []
        var last = try instant(start)
        while fires.count < count, let fire = next(after: last) {
            fires.append(fire.formatted(in: options.timeZone))
            last = fire
        }
        return fires
    }
}

/// A generator whose numbers depend on nothing but its seed (SplitMix64, Steele, Lea and Flood).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
