import SimulationKit

/// Draws what belongs to a fault of a kind.
struct FaultDraw {
    let topology: Topology
    var random: SeededGenerator

    /// The targets whose identity is known only when the time comes.
    enum Role {
        static let leader = "leader"
        static let serverLeader = "zookeeper-leader"
        static let serverFollower = "zookeeper-follower"
        static let ensemble = "zookeeper"
    }

    /// A fault of this kind, without its number and start.
    mutating func fault(_ kind: FaultKind) -> PlannedFault {
        switch kind {
        case .agentKill, .agentRestart: make(kind, random.pick(topology.agents), 200...8_000)
        case .centerKill, .centerRestart: make(kind, random.pick(topology.centers), 200...8_000)
        case .leaderKill: make(kind, Role.leader, 200...8_000)
        case .agentPause: make(kind, random.pick(topology.agents), 200...2_500)
        case .agentSuspend: make(kind, random.pick(topology.agents), beyondSession)
        case .centerPause: make(kind, random.pick(topology.centers), 200...2_500)
        case .leaderSuspend: make(kind, Role.leader, beyondSession)
        case .zookeeperLeaderKill: make(kind, Role.serverLeader, 500...8_000)
        case .zookeeperFollowerKill: make(kind, Role.serverFollower, 500...8_000)
        case .zookeeperRollingRestart: make(kind, Role.ensemble, 15_000...15_000)
        case .zookeeperPause: make(kind, random.pick(topology.servers), 500...10_000)
        case .quorumLoss: make(kind, Role.ensemble, 1_000...15_000)
        case .ensembleCut: ensembleCut()
        case .sessionTheft: make(kind, random.pick(topology.agents), 0...0)
        case .linkHalfOpen, .linkOneWay, .linkReset, .linkDelay, .linkTruncate, .isolation:
            network(kind)
        case .centerCut:
            make(kind, random.pick(topology.centers), 1_000...10_000, .loses(random.happens(percent: 50)))
        case .clockStep: clockStep()
        case .fsyncStall:
            make(
                kind,
                random.pick(topology.agents + topology.servers),
                4_000...10_000,
                .delay(random.duration(100...1_500))
            )
        case .diskFull:
            make(kind, random.pick(topology.agents + topology.centers + topology.servers), 2_000...10_000)
        }
    }

    /// What nobody else may disturb at the same time.
    func claims(of fault: PlannedFault) -> [String] {
        switch fault.target {
        case Role.leader: topology.centers
        case Role.serverLeader, Role.serverFollower, Role.ensemble: [Role.ensemble]
        default: topology.servers.contains(fault.target) ? [Role.ensemble] : [fault.target]
        }
    }

    private var beyondSession: ClosedRange<Int> {
        let timeout = topology.sessionTimeout.milliseconds
        return (timeout + 500)...(timeout * 3)
    }

    private mutating func make(
        _ kind: FaultKind,
        _ target: String,
        _ milliseconds: ClosedRange<Int>,
        _ detail: PlannedFault.Detail = .none
    ) -> PlannedFault {
        PlannedFault(
            number: 0,
            start: .zero,
            kind: kind,
            target: target,
            lasting: random.duration(milliseconds),
            detail: detail
        )
    }

    private mutating func network(_ kind: FaultKind) -> PlannedFault {
        let loses = PlannedFault.Detail.loses(random.happens(percent: 50))
        let detail: PlannedFault.Detail =
            switch kind {
            case .linkOneWay: .direction(random.pick([.toServer, .toClient]))
            case .linkDelay: .delay(random.duration(20...1_200))
            case .linkTruncate: .bytes(Int.random(in: 1...60, using: &random))
            case .linkReset: .none
            default: loses
            }
        var fault = make(kind, random.pick(topology.clients), 1_000...12_000, detail)
        if [.linkHalfOpen, .linkOneWay, .linkReset].contains(kind) {
            fault.peer = random.pick(topology.servers)
        }
        return fault
    }

    private mutating func ensembleCut() -> PlannedFault {
        let ends = topology.servers.shuffled(using: &random)
        var fault = make(.ensembleCut, ends[0], 2_000...14_000, .loses(random.happens(percent: 50)))
        fault.peer = ends[1]
        return fault
    }

    private mutating func clockStep() -> PlannedFault {
        let step = random.duration(1_000...120_000)
        let signed = random.happens(percent: 50) ? step : .zero - step
        return make(.clockStep, random.pick(topology.clients), 3_000...15_000, .step(signed))
    }
}
