import ZooKeeper

/// The watches of one session, as the C library keeps them, and who waits for each.
///
/// The library is given one default watcher for all; it removes a watch when it fires and re-sends all watches after
/// a reconnect. This table mirrors it, so that its size in bytes is known, and fans events out.
struct WatchTable: Sendable {
    /// What a watch is about; the same kinds as the library's.
    enum Kind: Int, Hashable, Sendable {
        /// Data of a node that exists.
        case data
        /// A node that does not exist yet.
        case existence
        /// List of children.
        case children
    }

    /// Who waits for an event.
    typealias Listener = AsyncStream<WatchEvent>.Continuation

    private struct Key: Hashable {
        var path: ZNodePath
        var kind: Kind
    }

    private struct Waiter {
        var id: UInt64
        var listener: Listener
    }

    private var waiters: [Key: [Waiter]] = [:]

    /// Bytes of the watched paths, each counted once per kind, without the chroot.
    private(set) var pathBytes = 0

    /// Number of watches in the library.
    var count: Int { waiters.count }

    /// Whether the library already watches this, so that another watch costs nothing.
    func contains(_ path: ZNodePath, _ kind: Kind) -> Bool {
        waiters[Key(path: path, kind: kind)] != nil
    }

    /// Records a watch the library now has; `listener` is `nil` when nobody waits for it any more.
    mutating func add(_ path: ZNodePath, _ kind: Kind, id: UInt64, listener: Listener?) {
        let key = Key(path: path, kind: kind)
        if waiters[key] == nil { pathBytes += path.text.utf8.count }
        waiters[key, default: []] += listener.map { [Waiter(id: id, listener: $0)] } ?? []
    }

    /// Drops the listener `id`; the watch itself stays, because removing it can crash the library (ZOOKEEPER-2320).
    mutating func forget(_ path: ZNodePath, id: UInt64) {
        for kind in [Kind.data, .existence, .children] {
            waiters[Key(path: path, kind: kind)]?.removeAll { $0.id == id }
        }
    }

    /// Takes out the watches that an event consumes and returns their listeners in the order they came.
    mutating func fire(_ event: WatchEvent, at path: ZNodePath) -> [Listener] {
        take(Self.kinds(consumedBy: event).map { Key(path: path, kind: $0) })
    }

    /// Takes out everything and returns the listeners in the order they came.
    mutating func removeAll() -> [Listener] {
        take(Array(waiters.keys))
    }

    private mutating func take(_ keys: [Key]) -> [Listener] {
        var taken: [Waiter] = []
        for key in keys {
            guard let found = waiters.removeValue(forKey: key) else { continue }
            pathBytes -= key.path.text.utf8.count
            taken += found
        }
        return taken.sorted { $0.id < $1.id }.map(\.listener)
    }

    private static func kinds(consumedBy event: WatchEvent) -> [Kind] {
        switch event {
        case .created, .dataChanged: [.data, .existence]
        case .childrenChanged: [.children]
        case .deleted, .ended: [.data, .existence, .children]
        }
    }
}
