public import Domain
public import Scheduling

/// A run as the API shows it.
public struct RunPayload: Hashable, Sendable, Codable {
    /// The run's identity.
    public var id: RunID
    /// The task's name.
    public var task: TaskID
    /// The task's uid.
    public var uid: TaskUID
    /// Shard or broadcast part, else 0.
    public var part: Int
    /// How many shards its fire has, of which `part` is one; absent for a task without shards.
    public var shards: Int?
    /// The shard's name; absent when it has none.
    public var shard: String?
    /// The runs of all parts of its fire or request, its own included, which only the run's own page has; absent for the only run.
    public var parts: PartsPayload?
    /// The task's runtime.
    public var runtime: RuntimeID
    /// The due instant; for a request, when it was requested, or the later instant at which it is to start.
    public var due: Instant
    /// Why it exists.
    public var trigger: Trigger
    /// Where it stands.
    public var state: RunState
    /// Why it was skipped or missed.
    public var reason: String?
    /// How many due instants this record stands for; more than 1 only for a range that was missed or skipped.
    public var count: Int
    /// The first due instant of such a range, of which `due` is the last.
    public var since: Instant?
    /// Its attempts, sorted by number.
    public var attempts: [AttemptPayload]
    /// The runs whose ends led to it; absent when none did.
    public var parents: [RunID]?
    /// What the runs that follow one another have in common; absent when its due instant or its request says so.
    public var occasion: String?
    /// The backfill that it belongs to; absent when it belongs to none.
    public var backfill: BackfillID?
    /// Who is to end it: an agent's name, or `(leader)` when the agent is gone; absent once it has ended.
    public var owner: String?
    /// When the task's timeout has ended it at the latest; absent without a timeout, and once it has ended.
    public var deadline: Instant?

    /// How far the attempt is that runs, or how far the last one was; absent when it does not say.
    public var progress: RunProgress?
    /// What the attempt says of itself that runs, or what the last one said; absent when it says nothing.
    public var status: RunStatus?
    /// What the probe of the attempt that runs found; absent without one.
    public var health: RunHealth?
    /// What its last attempt told under names, or has told so far, which only the run's own page has; absent when that is nothing.
    public var outputs: [String: OutputValue]?
    /// How many values the attempt that runs has told besides, which are seen when it has ended; absent for none.
    public var outputsLeftOut: Int?
    /// What the runs told that it came after, by task, which only the run's own page has; absent when it was given nothing.
    public var inputs: TaskOutputs?
    /// What of that was not understood, and why there is no result, on the run's own page; absent when all was.
    public var warnings: [String]?

    /// The values of its parameters; absent when it has none.
    public var parameters: [String: String]?
    /// The instant it is meant for, when it is not the due instant.
    public var meantFor: Instant?
    /// When it was requested, of a run that was put off until it is due.
    public var askedAt: Instant?
    /// Why it was requested, or why its fire was changed.
    public var note: String?
    /// Who requested it, or changed its fire, in their own words.
    public var requestedBy: String?
    /// When its fire would have been due, had nobody shifted it.
    public var shiftedFrom: Instant?
    /// The run it repeats.
    public var retryOf: RunID?
    /// The runs that repeat it, oldest first; only one run's own page has them.
    public var retriedBy: [RunID]?

    /// Adds what the run was given by those before it, which only its own page has.
    public mutating func add(_ inputs: TaskOutputs?) {
        self.inputs = inputs.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Adds what is known of the attempt that runs.
    public mutating func add(_ news: ProgressNote?) {
        (progress, status, health) = (news?.progress, news?.status, news?.health)
    }

    /// Adds what the attempt that runs has told under names so far, which only its own page has.
    public mutating func add(_ told: OutputsSoFar?) {
        guard let told else { return }
        outputs = told.values.isEmpty ? nil : told.values
        outputsLeftOut = told.leftOut > 0 ? told.leftOut : nil
    }

    /// Adds what the run told, which only its own page has.
    public mutating func add(_ account: AttemptAccount?, missing: Int) {
        progress = account?.progress ?? progress
        status = account?.status ?? status
        if let outputs = account?.outputs, !outputs.isEmpty { self.outputs = outputs }
        var warnings = account?.warnings ?? []
        if missing > 0 {
            warnings.append(
                "it told \(missing) output\(missing == 1 ? "" : "s"), of which only its agent has a record, which has not come"
            )
        }
        if !warnings.isEmpty { self.warnings = warnings }
    }

    /// The owner of a run whose agent is gone: no agent can have this name, which is not valid for one.
    public static let leader = "(leader)"

    /// Creates the payload of a run.
    public init(_ run: Run) {
        id = run.id
        task = run.task
        uid = run.uid
        part = run.part
        runtime = run.runtime
        due = run.due
        trigger = run.trigger
        state = run.state
        reason = run.reason
        count = run.count
        since = run.since
        attempts = run.attempts.map(AttemptPayload.init)
        parents = run.origin?.parents
        occasion = run.origin?.occasion
        backfill = run.origin?.backfill
        guard let terms = run.terms else { return }
        parameters = terms.parameters.isEmpty ? nil : terms.parameters
        meantFor = terms.meantFor
        askedAt = terms.askedAt
        note = terms.note
        requestedBy = terms.requestedBy
        shiftedFrom = terms.shiftedFrom
        retryOf = terms.retryOf
    }
}

/// The runs of the parts of one fire or request.
public struct PartsPayload: Hashable, Sendable, Codable {
    /// The run of one part.
    public struct Part: Hashable, Sendable, Codable {
        /// The part.
        public var part: Int
        /// Its run.
        public var run: RunID
        /// Where it stands.
        public var state: RunState
        /// Where its latest attempt ran; absent without one.
        public var agent: AgentID?
        /// The shard's name; absent when it has none.
        public var shard: String?
        /// What its last attempt told under names, once it is over; absent when that is nothing, or left out.
        public var outputs: [String: OutputValue]?

