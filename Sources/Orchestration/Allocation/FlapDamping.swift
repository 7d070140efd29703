public import Domain

/// When an agent counts as flapping, and what it has to do about it.
public struct FlapDamping: Hashable, Sendable {
    /// Starts within `window` that are nothing unusual; one more is flapping.
    public var startsMax: Int
    /// How long a start counts.
    public var window: Duration
    /// How long a flapping agent has to stay up before it is given tasks; zero turns damping off.
    public var rejoinDelay: Duration

    /// Creates limits; the defaults let a rolling restart pass and catch five restarts a minute.
    public init(startsMax: Int = 3, window: Duration = .seconds(60), rejoinDelay: Duration = .seconds(60)) {
        self.startsMax = max(1, startsMax)
        self.window = window
        self.rejoinDelay = rejoinDelay
    }
}

/// The recent starts of one runtime's agents, as one leader saw them; pure.
///
/// Kept in memory only: a new leader knows nothing of starts before its own, and gives a flapping agent tasks once more
/// before it has seen enough. An agent that is held back keeps what it has; what it lost to others comes back once, after it
/// was stable for the delay, so that tasks do not go to and fro with it.
public struct FlapHistory: Hashable, Sendable {
    private struct Record: Hashable, Sendable {
        var incarnation: Incarnation
        /// Begins of the incarnations that still count, oldest first, the present one last.
        var starts: [Duration]
        /// Until when the agent is given nothing; `nil` when it is not held back.
        var heldUntil: Duration?
    }

    private var records: [AgentID: Record] = [:]

    /// Creates an empty history.
    public init() {}

    /// Notes which incarnations are there at `now`, a point on the caller's monotonic clock.
    public mutating func note(_ live: [AgentID: Incarnation], now: Duration, _ damping: FlapDamping) {
        for (agent, record) in records where live[agent] == nil {
            // Nobody waits for an agent that does not come back.
            let last = record.heldUntil ?? record.starts.last ?? now
            if now - last > damping.window { records[agent] = nil }
        }
        for (agent, incarnation) in live where records[agent]?.incarnation != incarnation {
            let before = records[agent]?.starts ?? []
            let starts = (before + [now]).filter { now - $0 < damping.window }
            let wasHeld = records[agent]?.heldUntil.map { $0 > now } ?? false
            let flaps = damping.rejoinDelay > .zero && (starts.count > damping.startsMax || wasHeld)
            records[agent] = Record(
                incarnation: incarnation,
                // More than what is needed to tell need not be kept, however fast an agent restarts.
                starts: starts.suffix(damping.startsMax + 1),
                heldUntil: flaps ? now + damping.rejoinDelay : nil
            )
        }
    }

    /// How long each agent that is held back at `now` still is.
    public func held(at now: Duration) -> [AgentID: Duration] {
        records.compactMapValues { record in
            record.heldUntil.flatMap { $0 > now ? $0 - now : nil }
        }
    }
}
