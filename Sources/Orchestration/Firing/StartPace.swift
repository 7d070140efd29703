/// Spreads starts so that there are at most so many a second.
///
/// The generic cell rate algorithm in its virtual-scheduling form (ITU-T I.371): each start moves the earliest instant of the next by
/// one interval; starts that come after a pause may be ahead of it by `burst`.
public struct StartPace: Hashable, Sendable {
    /// How far starts may be ahead of an even pace after a pause.
    public static let burst = Duration.milliseconds(100)

    /// Starts a second; `nil` for no limit.
    public var perSecond: Double?
    /// When the next start is due at an even pace, since the clock's origin.
    private var due = Duration.zero

    /// Creates a pace.
    ///
    /// - Parameter perSecond: Starts a second, above zero; `nil` for no limit.
    public init(perSecond: Double? = nil) { self.perSecond = perSecond }

    /// How long to wait for the next start; zero when it may be now.
    public func wait(at now: Duration) -> Duration {
        guard let interval else { return .zero }
        // A single start is never ahead of itself, however slow the pace.
        return max(.zero, due - max(Self.burst - interval, .zero) - now)
    }

    /// Notes a start.
    public mutating func started(at now: Duration) {
        guard let interval else { return }
        due = max(due, now) + interval
    }

    private var interval: Duration? { perSecond.map { .seconds(1) / $0 } }
}
