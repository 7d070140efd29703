public import Domain
public import Scheduling

/// What has to change, and what stays, for every task to have the owner it should have.
///
/// Each part given to the planner is in exactly one of `keep`, `assign`, `move` and `unplaceable`; every list is
/// sorted by part.
public struct AllocationPlan: Hashable, Sendable {
    /// A part and its owner.
    public struct Assignment: Hashable, Sendable {
        /// What is owned.
        public var part: TaskPart
        /// By whom.
        public var agent: AgentID

        /// Creates an assignment.
        public init(part: TaskPart, agent: AgentID) {
            self.part = part
            self.agent = agent
        }
    }

    /// A change of owner.
    public struct Move: Hashable, Sendable {
        /// What is moved.
        public var part: TaskPart
        /// Who owns it now; the agent may be gone.
        public var from: AgentID
        /// Who is to own it.
        public var to: AgentID

        /// Creates a move.
        public init(part: TaskPart, from: AgentID, to: AgentID) {
            self.part = part
            self.from = from
            self.to = to
        }
    }

    /// A part that no agent may own now.
    public struct Unplaceable: Hashable, Sendable {
        /// What is not placed.
        public var part: TaskPart
        /// The task's name.
        public var task: TaskID
        /// What is missing.
        public var reason: UnplaceableReason

        /// Creates an unplaceable part.
        public init(part: TaskPart, task: TaskID, reason: UnplaceableReason) {
            self.part = part
            self.task = task
            self.reason = reason
        }
    }

    /// Parts whose owner stays.
    public var keep: [Assignment]
    /// Parts that had no owner and get one.
    public var assign: [Assignment]
    /// Parts that change their owner.
    public var move: [Move]
    /// Owned parts that are to have no owner: not given as tasks any more, or unplaceable (and then listed there, too).
    public var release: [Assignment]
    /// Parts that no agent may own now.
    public var unplaceable: [Unplaceable]
    /// When time alone may change the plan; `nil` when only an event can.
    public var nextCheck: Instant?

    /// Creates a plan, empty unless something is given.
    public init(
        keep: [Assignment] = [],
        assign: [Assignment] = [],
        move: [Move] = [],
        release: [Assignment] = [],
        unplaceable: [Unplaceable] = [],
        nextCheck: Instant? = nil
    ) {
        self.keep = keep
        self.assign = assign
        self.move = move
        self.release = release
        self.unplaceable = unplaceable
        self.nextCheck = nextCheck
    }

    /// Whether nothing has to be written to reach what the plan wants.
    public var changesNothing: Bool { assign.isEmpty && move.isEmpty && release.isEmpty }

    /// The owner of every placed part once the plan is carried out.
    public var owners: [TaskPart: AgentID] {
        var owners: [TaskPart: AgentID] = [:]
        owners.reserveCapacity(keep.count + assign.count + move.count)
        for kept in keep { owners[kept.part] = kept.agent }
        for assigned in assign { owners[assigned.part] = assigned.agent }
        for moved in move { owners[moved.part] = moved.to }
        return owners
    }
}
