/// What recipes need from the world besides a session: a clock to wait by and random bits to spread waits with.
public struct RecipeEnvironment: Sendable {
    /// Measures waits.
    public var clock: any Clock<Duration>
    /// Draws 64 random bits.
    public var randomBits: @Sendable () -> UInt64

    /// Creates an environment.
    public init(clock: any Clock<Duration>, randomBits: @escaping @Sendable () -> UInt64) {
        self.clock = clock
        self.randomBits = randomBits
    }

    /// A duration drawn evenly between half of `duration` and all of it.
    func jittered(_ duration: Duration) -> Duration {
        Jitter.spread(duration, bits: randomBits())
    }
}

/// Spreads waits, so that many processes do not act at the same moment.
enum Jitter {
    /// Steps between the shortest and the longest wait.
    private static let steps: UInt64 = 1_024

    /// Between half of `duration` and all of it.
    static func spread(_ duration: Duration, bits: UInt64) -> Duration {
        duration / 2 + (duration / 2) * Int(bits % (steps + 1)) / Int(steps)
    }
}
