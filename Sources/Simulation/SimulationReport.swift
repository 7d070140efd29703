/// What is promised, as the simulation checks it (docs/architecture.md §8, docs/protocol.md).
public enum Promise: String, Hashable, Sendable, CaseIterable {
    /// P1: every fire has exactly one disposition; none is silently absent.
    case disposition
    /// P2: no two starts of one fire of a task that runs at most once, and no attempt is started twice.
    case start
    /// P3: a fire that must run at least once was run to an end.
    case completion
    /// P4: runs of a task that must not overlap do not.
    case overlap
    /// P5: epochs never go back.
    case epoch
    /// P6: only the writes of the epoch's leader count.
    case leader
    /// P7: each enabled task has exactly one row, with an agent that lives.
    case allocation
    /// P8: nothing moves without a reason.
    case movement
    /// P9: nothing is launched when the lease has ended.
    case lease
    /// P10: the recorded result of an attempt is the true one, as soon as anybody tells it.
    case result
    /// P13: after the last fault the cluster is as it should be in time.
    case recovery
    /// V1: a fire is in the journal of one incarnation only.
    case journal
    /// V5: a row is in exactly one place.
    case row
    /// V7: a dispatched attempt is in one inbox only, and is taken once.
    case dispatch
    /// What follows from the end of a run is launched, or on record.
    case following
    /// Nothing is left behind that grows with time.
    case resources
}

/// A promise that a simulated cluster has broken.
public struct Violation: Hashable, Sendable {
    /// Which one.
    public let promise: Promise
    /// When it was noticed, since the beginning.
    public let at: Duration
    /// What was seen, for people.
    public let detail: String
}

/// What became of one simulated cluster.
public struct SimulationReport: Sendable {
    /// The seed that gives the same again.
    public let seed: UInt64
    /// The broken promises, in the order in which they were noticed; empty when all were kept.
    public let violations: [Violation]
    /// A number over everything that happened: equal for equal runs.
    public let traceHash: UInt64
    /// Everything that happened, a line each, if it was asked for.
    public let trace: [String]
    /// How often each kind of fault was done.
    public let faults: [FaultKind: Int]
    /// How many processes were started.
    public let startCount: Int
    /// Simulated time.
    public let duration: Duration
}
