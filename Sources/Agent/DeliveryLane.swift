import Cluster
import Domain
import Logging

/// Brings the spool to every live center, at least once; what the leader took care of leaves the ledger.
struct DeliveryLane: Sendable {
    let store: any AgentStateStore
    let delivery: any ReportDelivery
    let board: AgentBoard
    let directory: CenterDirectory
    let time: TimeSource
    let random: RandomSource
    let logger: Logger

    /// Serves every center of the directory, until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                for (center, bell) in directory.unserved() {
                    group.addTask {
                        var deliveries = CenterDeliveries(lane: self, center: center, bell: bell)
                        await deliveries.run()
                    }
                }
                await directory.changes.wait()
            }
        }
    }
}
