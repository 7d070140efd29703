import Agent
import Center
import CenterDoubles
import Cluster
import Domain
import Logging
import Orchestration
import SimulationKit
import ZooKeeper

/// An agent's process on a machine, as long as it lives.
struct AgentProcess {
    let process: SimulationExecutor
    let client: any ZooKeeperConnector & SimulatedClient
    let service: AgentService
    let runner: SimulatedRunner
    let task: Task<Void, Never>
}

/// An agent of a simulated cluster: its machine, and the process that runs there now.
final class SimulatedAgent {
    let id: AgentID
    let machine: SimulatedMachine
    var current: AgentProcess?
    /// When it is started again; `nil` while it runs or stays away.
    var restartAt: Duration?

    init(id: AgentID, machine: SimulatedMachine) {
        self.id = id
        self.machine = machine
    }
}

/// A center of a simulated cluster: its history, and the process that runs there now.
final class SimulatedCenter {
    let id: CenterID
    let machine: SimulatedMachine
    var history: InMemoryRunHistory
    let memory = InMemoryClusterMemory()
    var current: CenterProcess?
    var restartAt: Duration?

    init(id: CenterID, machine: SimulatedMachine, history: InMemoryRunHistory) {
        self.id = id
        self.machine = machine
        self.history = history
    }
}

/// A center's process, as long as it lives.
struct CenterProcess {
    let process: SimulationExecutor
    let client: any ZooKeeperConnector & SimulatedClient
    let service: CenterService
    let task: Task<Void, Never>
}