        /// Creates the payload of a part.
        public init(_ run: Run, shard: String? = nil) {
            part = run.part
            self.shard = shard
            self.run = run.id
            state = run.state
            agent = run.attempts.last?.agent
        }
    }

    /// How many parts there are.
    public var total: Int
    /// How they stand together; absent while a part has no record and the others are over.
    public var state: RunState?
    /// Those that there are records of, sorted by part.
    public var runs: [Part]
    /// How many of them have outputs that are left out, because all together are too large; absent for none.
    ///
    /// Their own pages have them.
    public var outputsLeftOut: Int?

    /// Creates the payload of parts, with what they told as far as there is room.
    ///
    /// - Parameters:
    ///   - total: How many there are.
    ///   - state: How they stand together.
    ///   - runs: Those that there are records of.
    ///   - names: The names of shards, by part.
    public init(total: Int, state: RunState?, runs: [Run], names: [Int: String] = [:]) {
        self.total = total
        self.state = state
        self.runs = []
        var (bytes, leftOut) = (0, 0)
        for run in runs {
            var part = Part(run, shard: names[run.part])
            if run.state.isFinal, let told = run.lastAccount?.outputs, !told.isEmpty {
                let size = OutputValue.bytes(of: told)
                if bytes + size <= Self.outputBytesMax {
                    bytes += size
                    part.outputs = told
                } else {
                    leftOut += 1
                }
            }
            self.runs.append(part)
        }
        outputsLeftOut = leftOut > 0 ? leftOut : nil
    }

    /// Bytes of the outputs of all parts together: one answer holds them.
    public static let outputBytesMax = 1_024 * 1_024
}

/// One attempt of a run as the API shows it.
public struct AttemptPayload: Hashable, Sendable, Codable {
    /// Counted from 1.
    public var number: Int
    /// Where it ran.
    public var agent: AgentID
    /// Which start of the agent.
    public var incarnation: Incarnation
    /// The task's revision it ran with.
    public var revision: Int
    /// When the process was started.
    public var startedAt: Instant?
    /// When its end was noticed; absent while it runs.
    public var endedAt: Instant?
    /// How it ended; absent while it runs.
    public var outcome: AttemptOutcome?
    /// The exit code, if the process exited.
    public var exitCode: Int32?
    /// The signal, if one ended the process.
    public var signal: Int32?
    /// Why it failed, where that is known beyond the exit code and the signal.
    public var cause: FailureCause?
    /// What it used; absent while it runs, and when nobody knows.
    public var usage: AttemptUsage?
    /// One sentence for people, where the outcome does not say it all.
    public var message: String?
    /// What was recorded before the truth was known; present when the attempt was called lost and is not.
    public var corrected: CorrectionPayload?

    /// Creates the payload of an attempt.
    public init(_ attempt: RunAttempt) {
        number = attempt.number
        agent = attempt.agent
        incarnation = attempt.incarnation
        revision = attempt.revision
        startedAt = attempt.startedAt ?? attempt.result?.startedAt
        endedAt = attempt.result?.endedAt
        outcome = attempt.result?.outcome
        exitCode = attempt.result?.exitCode
        signal = attempt.result?.signal
        cause = attempt.result?.cause
        usage = attempt.result?.usage
        message = attempt.result?.message
        corrected = attempt.isCorrected ? attempt.lost.map(CorrectionPayload.init) : nil
    }
}

/// A record that the truth has corrected.
public struct CorrectionPayload: Hashable, Sendable, Codable {
    /// What was recorded: lost.
    public var outcome: AttemptOutcome
    /// When it was recorded.
    public var recordedAt: Instant
    /// Why, in one sentence.
    public var message: String?

    /// Creates the payload of a record that does not stand any more.
    public init(_ record: AttemptResult) {
        outcome = record.outcome
        recordedAt = record.endedAt
        message = record.message
    }
}

/// The answer to a request to run, stop or kill: the run it is about.
public struct RunAccepted: Hashable, Sendable, Codable {
    /// The run.
    public var run: RunID
    /// The runs of all parts, when there are several, the first of which is `run`.
    public var runs: [RunID]?

    /// Creates an answer.
    public init(run: RunID, runs: [RunID]? = nil) {
        self.run = run
        self.runs = runs
    }
}
