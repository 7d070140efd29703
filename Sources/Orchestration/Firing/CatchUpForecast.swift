public import Domain
public import Scheduling

/// How many missed fires a change of a task would have made up for: those that nobody could launch while nobody has the task, and that its
/// misfire policy launches once somebody does; pure.
public struct CatchUpForecast: Sendable {
    /// A part of a task that no agent has.
    public struct IdlePart: Hashable, Sendable {
        /// Which part.
        public var part: Int
        /// Up to when its fires are decided.
        public var cursor: Instant

        /// Creates a part.
        public init(part: Int, cursor: Instant) {
            self.part = part
            self.cursor = cursor
        }
    }

    /// The live agents of the runtime that the task is in.
    private let eligibility: AllocationEligibility
    private let now: Instant
    /// Nothing is counted but what starts.
    private let enumerator = FireEnumerator(countMax: 1)

    /// Creates a forecast of a runtime.
    ///
    /// - Parameters:
    ///   - agents: Its live agents.
    ///   - now: The present.
    public init(agents: [PlannableAgent], now: Instant) {
        eligibility = AllocationEligibility(agents: agents.sorted { $0.agent < $1.agent }, now: now)
        self.now = now
    }

    /// How many runs start at once, once the leader has given the parts to agents; 0 when no agent may run the task.
    public func starts(of task: TaskDefinition, _ parts: [IdlePart]) -> Int {
        let specification = task.specification
        guard specification.isEnabled else { return 0 }
        let key = AllocationEligibility.Key(
            runtime: specification.runtime,
            placement: specification.placement
        )
        guard case .agents = eligibility.verdict(key) else { return 0 }
        return parts.reduce(0) { count, part in
            count + enumerator.catchUps(task.narrowed(to: part.part), after: part.cursor, now: now)
        }
    }
}
