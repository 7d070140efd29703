import Domain
import Synchronization
import ZooKeeper

/// How the agent is doing, as its parts note it.
final class AgentGauge: Sendable {
    struct Reading: Hashable, Sendable {
        /// The session's state; `nil` before there is a session.
        var session: SessionState?
        /// The registered incarnation; `nil` while there is none.
        var incarnation: Incarnation?
        var ownedCount = 0
        var running: [AttemptID] = []
        /// Committed fires that wait for their instant or a slot.
        var waitingCount = 0
        /// How many entries of the inbox wait for something other than a slot, and the first of them.
        var heldCount = 0
        var held: [QueuedAttempt] = []
        /// Whether results can be stored.
        var isStoring = true
        var isStopping = false
        /// Why it is not registered, for people.
        var problem: String?
        /// Why it must not register: what ZooKeeper holds is not its cluster, or an older state of it.
        var refusal: String?
    }

    private let state = Mutex(Reading())

    var reading: Reading { state.withLock { $0 } }

    func update(_ change: (inout Reading) -> Void) {
        state.withLock { change(&$0) }
    }
}

extension AgentGauge.Reading {
    /// Why the agent launches nothing now, one sentence; `nil` while it works.
    var obstacle: String? {
        if isStopping { return "the agent is stopping" }
        if !isStoring { return "results cannot be stored: is the disk full?" }
        if incarnation == nil, let refusal { return refusal }
        if incarnation == nil { return problem ?? "the agent is not registered yet" }
        if session?.isConnected != true { return "the connection to ZooKeeper is lost" }
        return nil
    }
}
