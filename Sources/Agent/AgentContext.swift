import Cluster
import Domain
import Logging
import ZooKeeper

/// What every part of an agent works with.
struct AgentContext: Sendable {
    let configuration: AgentConfiguration
    let connector: any ZooKeeperConnector
    let store: any AgentStateStore
    let desk: AttemptDesk
    let spool: ReportSpool
    let progress: ProgressOutbox
    let board: AgentBoard
    let directory: CenterDirectory
    let status: AgentGauge
    /// This start of the process, whatever incarnations it goes through.
    let start: ProcessStart
    /// Set when the agent is to stop.
    let stop: Latch
    let time: TimeSource
    let random: RandomSource
    let logger: Logger
}
