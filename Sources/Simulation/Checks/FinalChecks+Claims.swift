import Cluster
import Domain
import Scheduling
import SimulationKit
import Synchronization
import ZooKeeper

extension FinalChecks {
    /// What attempts hold of a key, or wait for: as long as runs of other tasks take, and whatever of those was cut off.
    var claims: [UnitClaim] {
        guard let root = try? cluster.tree.claims else { return [] }
        return cluster.ensemble.children(root).compactMap { name in
            guard let path = try? root.child(name), let node = cluster.ensemble.node(path) else { return nil }
            return try? ZNodeCodec.decode(UnitClaim.self, from: node.data, at: path.text)
        }
    }

    /// Whoever waits for a key waits for somebody: in a steady cluster it is used, or was just now.
    func checkClaims() {
        let starts = cluster.watch.state.withLock(\.starts)
        let waiting = claims.filter { $0.due < cluster.wallNow - Self.handOverMax }
        let keyed = definitions.filter { !$0.specification.demand.isEmpty }.map(\.uid) + claims.map(\.uid)
        let busy = starts.busyTasks(since: cluster.trace.now - Self.handOverMax)
        guard let first = waiting.first, keyed.allSatisfy({ busy[$0] == nil }) else { return }
        cluster.trace.violated(
            .disposition,
            "\(waiting.count) attempts wait for a key that nobody uses, \(first.attempt) is one"
        )
    }

    /// Longer than a key takes from one run to the next when nothing is broken.
    private static let handOverMax = Duration.seconds(5)
}
