import Agent
import CenterDoubles
import Cluster
import Domain
import SimulationKit
import ZooKeeper

/// Does to a cluster what a plan says, ends what has an end, and mends everything at last.
final class FaultInjector {
    private let cluster: SimulatedCluster
    private var generator: SeededGenerator
    private var pending: ArraySlice<FaultPlan.Entry>
    /// What ends a fault, and when.
    private var remedies: [(at: Duration, what: String, action: () -> Void)] = []
    private(set) var counts: [FaultKind: Int] = [:]
    private var clones: [SimulatedAgent] = []

    init(_ plan: FaultPlan, cluster: SimulatedCluster, generator: SeededGenerator) {
        self.cluster = cluster
        self.generator = generator
        pending = plan.entries[...]
    }

    /// Does what is due.
    func step() {
        let due = remedies.filter { $0.at <= cluster.now }
        remedies.removeAll { $0.at <= cluster.now }
        for remedy in due { mend(remedy) }
        while let first = pending.first, first.at <= cluster.now {
            pending.removeFirst()
            guard inject(first.kind) else { continue }
            counts[first.kind, default: 0] += 1
        }
    }

    /// Ends every fault at once: from here on nothing is broken.
    func healAll() {
        pending = []
        let left = remedies
        remedies = []
        for remedy in left { mend(remedy) }
        for clone in clones { cluster.remove(clone) }
        clones = []
        cluster.trace.note("faults", "are over")
    }

    private func mend(_ remedy: (at: Duration, what: String, action: () -> Void)) {
        cluster.trace.note("fault", "\(remedy.what) ends")
        remedy.action()
    }

    private func later(_ range: ClosedRange<Duration>, _ what: String, _ action: @escaping () -> Void) {
        remedies.append((cluster.now + generator.duration(in: range), what, action))
    }

    /// Half of all outages are shorter than a session, half may be longer.
    private func outage() -> ClosedRange<Duration> {
        generator.chance(0.5)
            ? .milliseconds(100)...SimulatedCluster.sessionTimeout
            : SimulatedCluster.sessionTimeout...(SimulatedCluster.sessionTimeout * 4)
    }

    private func note(_ kind: FaultKind, _ what: String) {
        cluster.trace.note("fault", "\(kind.rawValue) \(what)")
    }

    // MARK: The kinds

    /// Does something of this kind; `false` when there is nothing to do it to.
    private func inject(_ kind: FaultKind) -> Bool {
        switch kind {
        case .killAgent, .restartAgent, .pauseAgent, .cloneAgent, .deleteEphemeral, .fillDisk, .slowDisk:
            guard let agent = generator.element(of: cluster.agents.filter { $0.current != nil }) else {
                return false
            }
            note(kind, agent.machine.name)
            return inject(kind, agent)
        case .killCenter, .pauseCenter, .failHistory, .loseHistory:
            guard let center = generator.element(of: cluster.centers.filter { $0.current != nil }) else {
                return false
            }
            note(kind, center.machine.name)
            return inject(kind, center)
        case .resetConnection, .cutLink, .stealSession, .stepClock, .driftClock, .cutReports:
            guard let node = generator.element(of: cluster.nodes) else { return false }
            note(kind, node.machine.name)
            return inject(kind, node)
        case .deposeLeader:
            note(kind, "")
            return deposeLeader()
        case .loseReplies, .loseAnswers, .killLeaderServer, .killFollowerServer, .cutOffServer, .delayServer,
            .loseQuorum:
            note(kind, "")
            return inject(server: kind)
        }
    }

    private func deposeLeader() -> Bool {
        guard let election = try? cluster.tree.election else { return false }
        let candidates = cluster.ensemble.children(election)
        // The candidate that stood up first leads; the counter of the server comes last in its name.
        guard let first = candidates.min(by: { ($0.suffix(10), $0) < ($1.suffix(10), $1) }),
            let path = try? election.child(first)
        else { return false }
        return (try? cluster.ensemble.write([.delete(path, version: nil)])) != nil
    }

    private func inject(_ kind: FaultKind, _ agent: SimulatedAgent) -> Bool {
        let cluster = cluster
        switch kind {
        case .killAgent:
            cluster.kill(agent)
            let pause: ClosedRange<Duration> = generator.chance(0.3) ? .zero...(.seconds(1)) : outage()
            later(pause, "the absence of \(agent.machine.name)") {
                if agent.current == nil, cluster.agents.contains(where: { $0 === agent }) {
                    cluster.start(agent)
                }
            }
        case .restartAgent:
            agent.current?.service.stop()
            later(.seconds(1)...(.seconds(9)), "the restart of \(agent.machine.name)") {
                if agent.current != nil { cluster.kill(agent) }
                if cluster.agents.contains(where: { $0 === agent }) { cluster.start(agent) }
            }
        case .pauseAgent:
            guard let process = agent.current?.process, process.isRunning else { return false }
            process.pause()
            later(outage(), "the pause of \(agent.machine.name)") { process.resume() }
        case .cloneAgent:
            guard let clone = try? cluster.addAgent(agent.id.text, machine: "\(agent.id)-clone") else {
                return false
            }
            if generator.chance(0.5) { clone.machine.store.copy(agent.machine.store) }
            clones.append(clone)
            later(outage(), "the clone of \(agent.id)") { cluster.remove(clone) }
        case .deleteEphemeral:
            guard let path = try? cluster.tree.runtime(.standard).agent(agent.id) else { return false }
            // It may be gone already.
            return (try? cluster.ensemble.write([.delete(path, version: nil)])) != nil
        case .slowDisk:
            agent.machine.store.setDelay(generator.duration(in: .milliseconds(50)...(.seconds(3))))
            later(outage(), "the slow disk of \(agent.machine.name)") {
                agent.machine.store.setDelay(.zero)
            }
        default:
            agent.machine.store.setFull(true)
            later(outage(), "the full disk of \(agent.machine.name)") { agent.machine.store.setFull(false) }
        }
        return true
    }

