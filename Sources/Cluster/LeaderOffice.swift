public import Domain
import Mutations
public import ZooKeeper

/// Taking office: raising `/epoch` while one's candidate node is there (rule L1).
public struct LeaderOffice: Sendable {
    private let session: any ZooKeeperSession
    private let tree: Tree

    /// Prepares to take office over `session`.
    public init(session: any ZooKeeperSession, tree: Tree) {
        self.session = session
        self.tree = tree
    }

    /// Raises the epoch in the name of `leadership`; the caller's candidate node is the lowest.
    ///
    /// A lost reply is resolved by reconnecting and reading. Throws `LeaderWriteError.deposed` when the candidate node is gone
    /// or somebody else took office in between: campaign again.
    public func take(as leadership: Leadership, candidate: ZNodePath) async throws -> Epoch {
        while true {
            let node = try await session.get(tree.epoch)
            let raise = Operation.set(
                try tree.epoch,
                data: try ZNodeCodec.encode(leadership),
                version: node.stat.version
            )
            do {
                let results = try await session.multi([.check(candidate, version: 0), raise])
                return Epoch(rawValue: results.last?.version ?? node.stat.version + 1)
            } catch {
                if error.code == .badVersion || error.code == .noNode { throw LeaderWriteError.deposed }
                guard error.isOutcomeUnknown, !error.endsSession else { throw error }
            }
            if let epoch = try await resolve(leadership, after: node.stat.version) { return epoch }
        }
    }

    /// What became of an attempt whose reply was lost: the epoch if it was committed, `nil` if it was not.
    private func resolve(_ leadership: Leadership, after version: Int32) async throws -> Epoch? {
        try await session.connected()
        try await session.sync(tree.epoch)
        let now = try await session.get(tree.epoch)
        if now.stat.version == version { return nil }
        let holder = try ZNodeCodec.decode(Leadership.self, from: now.data, at: tree.epoch.text)
        guard now.stat.version == version + 1 && holder == leadership || Mutation.takesOfficeBlindly.isOn
        else { throw LeaderWriteError.deposed }
        return Epoch(rawValue: now.stat.version)
    }
}
