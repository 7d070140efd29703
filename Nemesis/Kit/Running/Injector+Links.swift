import Orchestration

extension Injector {
    /// Disturbs the links that a fault means.
    func disturbLinks(_ fault: PlannedFault) async throws {
        let links =
            fault.kind == .centerCut
            ? cluster.links.filter { $0.target == fault.target } : ownLinks(of: fault)
        guard !links.isEmpty else { throw Impossible(description: "it has no such link") }
        try await during(.cutOff, name(of: fault), fault, detail: fault.detail.words) {
            disturb(links, fault)
        } end: {
            heal(links, fault)
        }
    }

    private func ownLinks(of fault: PlannedFault) -> [Link] {
        cluster.links(from: fault.target).filter {
            fault.peer == nil ? cluster.topology.servers.contains($0.target) : $0.target == fault.peer
        }
    }

    /// A link has two names, everything of a process has its own.
    private func name(of fault: PlannedFault) -> String {
        guard let peer = fault.peer else { return fault.target }
        switch fault.detail {
        case .direction(.toServer): return "\(fault.target)->\(peer)"
        case .direction(.toClient): return "\(peer)->\(fault.target)"
        default: return "\(fault.target)<->\(peer)"
        }
    }

    private func disturb(_ links: [Link], _ fault: PlannedFault) {
        for link in links {
            switch fault.detail {
            case .delay(let delay): link.set(.delay(delay))
            case .bytes(let count): link.set(.truncate(count))
            case .direction(let direction): link.set(.oneWay(direction))
            case .loses, .none, .step: link.set(fault.kind == .linkReset ? .reset : .halfOpen)
            }
            if fault.kind == .linkReset { link.resetConnections() }
        }
    }

    private func heal(_ links: [Link], _ fault: PlannedFault) {
        for link in links {
            // Before the fault ends, or what was held back would arrive.
            if fault.detail == .loses(true) { link.resetConnections() }
            link.set(nil)
        }
    }

    /// Cuts two ZooKeeper servers from each other; what they served goes on being served by whoever has a quorum.
    func ensembleCut(_ fault: PlannedFault) async throws {
        guard let peer = fault.peer else { throw Impossible(description: "it has no peer") }
        let links = cluster.links(between: fault.target, and: peer)
        try await during(.cutOff, "\(fault.target)<->\(peer)", fault, detail: fault.detail.words) {
            for link in links { link.set(.halfOpen) }
        } end: {
            heal(links, fault)
        }
    }
}
