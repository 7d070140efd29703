public import Scheduling

/// Which attempts follow one that has failed, and when.
///
/// A lost attempt is another matter: whether one follows it is what `Delivery` says.
public struct Retry: Hashable, Sendable {
    /// What ends an attempt so that another one follows.
    public enum Cause: String, Codable, Hashable, Sendable, CaseIterable {
        /// It ended with another exit code than 0, or by a signal.
        case failed
        /// Its timeout passed.
        case timedOut = "timed-out"
        /// Its program could not be started.
        case notStarted = "not-started"
    }

    /// How the pauses grow.
    public enum Backoff: String, Codable, Hashable, Sendable, CaseIterable {
        /// Always `delay`.
        case constant
        /// `delay`, twice `delay`, three times `delay`, …
        case linear
        /// `delay`, twice, four times, eight times `delay`, …
        case exponential
    }

    /// Where the next attempt is made.
    public enum Location: String, Codable, Hashable, Sendable, CaseIterable {
        /// By the task's owner, else whoever may run it.
        case any
        /// By the agent that made the last one, if it lives and may still run the task.
        case same
        /// By another one than made the last one, if there is one.
        case other
    }

    /// How many attempts there are at most, the first one included; 1 for no further one.
    public var attempts: Int
    /// The pause before the second attempt.
    public var delay: Duration
    /// How the pauses grow.
    public var backoff: Backoff
    /// The longest pause.
    public var maxDelay: Duration
    /// How much of a pause is taken off at random, from 0 to 1, so that those who failed together do not come again together.
    public var jitter: Double
    /// Which ends of an attempt are followed by another.
    public var on: [Cause]
    /// The exit codes after which another follows; `nil` for every code but 0.
    public var exitCodes: [Int32]?
    /// Where the next attempt is made.
    public var agent: Location

    /// Creates a policy; without arguments nothing is attempted again.
    public init(
        attempts: Int = 1,
        delay: Duration = Retry.delayDefault,
        backoff: Backoff = .exponential,
        maxDelay: Duration? = nil,
        jitter: Double = Retry.jitterDefault,
        on: [Cause] = Retry.causesDefault,
        exitCodes: [Int32]? = nil,
        agent: Location = .any
    ) {
        self.attempts = attempts
        self.delay = delay
        self.backoff = backoff
        self.maxDelay = maxDelay ?? max(Self.maxDelayDefault, delay)
        self.jitter = jitter
        self.on = on
        self.exitCodes = exitCodes
        self.agent = agent
    }

    /// The pause before the second attempt, unless another is given.
    public static let delayDefault = Duration.seconds(10)
    /// The longest pause, unless another is given.
    public static let maxDelayDefault = Duration.seconds(600)
    /// Half of the pause, unless another is given.
    ///
    /// ("Equal jitter": M. Brooker, "Exponential Backoff And Jitter", 2015.)
    public static let jitterDefault = 0.5
    /// Failures of the task itself; what times out once mostly does again.
    public static let causesDefault: [Cause] = [.failed, .notStarted]
    /// The most attempts of one run: a task that fails that often needs a person.
    public static let attemptsMax = 100
    /// The longest pause that may be given: what is dispatched is remembered for a day.
    public static let delayMax = Duration.seconds(12 * 3_600)
}

extension Retry {
    /// When the attempt after this one may start; `nil` when none follows.
    public func next(after result: AttemptResult) -> Instant? {
        guard result.attempt.number < attempts, applies(to: result) else { return nil }
        return result.endedAt + pause(after: result.attempt)
    }

    /// What a policy may be about; `nil` for ends that are no failures of the attempt.
    private static func cause(of result: AttemptResult) -> Cause? {
        switch result.outcome {
        case .failed: .failed
        case .timedOut: .timedOut
        case .notStarted: .notStarted
        case .succeeded, .stopped, .missed, .lost: nil
        }
    }

    private func applies(to result: AttemptResult) -> Bool {
        guard let cause = Self.cause(of: result), on.contains(cause) else { return false }
        guard let exitCodes, cause == .failed else { return true }
        return result.exitCode.map { exitCodes.contains($0) } ?? false
    }

