import Agent
import Cluster
import Domain
import Scheduling
import SimulationKit
import Synchronization
import ZooKeeper

/// Sees every transaction and every process start, and holds them against the promises as they happen.
final class ClusterWatch: Sendable {
    struct State {
        var isOpen = true
        var journal = JournalCheck()
        var rows = RowCheck()
        var overlaps = OverlapCheck()
        var keys = KeyCheck()
        var leadership = LeadershipCheck()
        var inboxes = InboxCheck()
        var starts = StartCheck()
        var lateness = LatenessCheck()
        /// The session in which each incarnation was registered.
        var sessions: [Incarnation: Int64] = [:]
    }

    let state = Mutex(State())
    private let tree: Tree
    private let trace: Trace

    init(tree: Tree, trace: Trace) {
        self.tree = tree
        self.trace = trace
    }

    /// From here on nothing counts.
    func close() { state.withLock { $0.isOpen = false } }

    /// From here on the cluster is as it should be.
    ///
    /// Fires of the tasks `waiting` may have to wait for the end of a run.
    func becameSteady(at now: Instant, waiting: Set<TaskID>) {
        state.withLock { state in
            state.lateness.steadySince = now
            state.lateness.waiting = waiting
        }
    }

    /// A transaction was committed.
    func saw(_ commit: SimulatedEnsemble.Commit) {
        let violations = state.withLock { state -> [(Promise, String)] in
            guard state.isOpen else { return [] }
            var found: [(Promise, String)] = []
            for change in commit.changes {
                guard let node = KnownNode(change.path, under: tree.root) else { continue }
                if case .fence(let journal) = node, change.isCreation {
                    state.sessions[journal.incarnation] = commit.session
                }
                found += state.leadership.saw(node, change, by: commit.session)
                found += state.journal.saw(node, change)
                found += state.rows.saw(node, change)
                found += state.lateness.saw(node, change, at: SimulatedMachine.dawn + commit.at)
                let journal = state.journal
                found += state.inboxes.saw(node, change) { journal.hasJournaled($0) }
            }
            found += state.rows.transactionEnded() + state.inboxes.transactionEnded()
            return found
        }
        trace.note("commit", Self.describe(commit))
        for change in commit.changes {
            guard let data = change.data, !data.isEmpty else { continue }
            trace.remark("\(change.path.name): \(String(decoding: data, as: UTF8.self))")
        }
        for (promise, what) in violations { trace.violated(promise, what) }
    }

    /// A process starts.
    func started(
        _ order: LaunchOrder,
        by agent: AgentID,
        endedByTimeout: (Int64) -> Bool
    ) {
        trace.note("start", "\(order.fire.attempt) of \(order.fire.task) by \(agent)")
        let violations = state.withLock { state -> [(Promise, String)] in
            guard state.isOpen else { return [] }
            var found = state.starts.started(order.fire, by: agent, at: trace.now)
            found += state.overlaps.started(order, by: agent) + state.keys.started(order, by: agent)
            let journal = state.journal.owners[order.fire.attempt]
            guard let journal else {
                return found + [(.journal, "\(order.fire.attempt) starts without having been journaled")]
            }
            if let session = state.sessions[journal.incarnation], endedByTimeout(session) {
                found.append(
                    (.lease, "\(order.fire.attempt) starts after the session of \(journal.seat) ended")
                )
            }
            return found
        }
        for (promise, what) in violations { trace.violated(promise, what) }
    }

    /// A process ended.
    func ended(_ attempt: AttemptID, _ outcome: AttemptOutcome) {
        trace.note("end", "\(attempt) \(outcome.rawValue)")
        state.withLock { state in
            state.overlaps.ended(attempt)
            state.keys.ended(attempt)
            if state.isOpen { state.starts.ended(attempt, outcome, at: trace.now) }
        }
    }

    private static func describe(_ commit: SimulatedEnsemble.Commit) -> String {
        let changes = commit.changes.map { change in
            switch change {
            case .created(let path, _): "+\(path)"
            case .changed(let path, _): "~\(path)"
            case .deleted(let path): "-\(path)"
            }
        }
        return "\(commit.transaction) by \(commit.session): \(changes.joined(separator: " "))"
    }
}

extension SimulatedEnsemble.Change {
    var path: ZNodePath {
        switch self {
        case .created(let path, _), .changed(let path, _), .deleted(let path): path
        }
    }

    var isCreation: Bool { if case .created = self { true } else { false } }
    var isDeletion: Bool { if case .deleted = self { true } else { false } }

    /// What the node holds now; `nil` when it is gone.
    var data: [UInt8]? {
        switch self {
        case .created(_, let data), .changed(_, let data): data
        case .deleted: nil
        }
    }

    func decoded<Payload: Decodable>(_ payload: Payload.Type) -> Payload? {
        // A payload that cannot be read is nothing the checks know.
        data.flatMap { try? ZNodeCodec.decode(payload, from: $0, at: path.text) }
    }
}
