public import Domain
import Mutations
public import ZooKeeper

/// Why a write of the leader did not happen, as far as the leader must tell.
public enum LeaderWriteError: Error, Hashable, Sendable {
    /// Another center has taken office: stop, write nothing more.
    case deposed
    /// Something was not as expected: read again, decide again.
    case conflict(ZooKeeperError)
    /// The write failed, or nobody knows whether it happened: reconnect, sync, read again.
    case failed(ZooKeeperError)
}

/// The only way the leader writes: every multi begins with a check of `/epoch` (rule L2).
public struct LeaderWriter: Sendable {
    /// Limits of one multi, well inside the server's (docs/architecture.md §5).
    public enum Limit {
        /// Bytes of data: a server takes 1 MiB, a multi stays under 256 KiB, estimates have their margin.
        public static let bytesMax = 128 * 1_024
        /// Operations: they are applied one after the other while everybody else waits.
        public static let operationsMax = 100
        /// Bytes of one bucket of rows or of a checkpoint.
        public static let bucketBytesMax = 64 * 1_024
    }

    /// The leader's session.
    public let session: any ZooKeeperSession
    /// Where everything stands.
    public let tree: Tree
    /// The epoch this leader writes under.
    public let epoch: Epoch

    /// Creates the writer of a leadership.
    public init(session: any ZooKeeperSession, tree: Tree, epoch: Epoch) {
        self.session = session
        self.tree = tree
        self.epoch = epoch
    }

    /// Performs all operations or none, under the leader's epoch; the results are those of `operations`.
    public func write(_ operations: [Operation]) async throws -> [OperationResult] {
        try await write(operations, isFenced: !Mutation.writesUnfenced.isOn)
    }

    /// Makes an empty node unless there is one.
    func ensure(_ path: ZNodePath) async throws {
        guard try await session.exists(path) == nil else { return }
        do {
            _ = try await write([.create(path, data: [])])
        } catch LeaderWriteError.conflict(let error) where error.code == .nodeExists {
            return
        }
    }

    /// As `write`; what is not fenced by the epoch is a deposed leader's as well (M9).
    func write(_ operations: [Operation], isFenced: Bool) async throws -> [OperationResult] {
        precondition(!operations.isEmpty, "an empty multi was about to be written")
        let path = try tree.epoch
        do {
            guard isFenced else { return try await session.multi(operations) }
            return Array(
                try await session.multi([.check(path, version: epoch.rawValue)] + operations).dropFirst()
            )
        } catch {
            throw Self.classify(error, epochPath: path)
        }
    }

    private static func classify(_ error: ZooKeeperError, epochPath: ZNodePath) -> LeaderWriteError {
        switch error.code {
        case .badVersion where error.failedOperationIndex == 0 || error.path == epochPath.text: .deposed
        case .noNode where error.failedOperationIndex == 0 || error.path == epochPath.text: .deposed
        case .badVersion, .noNode, .nodeExists, .notEmpty: .conflict(error)
        default: .failed(error)
        }
    }
}

extension OperationResult {
    /// The data version the node has after the operation; 0 for a created one.
    var version: Int32? {
        switch self {
        case .created: 0
        case .set(let stat): stat.version
        case .deleted, .checked: nil
        }
    }
}
