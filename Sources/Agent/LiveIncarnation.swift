import Cluster
import Domain
import Orchestration
import Synchronization

/// One registered incarnation while it lives: its ledger, its lease, and what its journal lane has to look at.
final class LiveIncarnation: Sendable {
    /// What the journal lane has to read again, or write.
    struct Wishes: Hashable, Sendable {
        var table = true
        var inbox = true
        var renewal = false
    }

    private struct State {
        var lease: LaunchLease
        var epoch: Epoch?
        var timeline: Nonce?
        var fenceBase: Int32 = 0
        var wishes = Wishes()
        var claims: [UnitClaim] = []
        var returned: [AttemptID] = []
        var isOver = false
    }

    let incarnation: Incarnation
    let ledger: Mutex<AgentLedger>
    /// Wakes the journal lane.
    let bell = Bell()
    private let state: Mutex<State>

    init(incarnation: Incarnation, ledger: AgentLedger, timeout: Duration) {
        self.incarnation = incarnation
        self.ledger = Mutex(ledger)
        state = Mutex(State(lease: LaunchLease(timeout: timeout)))
    }

    /// Whether the incarnation may launch and write no more.
    var isOver: Bool { state.withLock(\.isOver) }

    /// The epoch of the head that the incarnation follows.
    var epoch: Epoch? { state.withLock(\.epoch) }

    /// Until when committed fires may be started; `nil` when never.
    var launchDeadline: MonotonicInstant? {
        state.withLock { $0.isOver ? nil : $0.lease.deadline.map(MonotonicInstant.init(sinceOrigin:)) }
    }

    func allowsLaunch(at now: MonotonicInstant) -> Bool {
        state.withLock { !$0.isOver && $0.lease.allowsLaunch(at: now.sinceOrigin) }
    }

    func isLeaseShort(at now: MonotonicInstant) -> Bool {
        state.withLock { $0.lease.isShort(at: now.sinceOrigin) }
    }

    /// How long the right to launch lasts without a write, as the session stands.
    var leaseLength: Duration { state.withLock(\.lease.longest) }

    func committed(sent: MonotonicInstant, roundTrip: Duration) {
        state.withLock { $0.lease.committed(sent: sent.sinceOrigin, roundTrip: roundTrip) }
    }

    func granted(_ timeout: Duration) { state.withLock { $0.lease.timeout = timeout } }

    func follow(_ epoch: Epoch?) { state.withLock { $0.epoch = epoch ?? $0.epoch } }

    /// The timeline the incarnation works in; `nil` until one was seen.
    var timeline: Nonce? { state.withLock(\.timeline) }

    /// How far ahead of ZooKeeper's own count the fencing tokens of the timeline are.
    var fenceBase: Int32 { state.withLock(\.fenceBase) }

    /// Enters the timeline of the cluster, before the first row is read; what was due until it began is not launched.
    func enter(_ identity: ClusterIdentity) {
        state.withLock { state in
            state.timeline = identity.timeline
            state.fenceBase = identity.fenceBase ?? 0
        }
        ledger.withLock { $0.floor = identity.floor }
    }

    func end() { state.withLock { $0.isOver = true } }

    /// Asks the journal lane for something.
    func wish(_ change: (inout Wishes) -> Void) {
        state.withLock { change(&$0.wishes) }
        bell.ring()
    }

    /// Asks the journal lane to make claims.
    func claim(_ claims: [UnitClaim]) {
        state.withLock { $0.claims += claims }
        bell.ring()
    }

    /// Hands over the claims to be made, at most so many.
    func takeClaims(limit: Int) -> [UnitClaim] {
        state.withLock { state in
            let taken = Array(state.claims.prefix(limit))
            state.claims.removeFirst(taken.count)
            return taken
        }
    }

    /// Asks the journal lane to give back what an attempt holds that is not to begin now.
    func giveBack(_ attempt: AttemptID) {
        state.withLock { $0.returned.append(attempt) }
        bell.ring()
    }

    /// Hands over the attempts that give back what they hold, at most so many.
    func takeReturned(limit: Int) -> [AttemptID] {
        state.withLock { state in
            let taken = Array(state.returned.prefix(limit))
            state.returned.removeFirst(taken.count)
            return taken
        }
    }

    /// Hands over what was wished for.
    func takeWishes() -> Wishes {
        state.withLock { state in
            defer { state.wishes = Wishes(table: false, inbox: false, renewal: false) }
            return state.wishes
        }
    }
}
