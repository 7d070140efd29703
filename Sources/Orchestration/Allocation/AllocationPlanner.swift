public import Domain
public import Scheduling

/// Decides which agent owns which task.
///
/// A pure function: equal inputs give equal plans on every center, in whatever order they are given.
///
/// - Owners stay where they are eligible and not overloaded. An agent that leaves moves its own tasks only.
/// - Nobody holds more than ceil(1.05 × its fair share); see ``PlannableAgent/weight``. The share takes constraints into
///   account: what only one agent may run is part of that agent's share, and the other work keeps away from it. Tasks
///   of unequal weight may exceed the bound by less than one task.
/// - An agent that holds much less than its share (under nine tenths), as one that joins, is filled up to it.
/// - Where none of this decides, weighted rendezvous hashing does.
///
/// Under constraints that overlap, keeping the bound may move tasks of agents that had no part in the change.
public enum AllocationPlanner {
    /// Plans the tasks of one runtime; names of agents are unique in that only.
    ///
    /// - Parameters:
    ///   - tasks: All parts that should have an owner; each once.
    ///   - agents: All live agents; each once.
    ///   - current: Present owners, live or not.
    ///   - now: The present, against which agents are held back.
    /// - Returns: What to change; carried out and planned again, nothing is left to change.
    public static func plan(
        tasks: [PlannableTask],
        agents: [PlannableAgent],
        current: [TaskPart: AgentID],
        now: Instant
    ) -> AllocationPlan {
        AllocationDraft(tasks: tasks, agents: agents, current: current, now: now).plan()
    }
}