    private func inject(_ kind: FaultKind, _ center: SimulatedCenter) -> Bool {
        let cluster = cluster
        switch kind {
        case .killCenter:
            cluster.kill(center)
            later(outage(), "the absence of \(center.machine.name)") {
                if center.current == nil { cluster.start(center) }
            }
        case .loseHistory:
            cluster.kill(center)
            center.history = InMemoryRunHistory(
                identity: RandomID(high: generator.next(), low: generator.next())
            )
            later(outage(), "the absence of \(center.machine.name)") {
                if center.current == nil { cluster.start(center) }
            }
        case .pauseCenter:
            guard let process = center.current?.process, process.isRunning else { return false }
            process.pause()
            later(outage(), "the pause of \(center.machine.name)") { process.resume() }
        default:
            let history = center.history
            history.setFailing(true)
            later(outage(), "the failing history of \(center.machine.name)") { history.setFailing(false) }
        }
        return true
    }

    private func inject(_ kind: FaultKind, _ node: SimulatedCluster.Node) -> Bool {
        let cluster = cluster
        switch kind {
        case .resetConnection: node.client?.reset()
        case .stealSession:
            guard let session = generator.element(of: node.client?.sessions ?? []) else { return false }
            cluster.ensemble.expire(session)
        case .cutLink:
            guard let client = node.client else { return false }
            let links = SimulatedEnsemble.Link.allCases.filter { $0 != .open }
            let server = generator.chance(0.5) ? nil : generator.index(below: cluster.ensemble.serverCount)
            client.setLink(generator.element(of: links) ?? .silent, to: server)
            later(outage(), "the cut of \(node.machine.name)") { client.setLink(.open, to: nil) }
        case .cutReports:
            cluster.network.setCutOff(node.machine.name, true)
            later(outage(), "the network cut of \(node.machine.name)") {
                cluster.network.setCutOff(node.machine.name, false)
            }
        case .stepClock:
            let farthest: Duration = generator.chance(0.5) ? .seconds(10) : .seconds(3_600)
            let offset = generator.duration(in: (.zero - farthest)...farthest)
            node.machine.setClock(offset: offset, drift: 0)
            later(outage(), "the wrong clock of \(node.machine.name)") {
                node.machine.setClock(offset: .zero, drift: 0)
            }
        default:
            node.machine.setClock(offset: .zero, drift: generator.chance(0.5) ? 0.02 : -0.02)
            later(.seconds(5)...(.seconds(40)), "the drift of \(node.machine.name)") {
                node.machine.setClock(offset: .zero, drift: 0)
            }
        }
        return true
    }

    private func inject(server kind: FaultKind) -> Bool {
        let (cluster, ensemble) = (cluster, cluster.ensemble)
        switch kind {
        case .loseReplies:
            ensemble.setReplyLoss(generator.chance(0.5) ? 0.1 : 0.5)
            later(.milliseconds(500)...(.seconds(5)), "the loss of replies") { ensemble.setReplyLoss(0) }
        case .loseAnswers:
            cluster.network.setLoss(0.5)
            later(outage(), "the loss of answers") { cluster.network.setLoss(0) }
        case .killLeaderServer:
            guard let leader = ensemble.leader else { return false }
            ensemble.stop(server: leader)
            later(outage(), "the absence of server \(leader)") { ensemble.start(server: leader) }
        case .loseQuorum:
            let servers = Array(0..<ensemble.serverCount).dropFirst(ensemble.serverCount / 2)
            for server in servers { ensemble.stop(server: server) }
            later(outage(), "the loss of the quorum") {
                for server in servers { ensemble.start(server: server) }
            }
        default:
            let followers = (0..<ensemble.serverCount).filter { $0 != ensemble.leader }
            guard let server = generator.element(of: followers) else { return false }
            return inject(kind, server: server)
        }
        return true
    }

    private func inject(_ kind: FaultKind, server: Int) -> Bool {
        let ensemble = cluster.ensemble
        switch kind {
        case .killFollowerServer:
            ensemble.stop(server: server)
            later(outage(), "the absence of server \(server)") { ensemble.start(server: server) }
        case .cutOffServer:
            ensemble.cutOff(server: server)
            later(outage(), "the isolation of server \(server)") { ensemble.rejoin(server: server) }
        default:
            ensemble.setLag(.milliseconds(50)...(.seconds(3)), of: server)
            later(outage(), "the lag of server \(server)") { ensemble.setLag(nil, of: server) }
        }
        return true
    }
}

extension SimulatedCluster {
    /// An agent or a center, as far as the network and the clock see it.
    struct Node {
        let machine: SimulatedMachine
        let client: (any ZooKeeperConnector & SimulatedClient)?
    }

    var nodes: [Node] {
        agents.map { Node(machine: $0.machine, client: $0.current?.client) }
            + centers.map { Node(machine: $0.machine, client: $0.current?.client) }
    }
}
