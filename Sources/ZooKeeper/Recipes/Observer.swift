/// How observers re-read although no watch fired.
public struct ObserverSchedule: Hashable, Sendable {
    /// The longest time between two reads; each wait is spread between half of it and all of it.
    public var rereadInterval: Duration

    /// Creates a schedule.
    public init(rereadInterval: Duration = .seconds(30)) {
        self.rereadInterval = rereadInterval
    }
}

/// The states of one node over time: its data and stat, or `nil` while it does not exist.
///
/// Each element differs from the one before; changes that come faster than they are consumed are merged. Reads again when its
/// watch fires, after a reconnect, and now and then in any case. Throws when the session ends, finishes when the task is cancelled.
public struct NodeObserver: AsyncSequence, Sendable {
    /// What is observed.
    public typealias Element = ZNode?
    /// Errors that end the sequence.
    public typealias Failure = ZooKeeperError

    private let session: any ZooKeeperSession
    private let path: ZNodePath
    private let environment: RecipeEnvironment
    private let schedule: ObserverSchedule

    /// Prepares an observation; each iterator reads for itself.
    public init(
        session: any ZooKeeperSession,
        path: ZNodePath,
        environment: RecipeEnvironment,
        schedule: ObserverSchedule = ObserverSchedule()
    ) {
        self.session = session
        self.path = path
        self.environment = environment
        self.schedule = schedule
    }

    /// Starts an observation.
    public func makeAsyncIterator() -> Iterator {
        Iterator(loop: ObserverLoop(session, environment, schedule), path: path)
    }

    /// One observation.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate var loop: ObserverLoop
        fileprivate let path: ZNodePath
        fileprivate var last: ZNode??

        /// The next state that differs from the last one.
        public mutating func next() async throws(ZooKeeperError) -> ZNode?? {
            let path = path
            while let node = try await loop.next({ session throws(ZooKeeperError) in
                try await Self.read(session, path)
            }) {
                if let last, Self.isSame(last, node) { continue }
                last = .some(node)
                return .some(node)
            }
            return nil
        }

        private static func read(_ session: any ZooKeeperSession, _ path: ZNodePath)
            async throws(ZooKeeperError) -> (ZNode?, Watch)
        {
            do throws(ZooKeeperError) {
                let watched = try await session.watchGet(path)
                return (watched.node, watched.watch)
            } catch {
                if error.code != .noNode { throw error }
            }
            let watched = try await session.watchExists(path)
            return watched.stat == nil ? (nil, watched.watch) : try await read(session, path)
        }

        private static func isSame(_ one: ZNode?, _ other: ZNode?) -> Bool {
            one?.data == other?.data && one?.stat.createdTransaction == other?.stat.createdTransaction
                && one?.stat.modifiedTransaction == other?.stat.modifiedTransaction
        }
    }
}

/// The children of one node over time: their names in order, or `nil` while the node does not exist.
///
/// Behaves as `NodeObserver` does.
public struct ChildrenObserver: AsyncSequence, Sendable {
    /// What is observed.
    public typealias Element = [String]?
    /// Errors that end the sequence.
    public typealias Failure = ZooKeeperError

    private let session: any ZooKeeperSession
    private let path: ZNodePath
    private let environment: RecipeEnvironment
    private let schedule: ObserverSchedule

    /// Prepares an observation; each iterator reads for itself.
    public init(
        session: any ZooKeeperSession,
        path: ZNodePath,
        environment: RecipeEnvironment,
        schedule: ObserverSchedule = ObserverSchedule()
    ) {
        self.session = session
        self.path = path
        self.environment = environment
        self.schedule = schedule
    }

    /// Starts an observation.
    public func makeAsyncIterator() -> Iterator {
        Iterator(loop: ObserverLoop(session, environment, schedule), path: path)
    }

    /// One observation.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate var loop: ObserverLoop
        fileprivate let path: ZNodePath
        fileprivate var last: [String]??

        /// The next list that differs from the last one.
        public mutating func next() async throws(ZooKeeperError) -> [String]?? {
            let path = path
            while let names = try await loop.next({ session throws(ZooKeeperError) in
                try await Self.read(session, path)
            }) {
                if let last, last == names { continue }
                last = .some(names)
                return .some(names)
            }
            return nil
        }

        private static func read(_ session: any ZooKeeperSession, _ path: ZNodePath)
            async throws(ZooKeeperError) -> ([String]?, Watch)
        {
            do throws(ZooKeeperError) {
                let watched = try await session.watchChildren(path)
                return (watched.names.sorted(), watched.watch)
            } catch {
                if error.code != .noNode { throw error }
            }
            let watched = try await session.watchExists(path)
            return watched.stat == nil ? (nil, watched.watch) : try await read(session, path)
        }
    }
}