    /// Why no attempt follows this one although it failed and fewer were made than there may be; `nil` when there is no such reason.
    public func refusal(after result: AttemptResult) -> String? {
        guard result.attempt.number < attempts, let cause = Self.cause(of: result), !applies(to: result)
        else {
            return nil
        }
        guard on.contains(cause) else { return "retry.on does not name \(cause.rawValue)" }
        return result.exitCode.map { "exit code \($0) is not in retry.exitCodes" }
            ?? "it was ended by a signal, and retry.exitCodes names exit codes"
    }

    /// The pause after an attempt; the same for everybody who asks.
    public func pause(after attempt: AttemptID) -> Duration {
        let factor: Double =
            switch backoff {
            case .constant: 1
            case .linear: Double(attempt.number)
            // 2^20 times the shortest delay is longer than the longest.
            case .exponential: Double(1 << min(attempt.number - 1, 20))
            }
        let full = min(Double(delay.wholeMilliseconds) * factor, Double(maxDelay.wholeMilliseconds))
        let taken = full * jitter * Self.fraction(of: attempt)
        return .milliseconds(Int64(full - taken))
    }

    /// A number from 0 to 1 that looks drawn but is a function of the attempt: FNV-1a (Fowler, Noll and Vo), its upper bits.
    private static func fraction(of attempt: AttemptID) -> Double {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in attempt.description.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        // The last bytes of the text hardly reach the upper bits by themselves: the finalizer of MurmurHash3 (A. Appleby) mixes them.
        hash = (hash ^ (hash >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ (hash >> 33)) &* 0xC4CE_B9FE_1A85_EC53
        return Double((hash ^ (hash >> 33)) >> 11) / Double(1 << 53)
    }
}

extension Retry {
    /// What is wrong with it.
    var problems: [ValidationProblem] {
        var problems: [ValidationProblem] = []
        func refuse(_ field: String, _ message: String) {
            problems.append(ValidationProblem(field: "retry.\(field)", message: message))
        }
        if !(1...Self.attemptsMax).contains(attempts) {
            refuse("attempts", "the attempts must be between 1 (no retry) and \(Self.attemptsMax)")
        }
        if delay < .zero || delay > Self.delayMax { refuse("delay", "the delay must be between 0s and 12h") }
        if maxDelay < delay || maxDelay > Self.delayMax {
            refuse("maxDelay", "the longest delay must be between the delay, \(DurationText(delay)), and 12h")
        }
        if !(0...1).contains(jitter) { refuse("jitter", "the jitter must be between 0 and 1") }
        if on.isEmpty {
            refuse("on", "nothing is attempted again with an empty list; leave retry out, or write [failed]")
        }
        if let exitCodes {
            if !on.contains(.failed) {
                refuse("exitCodes", "exit codes need 'failed' in retry.on")
            } else if exitCodes.isEmpty || !exitCodes.allSatisfy({ (1...255).contains($0) }) {
                refuse("exitCodes", "exit codes must be numbers from 1 to 255")
            }
        }
        return problems
    }
}

extension Retry: Codable {
    private enum Key: String, CodingKey {
        case attempts, delay, backoff, maxDelay, jitter, on, exitCodes, agent
    }

    /// Decodes an object whose absent keys have their defaults; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        self.init(
            attempts: try container.decode(Int.self, forKey: .attempts),
            delay: try container.decodeIfPresent(DurationText.self, forKey: .delay)?.duration
                ?? Self.delayDefault,
            backoff: try container.decodeIfPresent(Backoff.self, forKey: .backoff) ?? .exponential,
            maxDelay: try container.decodeIfPresent(DurationText.self, forKey: .maxDelay)?.duration,
            jitter: try container.decodeIfPresent(Double.self, forKey: .jitter) ?? Self.jitterDefault,
            on: try container.decodeIfPresent([Cause].self, forKey: .on) ?? Self.causesDefault,
            exitCodes: try container.decodeIfPresent([Int32].self, forKey: .exitCodes),
            agent: try container.decodeIfPresent(Location.self, forKey: .agent) ?? .any
        )
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(attempts, forKey: .attempts)
        try container.encode(DurationText(delay), forKey: .delay)
        try container.encode(backoff, forKey: .backoff)
        try container.encode(DurationText(maxDelay), forKey: .maxDelay)
        try container.encode(jitter, forKey: .jitter)
        try container.encode(on, forKey: .on)
        try container.encodeIfPresent(exitCodes, forKey: .exitCodes)
        try container.encode(agent, forKey: .agent)
    }
}
