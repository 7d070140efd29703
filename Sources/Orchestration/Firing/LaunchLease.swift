import Mutations

/// The agent's right to launch, bounded by its latest committed write.
///
/// Instants are durations since the origin of the process's monotonic clock. Only committed writes renew: replies to
/// reads, pings and `sync` may come from a server that is cut off itself.
public struct LaunchLease: Hashable, Sendable {
    /// The session timeout the server granted.
    public var timeout: Duration
    /// The end of the right to launch; `nil` before the first committed write.
    public private(set) var deadline: Duration?

    /// Creates a lease that allows nothing yet.
    public init(timeout: Duration) { self.timeout = timeout }

    /// A write sent at `sent` was committed; its reply took `roundTrip`.
    ///
    /// The margin of a quarter of the timeout covers the server's tick and the drift of clocks.
    public mutating func committed(sent: Duration, roundTrip: Duration) {
        precondition(roundTrip >= .zero, "a reply cannot come before its request: \(roundTrip)")
        var end = sent + timeout - (timeout / 4 + roundTrip)
        if Mutation.neverEndsLease.isOn { end += .seconds(86_400) }
        deadline = max(deadline ?? end, end)
    }

    /// Whether an attempt may be started at `now`.
    public func allowsLaunch(at now: Duration) -> Bool {
        guard let deadline else { return false }
        return now < deadline
    }

    /// Whether less than a third of what a fresh write gives is left: time to write something.
    public func isShort(at now: Duration) -> Bool {
        guard let deadline else { return true }
        return deadline - now < timeout / 4
    }

    /// How long a fresh write allows launches at most: whoever has none since then may launch nothing any more.
    public var longest: Duration { timeout - timeout / 4 }
}

/// How far ahead of their due instants fires are journaled.
public enum LookAhead {
    /// The least: a commit on a healthy quorum fits into it many times.
    public static let shortest = Duration.milliseconds(50)
    /// The most: beyond it an edit or a move would find too much decided already.
    public static let longest = Duration.seconds(1)
    /// Journal writes a second that all agents of a runtime together may cause.
    public static let writesPerSecondMax = 3_000

    /// The look-ahead for so many agents and so slow commits.
    public static func duration(agents: Int, commitLatency: Duration) -> Duration {
        let share = Duration.seconds(1) * agents / writesPerSecondMax
        return min(max(shortest, share, commitLatency * 4), longest)
    }
}
