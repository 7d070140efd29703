public import Domain
import Mutations
public import ZooKeeper

/// What came of a registration.
public enum RegistrationOutcome: Sendable {
    /// The incarnation is registered; its fence has version 0.
    case registered
    /// Another session holds the agent's name; the watch fires when it goes.
    case held(by: AgentRegistration?, until: Watch)
}

/// Registers an incarnation: its fence, checkpoint, inbox and ephemeral node in one transaction.
public struct AgentRegistrar: Sendable {
    private let session: any ZooKeeperSession
    private let nodes: AgentNodes

    /// Prepares to register over `session`.
    public init(session: any ZooKeeperSession, nodes: AgentNodes) {
        self.session = session
        self.nodes = nodes
    }

    /// Registers, resolving a lost reply by reading; never deletes or overwrites another holder's node.
    ///
    /// - Throws: `ZooKeeperError` when the session is over or the server refuses.
    public func register(_ registration: AgentRegistration) async throws -> RegistrationOutcome {
        precondition(registration.incarnation == nodes.incarnation, "another incarnation's registration")
        try await session.persistently { try await makeParents() }
        let operations = try operations(registration)
        while true {
            switch try await send(operations) {
            case .committed:
                return .registered
            case .unknown:
                try await session.settled(at: nodes.fence)
                let stat = try await session.persistently { try await session.exists(nodes.fence) }
                if stat != nil { return .registered }
            case .exists:
                if Mutation.replacesHolder.isOn {
                    // A2: nobody but the server deletes another session's node (D1).
                    _ = try? await session.delete(nodes.member, version: nil)
                    continue
                }
                if let outcome = try await holder() { return outcome }
            }
        }
    }

    private enum Reply {
        case committed
        case exists
        case unknown
    }

    private func send(_ operations: [Operation]) async throws -> Reply {
        do {
            _ = try await session.multi(operations)
            return .committed
        } catch {
            if error.isOutcomeUnknown, !error.endsSession { return .unknown }
            if error.code == .nodeExists { return .exists }
            throw error
        }
    }

    /// Who holds the name; `nil` when the holder has gone meanwhile.
    ///
    /// The fence is ours if it exists: nobody else draws our bits.
    private func holder() async throws -> RegistrationOutcome? {
        let (stat, watch) = try await session.persistently { try await session.watchExists(nodes.member) }
        guard stat != nil else { return nil }
        guard let node = try await session.persistently({ try await session.nodeIfPresent(nodes.member) })
        else { return nil }
        // A holder that cannot be read (written by a newer version) is still a holder.
        let registration = try? ZNodeCodec.decode(
            AgentRegistration.self,
            from: node.data,
            at: nodes.member.text
        )
        if registration?.incarnation == nodes.incarnation { return .registered }
        return .held(by: registration, until: watch)
    }

    private func operations(_ registration: AgentRegistration) throws -> [Operation] {
        [
            .create(nodes.fence, data: try ZNodeCodec.encode(FenceRecord())),
            .create(nodes.checkpoint, data: []),
            .create(nodes.inbox, data: []),
            .create(nodes.member, data: try ZNodeCodec.encode(registration), mode: .ephemeral),
        ]
    }

    private func makeParents() async throws {
        let runtime = nodes.runtime
        let agent = nodes.seat.agent
        for path in try [runtime.agents, runtime.journal(agent), runtime.inbox(agent)] {
            try await make(path)
        }
    }

    /// Makes a node and its missing parents.
    private func make(_ path: ZNodePath) async throws(ZooKeeperError) {
        if try await session.exists(path) != nil { return }
        if let parent = path.parent { try await make(parent) }
        try await session.createIfAbsent(path)
    }
}
