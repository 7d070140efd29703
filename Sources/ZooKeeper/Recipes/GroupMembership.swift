/// One member of a group: an ephemeral node with a payload, gone when the member's session ends.
public struct GroupMembership: Sendable {
    private let session: any ZooKeeperSession
    private let path: ZNodePath

    /// Prepares the membership `path`, whose parent is the group and must exist.
    public init(session: any ZooKeeperSession, path: ZNodePath) {
        self.session = session
        self.path = path
    }

    /// Why a member could not join.
    public enum JoinError: Error, Hashable, Sendable {
        /// Another session holds the name; its payload says who it is.
        case taken(payload: [UInt8], sessionID: Int64)
        /// ZooKeeper could not do it.
        case failed(ZooKeeperError)
    }

    /// Joins; harmless when this session joined before with the same payload.
    ///
    /// - Parameter payload: Must tell this process from every other (carry a nonce).
    /// - Returns: The node's stat.
    /// - Throws: `JoinError`.
    public func join(payload: [UInt8]) async throws(JoinError) -> ZNodeStat {
        while true {
            do throws(ZooKeeperError) {
                return try await session.createOnce(path, data: payload, mode: .ephemeral)
            } catch {
                if error.code != .nodeExists { throw .failed(error) }
            }
            if let holder = try await holder() {
                throw .taken(payload: holder.data, sessionID: holder.stat.ephemeralOwner)
            }
        }
    }

    /// Joins as soon as the name is free: a holder that crashed frees it when its session ends.
    public func joinWhenFree(payload: [UInt8]) async throws(JoinError) -> ZNodeStat {
        while true {
            do throws(JoinError) {
                return try await join(payload: payload)
            } catch {
                guard case .taken = error else { throw error }
            }
            do throws(ZooKeeperError) {
                try await waitUntilFree()
            } catch {
                throw .failed(error)
            }
        }
    }

    /// Waits until nobody holds the name.
    public func waitUntilFree() async throws(ZooKeeperError) {
        while true {
            do throws(ZooKeeperError) {
                let watched = try await session.watchExists(path)
                if watched.stat == nil { return }
                if await watched.watch.event() == .ended {
                    throw ZooKeeperError(Task.isCancelled ? .cancelled : .sessionExpired, path: path.text)
                }
            } catch {
                if !error.isRetriable { throw error }
                try await session.connected()
            }
        }
    }

    /// Leaves the group; harmless when not in it.
    ///
    /// Never removes another session's node.
    public func leave() async throws(ZooKeeperError) {
        do throws(ZooKeeperError) {
            guard let stat = try await session.exists(path),
                stat.ephemeralOwner == (await session.identity?.id)
            else { return }
            try await session.delete(path, version: nil)
        } catch {
            if error.code != .noNode { throw error }
        }
    }

    private func holder() async throws(JoinError) -> ZNode? {
        do throws(ZooKeeperError) {
            return try await session.get(path)
        } catch {
            if error.code == .noNode || error.isRetriable { return nil }
            throw .failed(error)
        }
    }
}
