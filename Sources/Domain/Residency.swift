public import Scheduling

/// That a task is kept running: one process of it lives at a time, and when it ends the next one begins.
///
/// Its JSON form is `true`, or an object with the keys `restart` and `probe`.
public struct Residency: Hashable, Sendable {
    /// When the next process follows the end of the one before.
    public var restart: Restart
    /// How its agent looks whether the process is healthy; `nil` for not at all.
    public var probe: HealthProbe?

    /// Creates a residency.
    public init(restart: Restart = Restart(), probe: HealthProbe? = nil) {
        self.restart = restart
        self.probe = probe
    }
}

/// When the next process of a resident task follows the end of the one before.
public struct Restart: Hashable, Sendable {
    /// Which ends are followed by another process.
    public enum Cause: String, Codable, Hashable, Sendable, CaseIterable {
        /// All of them.
        case always
        /// All but success.
        case failure
    }

    /// Which ends are followed by another process.
    public var on: Cause
    /// The pause after the first end; doubled after every further one.
    public var delay: Duration
    /// The longest pause.
    public var maxDelay: Duration
    /// A process that lived so long begins the count of ends anew.
    public var resetAfter: Duration

    /// Creates a policy.
    public init(
        on: Cause = .always,
        delay: Duration = Restart.delayDefault,
        maxDelay: Duration? = nil,
        resetAfter: Duration = Restart.resetDefault
    ) {
        self.on = on
        self.delay = delay
        self.maxDelay = maxDelay ?? max(Self.maxDelayDefault, delay)
        self.resetAfter = resetAfter
    }

    /// The pause after the first end, unless another is given.
    public static let delayDefault = Duration.seconds(1)
    /// The longest pause, unless another is given.
    public static let maxDelayDefault = Duration.seconds(300)
    /// How long a process lives to begin the count anew, unless something else is given.
    public static let resetDefault = Duration.seconds(600)
    /// The shortest pause: every restart is journaled and recorded.
    public static let delayMin = Duration.seconds(1)
    /// The longest pause that may be given: what is dispatched is remembered for a day.
    public static let delayMax = Retry.delayMax
    /// The longest life that may be asked for.
    public static let resetMax = Duration.seconds(7 * 86_400)
}

/// A run of a chain that is over, as far as it decides when the next one follows.
public struct RunLife: Hashable, Sendable {
    /// The run.
    public var run: RunID
    /// How it ended; `nil` when it was not launched.
    public var outcome: AttemptOutcome?
    /// When its process was started, else when it was due.
    public var began: Instant
    /// When its end was noticed.
    public var ended: Instant
    /// How many restarts in a row had followed short lives when it began.
    public var restarts: Int

    /// Creates a life.
    public init(
        run: RunID,
        outcome: AttemptOutcome?,
        began: Instant,
        ended: Instant,
        restarts: Int = 0
    ) {
        self.run = run
        self.outcome = outcome
        self.began = began
        self.ended = ended
        self.restarts = restarts
    }
}

extension Run {
    /// What of it decides when the next one of its chain follows; `nil` while it lives, or when it was not launched.
    public var life: RunLife? {
        guard let result = attempts.last?.result else { return nil }
        return RunLife(
            run: id,
            outcome: result.outcome,
            began: result.startedAt ?? due,
            ended: result.endedAt,
            restarts: origin?.restarts ?? 0
        )
    }
}

/// When the run of a chain is due that follows another.
public struct NextLife: Hashable, Sendable {
    /// The due instant.
    public var due: Instant
    /// How many restarts in a row have followed short lives then; 0 in chains of tasks that are not resident.
    public var restarts: Int

    /// Creates a value.
    public init(due: Instant, restarts: Int = 0) {
        self.due = due
        self.restarts = restarts
    }
}

extension Restart {
    /// When the next process follows; `nil` when none does.
    ///
    /// What was stopped by somebody, or because it moves to another agent, is followed at once.
    public func next(after life: RunLife) -> NextLife? {
        switch life.outcome {
        case .stopped: return NextLife(due: life.ended, restarts: life.restarts)
        case .succeeded where on == .failure: return nil
        default: break
        }
        let isLong = life.began.duration(to: life.ended) >= resetAfter
        let restarts = isLong ? 1 : life.restarts + 1
        let pauses = Retry(delay: delay, backoff: .exponential, maxDelay: maxDelay)
        let pause = pauses.pause(after: AttemptID(run: life.run, number: restarts))
        return NextLife(due: life.ended + pause, restarts: restarts)
    }
}

/// How an agent looks whether the process of a resident task is healthy.
public struct HealthProbe: Hashable, Sendable {
    /// What is asked.
    public enum Check: Hashable, Sendable {
        /// A program and its arguments: healthy when it ends with exit code 0.
        case command([String])
        /// The address of a page: healthy when a GET is answered with a status from 200 to 399.
        case http(String)
    }

    /// What is asked.
    public var check: Check
    /// The pause between an answer and the next question.
    public var every: Duration
    /// How long an answer may take; later it is none.
    public var timeout: Duration
    /// After so many bad answers in a row the process is stopped.
    public var failures: Int
    /// From the start of the process to the first question.
    public var startDelay: Duration

    /// Creates a probe.
    public init(
        _ check: Check,
        every: Duration = HealthProbe.everyDefault,
        timeout: Duration = HealthProbe.timeoutDefault,
        failures: Int = HealthProbe.failuresDefault,
        startDelay: Duration = .zero
    ) {
        self.check = check
        self.every = every
        self.timeout = timeout
        self.failures = failures
        self.startDelay = startDelay
    }

    /// The pause between questions, unless another is given.
    public static let everyDefault = Duration.seconds(10)
    /// How long an answer may take, unless something else is given.
    public static let timeoutDefault = Duration.seconds(2)
    /// How many bad answers in a row are too many, unless something else is given.
    public static let failuresDefault = 3
    /// The pauses that may be given: a probe is a process or a connection of its own.
    public static let everyRange = Duration.seconds(1)...Duration.seconds(3_600)
    /// How long an answer may be waited for.
    public static let timeoutRange = Duration.milliseconds(100)...Duration.seconds(60)
    /// How many bad answers in a row may be asked for.
    public static let failuresRange = 1...100
    /// The longest time to the first question.
    public static let startDelayMax = Duration.seconds(3_600)
}
