public import ZooKeeper

/// Everything below a workspace's root, as it was read: nearly at one moment, for nobody stops meanwhile.
public struct TreeSnapshot: Sendable {
    /// A node.
    public struct Node: Hashable, Sendable {
        /// Its data.
        public var data: [UInt8]
        /// What the server knows about it.
        public var stat: ZNodeStat
        /// The names of its children, sorted.
        public var children: [String]

        /// Creates a node.
        public init(data: [UInt8] = [], stat: ZNodeStat = ZNodeStat(), children: [String] = []) {
            self.data = data
            self.stat = stat
            self.children = children
        }
    }

    /// The workspace's tree.
    public let tree: Tree
    /// The nodes by path.
    public private(set) var nodes: [ZNodePath: Node] = [:]

    /// Creates an empty snapshot.
    public init(tree: Tree) { self.tree = tree }

    /// The node at a path; `nil` when there is none.
    public func node(_ path: ZNodePath) -> Node? { nodes[path] }

    /// The names of a node's children, sorted; empty when there is no such node.
    public func children(_ path: ZNodePath) -> [String] { nodes[path]?.children ?? [] }

    /// Reads the tree level by level; what goes meanwhile is left out.
    public static func read(session: any ZooKeeperSession, tree: Tree) async throws -> TreeSnapshot {
        var snapshot = TreeSnapshot(tree: tree)
        try await session.sync(tree.root)
        var level = [tree.root]
        while !level.isEmpty {
            let read = try await pipelined(level) { path in try await Self.read(path, session) }
            var next: [ZNodePath] = []
            for (path, node) in zip(level, read) {
                guard let node else { continue }
                snapshot.nodes[path] = node
                for name in node.children { next.append(try path.child(name)) }
            }
            level = next
        }
        return snapshot
    }

    private static func read(_ path: ZNodePath, _ session: any ZooKeeperSession) async throws -> Node? {
        guard let node = try await session.nodeIfPresent(path) else { return nil }
        let names = node.stat.childCount > 0 ? try await session.childrenIfPresent(path) : []
        return Node(data: node.data, stat: node.stat, children: names)
    }
}
