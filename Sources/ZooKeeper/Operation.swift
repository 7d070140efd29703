/// One step of an atomic `multi`.
public enum Operation: Hashable, Sendable {
    /// Creates a node; container and TTL modes are not possible in a `multi` of the C library.
    case create(ZNodePath, data: [UInt8], mode: CreateMode = .persistent, acl: ACL = .open)
    /// Deletes a node without children; `nil` version means any.
    case delete(ZNodePath, version: Int32?)
    /// Replaces a node's data; `nil` version means any.
    case set(ZNodePath, data: [UInt8], version: Int32?)
    /// Fails the `multi` unless the node has this version.
    case check(ZNodePath, version: Int32)

    /// The node the step is about.
    public var path: ZNodePath {
        switch self {
        case .create(let path, _, _, _), .delete(let path, _), .set(let path, _, _), .check(let path, _): path
        }
    }
}

/// What one step of a successful `multi` produced.
public enum OperationResult: Hashable, Sendable {
    /// The path of the created node, with its counter if it is sequential.
    case created(ZNodePath)
    /// The node is gone.
    case deleted
    /// The node's new stat.
    case set(ZNodeStat)
    /// The version was as expected.
    case checked
}
