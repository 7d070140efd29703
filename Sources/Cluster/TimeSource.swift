public import Scheduling

/// A point on a process's monotonic clock, which counts on while the machine sleeps and is never set.
public struct MonotonicInstant: Hashable, Comparable, Sendable {
    /// Time since an arbitrary origin, fixed for the process.
    public var sinceOrigin: Duration

    /// Creates a point.
    public init(sinceOrigin: Duration) { self.sinceOrigin = sinceOrigin }

    /// Orders by identity, for stable output.
    public static func < (left: MonotonicInstant, right: MonotonicInstant) -> Bool {
        left.sinceOrigin < right.sinceOrigin
    }

    /// The point `duration` later.
    public static func + (instant: MonotonicInstant, duration: Duration) -> MonotonicInstant {
        MonotonicInstant(sinceOrigin: instant.sinceOrigin + duration)
    }

    /// The point `duration` earlier.
    public static func - (instant: MonotonicInstant, duration: Duration) -> MonotonicInstant {
        MonotonicInstant(sinceOrigin: instant.sinceOrigin - duration)
    }

    /// How long it is from `earlier` to `later`.
    public static func - (later: MonotonicInstant, earlier: MonotonicInstant) -> Duration {
        later.sinceOrigin - earlier.sinceOrigin
    }
}

/// The time as a service sees it; the only way services learn the time.
///
/// *When to run* is asked of the wall clock, *whether I may still run* and *how long to wait* of the monotonic one.
public struct TimeSource: Sendable {
    private let readWall: @Sendable () -> Instant
    private let readMonotonic: @Sendable () -> MonotonicInstant
    private let suspend: @Sendable (MonotonicInstant) async throws -> Void

    /// Creates a time source from a monotonic clock and a wall clock.
    public init<C: Clock>(clock: C, wall: @escaping @Sendable () -> Instant) where C.Duration == Duration {
        let origin = clock.now
        readWall = wall
        readMonotonic = { MonotonicInstant(sinceOrigin: origin.duration(to: clock.now)) }
        suspend = { try await clock.sleep(until: origin.advanced(by: $0.sinceOrigin), tolerance: .zero) }
    }

    /// The wall clock now.
    public var now: Instant { readWall() }

    /// The monotonic clock now.
    public var monotonic: MonotonicInstant { readMonotonic() }

    /// Waits until the monotonic clock reaches `deadline`; throws `CancellationError` when cancelled.
    public func sleep(until deadline: MonotonicInstant) async throws { try await suspend(deadline) }

    /// Waits for `duration` on the monotonic clock; throws `CancellationError` when cancelled.
    public func sleep(for duration: Duration) async throws { try await suspend(monotonic + duration) }
}
