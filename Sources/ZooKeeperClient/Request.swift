import ZooKeeper

/// One call to the server, as a value that can wait for its turn.
enum Request: Sendable {
    case create(ZNodePath, data: [UInt8], mode: CreateMode, acl: ACL)
    case delete(ZNodePath, version: Int32?)
    case exists(ZNodePath, watch: Bool)
    case get(ZNodePath, watch: Bool)
    case set(ZNodePath, data: [UInt8], version: Int32?)
    case children(ZNodePath, watch: Bool)
    case multi([Operation])
    case sync(ZNodePath)
    case acl(ZNodePath)
    case setACL(ZNodePath, ACL, version: Int32?)
}

/// What the server answered to a request.
enum Reply: Sendable {
    case done
    case stat(ZNodeStat)
    case absent
    case node(ZNode)
    case created(ZNodePath, ZNodeStat)
    case children([String], ZNodeStat)
    case results([OperationResult])
    case acl(ACL, ZNodeStat)
}

/// The server's answer or the reason why there is none.
typealias Outcome = Result<Reply, ZooKeeperError>

extension Request {
    /// The path that an error names; `nil` for a `multi`.
    var path: ZNodePath? {
        switch self {
        case .create(let path, _, _, _), .delete(let path, _), .exists(let path, _), .get(let path, _),
            .set(let path, _, _), .children(let path, _), .sync(let path), .acl(let path),
            .setACL(let path, _, _):
            path
        case .multi: nil
        }
    }

    /// Which watch the request leaves on success, and on which path; `exists` is decided by the reply.
    var watch: (path: ZNodePath, kind: WatchTable.Kind)? {
        switch self {
        case .get(let path, watch: true), .exists(let path, watch: true): (path, .data)
        case .children(let path, watch: true): (path, .children)
        default: nil
        }
    }

    /// Size of the paths and data that the request writes.
    var writeBytes: Int {
        switch self {
        case .create(let path, let data, _, _), .set(let path, let data, _): path.text.utf8.count + data.count
        case .multi(let operations): operations.reduce(0) { $0 + $1.writeBytes }
        default: 0
        }
    }

    /// The ephemeral nodes that the request would make.
    var ephemerals: [(path: ZNodePath, isSequential: Bool)] {
        switch self {
        case .create(let path, _, let mode, _): Self.ephemeral(path, mode).map { [$0] } ?? []
        case .multi(let operations):
            operations.compactMap { operation in
                if case .create(let path, _, let mode, _) = operation {
                    Self.ephemeral(path, mode)
                } else {
                    nil
                }
            }
        default: []
        }
    }

    private static func ephemeral(_ path: ZNodePath, _ mode: CreateMode) -> (
        path: ZNodePath, isSequential: Bool
    )? {
        switch mode {
        case .ephemeral: (path, false)
        case .ephemeralSequential: (path, true)
        default: nil
        }
    }
}

extension Operation {
    /// Bytes of the encoding of an operation besides its path and data: headers, lengths, an ACL.
    private static let overheadBytes = 64

    /// Size of the operation within a `multi`.
    fileprivate var writeBytes: Int {
        let dataBytes =
            switch self {
            case .create(_, let data, _, _), .set(_, let data, _): data.count
            case .delete, .check: 0
            }
        return Self.overheadBytes + path.text.utf8.count + dataBytes
    }
}
