public import Scheduling

/// Why a task or a run is where it is: facts, each with where it is recorded and what can be done.
public struct Explanation: Hashable, Sendable, Codable {
    /// Kinds of facts, as programs know them.
    public enum Cause: String, Hashable, Sendable, Codable, CaseIterable {
        /// Nobody leads, so that nothing is placed and nothing is known of owners.
        case noLeader = "no-leader"
        /// Its schedules do not count.
        case paused
        /// Its group or its runtime is paused.
        case suspended
        /// It follows the ends of runs, its own or those of others, or the starts of agents.
        case following
        /// It has no schedules.
        case noSchedule = "no-schedule"
        /// Its schedules have no instant to come.
        case scheduleOver = "schedule-over"
        /// Its next instant is days away.
        case farAway = "far-away"
        /// A day is left out.
        case excludedDay = "excluded-day"
        /// Clocks change near the instant.
        case clockChange = "clock-change"
        /// Single fires were changed.
        case fireChanged = "fire-changed"
        /// The schedules have nothing due at the instant.
        case notDue = "not-due"
        /// The instant is before anything that is known of the task.
        case tooEarly = "too-early"
        /// The instant is still to come.
        case stillToCome = "still-to-come"
        /// A schedule has it due.
        case due
        /// Somebody asked for it.
        case requested
        /// No agent of its runtime lives.
        case noAgent = "no-agent"
        /// No agent meets its placement.
        case placement
        /// The agents that could run it are drained.
        case drained
        /// The agents that could run it have no slots.
        case noSlots = "no-slots"
        /// An agent gets nothing because it starts too often.
        case heldBack = "held-back"
        /// It is about to be placed.
        case placing
        /// Its row was revoked and is on its way.
        case revoked
        /// Attempts of a former owner may live.
        case onHold = "on-hold"
        /// It is due, and waits for a slot, for what it needs, or for its turn.
        case waiting
        /// A run of it lives.
        case living
        /// The next fire waits for a living run.
        case queued
        /// Its latest fire gave way to a living run.
        case concurrency
        /// It was skipped for another reason.
        case skipped
        /// Nobody started it in time.
        case missed
        /// Another attempt follows.
        case retrying
        /// Nobody knows how it ended.
        case lost
        /// It ended without success.
        case failed
        /// It ran.
        case ran
        /// The agent that has it is away.
        case agentAway = "agent-away"
        /// It waits for exclusive keys or units of pools.
        case waitsForUnits = "waits-for-units"
        /// All slots of its agent are taken.
        case slotsFull = "slots-full"
        /// The clocks of two machines differ.
        case clockDiffers = "clock-differs"
        /// It started late.
        case late
        /// Why it is on this agent and not on another.
        case place
        /// Which agents have its parts.
        case parts
        /// Everything is as it should be.
        case healthy
        /// There is no record of it.
        case unrecorded
    }

    /// One fact.
    public struct Finding: Hashable, Sendable, Codable {
        /// What kind of fact it is.
        public var cause: Cause
        /// The fact, one sentence.
        public var fact: String
        /// Where it is recorded.
        public var recordedIn: String
        /// What can be done, one sentence; `nil` when there is nothing to do.
        public var advice: String?

        /// Creates a fact.
        public init(_ cause: Cause, _ fact: String, in recordedIn: String, advice: String? = nil) {
            self.cause = cause
            self.fact = fact
            self.recordedIn = recordedIn
            self.advice = advice
        }
    }

    /// What is explained: `task/…` or `run/…`.
    public var subject: String
    /// The instant that was asked about, if any.
    public var at: Instant?
    /// The facts, what matters most first; at least one.
    public var findings: [Finding]

    /// Creates an explanation.
    public init(subject: String, at: Instant? = nil, findings: [Finding]) {
        self.subject = subject
        self.at = at
        self.findings = findings
    }
}
