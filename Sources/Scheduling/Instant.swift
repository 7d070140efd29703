public import Foundation

/// A point in wall-clock time in whole milliseconds since 1970-01-01T00:00:00Z.
///
/// Fires are identified by their due instant across processes and languages, so the value must compare and
/// serialise exactly. `Date` is a binary floating-point number of seconds since 2001 and does neither; that is
/// why the project keeps its own type in spite of the style's preference for `Date`.
public struct Instant: Hashable, Comparable, Sendable {
    /// Milliseconds since the Unix epoch; negative before 1970.
    public var millisecondsSinceEpoch: Int64

    /// Creates an instant from milliseconds since the Unix epoch.
    public init(millisecondsSinceEpoch: Int64) {
        self.millisecondsSinceEpoch = millisecondsSinceEpoch
    }

    /// Creates the instant that contains `date`, rounded down to the millisecond.
    public init(_ date: Date) {
        // Rounding to the nearest microsecond first undoes the error of Date's binary fraction.
        let microseconds = (date.timeIntervalSince1970 * 1_000_000).rounded()
        self.init(millisecondsSinceEpoch: Int64((microseconds / 1_000).rounded(.down)))
    }

    /// The same instant as a Foundation date.
    public var date: Date {
        Date(timeIntervalSince1970: Double(millisecondsSinceEpoch) / 1_000)
    }

    /// The Unix epoch, the anchor of unanchored intervals.
    public static let epoch = Instant(millisecondsSinceEpoch: 0)

    /// Earlier instants are smaller.
    public static func < (left: Instant, right: Instant) -> Bool {
        left.millisecondsSinceEpoch < right.millisecondsSinceEpoch
    }
}

extension Instant {
    /// The instant `duration` later; fractions of a millisecond are rounded down.
    public func advanced(by duration: Duration) -> Instant {
        Instant(millisecondsSinceEpoch: millisecondsSinceEpoch + duration.wholeMilliseconds)
    }

    /// How long it is from this instant until `other`; negative when `other` is earlier.
    public func duration(to other: Instant) -> Duration {
        .milliseconds(other.millisecondsSinceEpoch - millisecondsSinceEpoch)
    }

    /// Whether it is less than `span` away from `now`, on either side.
    ///
    /// Who waits until `span` after an instant asks this, not whether that is still to come: a clock that was ahead may have told the
    /// instant, and nobody is to wait until it comes.
    public func isNear(_ now: Instant, within span: Duration) -> Bool {
        let apart = duration(to: now)
        return apart < span && .zero - span < apart
    }

    /// The instant `duration` later.
    public static func + (instant: Instant, duration: Duration) -> Instant {
        instant.advanced(by: duration)
    }

    /// The instant `duration` earlier.
    public static func - (instant: Instant, duration: Duration) -> Instant {
        instant.advanced(by: .zero - duration)
    }

    /// How long it is from `earlier` to `later`.
    public static func - (later: Instant, earlier: Instant) -> Duration {
        earlier.duration(to: later)
    }
}

extension Duration {
    /// The duration in whole milliseconds, rounded towards negative infinity.
    public var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let fraction = attoseconds / 1_000_000_000_000_000
        let isInexactNegative = attoseconds < 0 && attoseconds % 1_000_000_000_000_000 != 0
        return seconds * 1_000 + fraction - (isInexactNegative ? 1 : 0)
    }

    /// The duration as a floating-point number of seconds, for display and statistics.
    public var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
