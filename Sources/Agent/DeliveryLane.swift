import Cluster
import Domain
import Logging

/// Brings the spool to every live center, at least once, and tells how far attempts are; what the leader took care of leaves the ledger.
struct DeliveryLane: Sendable {
    let agent: AgentID
    let store: any AgentStateStore
    let delivery: any ReportDelivery
    let progress: ProgressOutbox
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
                    group.addTask { await serve(center, bell) }
                }
                await directory.changes.wait()
            }
        }
    }

    /// Serves one center until it is gone.
    private func serve(_ center: CenterID, _ bell: Bell) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                var progress = ProgressDeliveries(lane: self, center: center)
                await progress.run()
            }
            var deliveries = CenterDeliveries(lane: self, center: center, bell: bell)
            await deliveries.run()
            group.cancelAll()
        }
    }
}
