import ZooKeeper

/// The tree of a simulated ensemble: linearizable, with versions, sequence counters and atomic multis.
struct EnsembleTree {
    struct Node {
        var data: [UInt8]
        var stat: ZNodeStat
        var acl: ACL
        var children: Set<String> = []
        var nextSequence = 0
    }

    /// What a committed write changed, in order: what watches are fired for.
    enum Change: Hashable {
        case created(ZNodePath)
        case deleted(ZNodePath)
        case dataChanged(ZNodePath)
    }

    private(set) var nodes: [ZNodePath: Node] = [
        .root: Node(data: [], stat: ZNodeStat(), acl: .open)
    ]
    private(set) var transaction: Int64 = 0
    private var undo: [(path: ZNodePath, node: Node?)] = []

    /// Performs all operations as one transaction, or none.
    mutating func commit(
        _ operations: [Operation],
        session: Int64,
        milliseconds: Int64
    ) throws(ZooKeeperError) -> (results: [OperationResult], changes: [Change]) {
        transaction += 1
        undo.removeAll()
        var results: [OperationResult] = []
        var changes: [Change] = []
        for (index, operation) in operations.enumerated() {
            do throws(ZooKeeperError) {
                results.append(try perform(operation, session, milliseconds, &changes))
            } catch {
                for entry in undo.reversed() { nodes[entry.path] = entry.node }
                transaction -= 1
                throw ZooKeeperError(error.code, path: operation.path.text, failedOperationIndex: index)
            }
        }
        return (results, changes)
    }

    /// Deletes the session's ephemeral nodes.
    mutating func endSession(_ session: Int64) -> [Change] {
        let owned = nodes.filter { $0.value.stat.ephemeralOwner == session }.keys.sorted()
        var changes: [Change] = []
        transaction += 1
        for path in owned {
            remove(path)
            changes.append(.deleted(path))
        }
        return changes
    }

    private mutating func perform(
        _ operation: Operation,
        _ session: Int64,
        _ milliseconds: Int64,
        _ changes: inout [Change]
    ) throws(ZooKeeperError) -> OperationResult {
        switch operation {
        case .create(let path, let data, let mode, let acl):
            let created = try create(path, data, mode, acl, session, milliseconds)
            changes.append(.created(created))
            return .created(created)
        case .delete(let path, let version):
            let node = try node(path, version)
            if let parent = path.parent { try require(.delete, at: parent, for: path) }
            guard node.children.isEmpty else { throw ZooKeeperError(.notEmpty, path: path.text) }
            remove(path)
            changes.append(.deleted(path))
            return .deleted
        case .set(let path, let data, let version):
            try require(.write, at: path, for: path)
            var node = try node(path, version)
            node.data = data
            node.stat.version += 1
            node.stat.dataLengthBytes = Int32(data.count)
            node.stat.modifiedTransaction = transaction
            node.stat.modifiedMilliseconds = milliseconds
            store(node, at: path)
            changes.append(.dataChanged(path))
            return .set(node.stat)
        case .check(let path, let version):
            _ = try node(path, version)
            return .checked
        }
    }

    private func node(_ path: ZNodePath, _ version: Int32?) throws(ZooKeeperError) -> Node {
        guard let node = nodes[path] else { throw ZooKeeperError(.noNode, path: path.text) }
        if let version, version != node.stat.version { throw ZooKeeperError(.badVersion, path: path.text) }
        return node
    }

    /// Every session counts as whoever an ACL names besides the world: there are no credentials here.
    private func require(
        _ permission: ACL.Permissions,
        at path: ZNodePath,
        for wanted: ZNodePath
    ) throws(ZooKeeperError) {
        guard let entries = nodes[path]?.acl.entries else { return }
        if !entries.contains(where: { $0.permissions.contains(permission) }) {
            throw ZooKeeperError(.noAuth, path: wanted.text)
        }
    }

    private mutating func create(
        _ wanted: ZNodePath,
        _ data: [UInt8],
        _ mode: CreateMode,
        _ acl: ACL,
        _ session: Int64,
        _ milliseconds: Int64
    ) throws(ZooKeeperError) -> ZNodePath {
        guard let parentPath = wanted.parent, var parent = nodes[parentPath] else {
            throw ZooKeeperError(wanted == .root ? .nodeExists : .noNode, path: wanted.text)
        }
        try require(.create, at: parentPath, for: wanted)
        guard parent.stat.ephemeralOwner == 0 else {
            throw ZooKeeperError(.noChildrenForEphemerals, path: wanted.text)
        }
        var path = wanted
        if mode.isSequential {
            let digits = String(parent.nextSequence)
            path = try parentPath.child(
                wanted.name + String(repeating: "0", count: max(0, 10 - digits.count)) + digits
            )
        }
        guard nodes[path] == nil else { throw ZooKeeperError(.nodeExists, path: path.text) }
        parent.nextSequence += 1
        parent.children.insert(path.name)
        touchChildren(of: &parent)
        store(parent, at: parentPath)
        let stat = ZNodeStat(
            createdTransaction: transaction,
            modifiedTransaction: transaction,
            childrenTransaction: transaction,
            createdMilliseconds: milliseconds,
            modifiedMilliseconds: milliseconds,
            ephemeralOwner: mode.isEphemeral ? session : 0,
            dataLengthBytes: Int32(data.count)
        )
        store(Node(data: data, stat: stat, acl: acl), at: path)
        return path
    }

    private mutating func remove(_ path: ZNodePath) {
        store(nil, at: path)
        guard let parentPath = path.parent, var parent = nodes[parentPath] else { return }
        parent.children.remove(path.name)
        touchChildren(of: &parent)
        store(parent, at: parentPath)
    }

    private func touchChildren(of parent: inout Node) {
        parent.stat.childrenVersion += 1
        parent.stat.childrenTransaction = transaction
        parent.stat.childCount = Int32(parent.children.count)
    }

    private mutating func store(_ node: Node?, at path: ZNodePath) {
        undo.append((path, nodes[path]))
        nodes[path] = node
    }

    /// Replaces a node's ACL.
    mutating func setACL(_ path: ZNodePath, _ acl: ACL, version: Int32?) throws(ZooKeeperError) {
        guard var node = nodes[path] else { throw ZooKeeperError(.noNode, path: path.text) }
        if let version, version != node.stat.aclVersion { throw ZooKeeperError(.badVersion, path: path.text) }
        node.acl = acl
        node.stat.aclVersion += 1
        nodes[path] = node
    }
}

extension CreateMode {
    var isEphemeral: Bool { self == .ephemeral || self == .ephemeralSequential }

    var isSequential: Bool {
        switch self {
        case .persistentSequential, .ephemeralSequential, .persistentSequentialTTL: true
        case .persistent, .ephemeral, .container, .persistentTTL: false
        }
    }
}
