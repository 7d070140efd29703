extension ZooKeeperSession {
    /// Checks that the root path at the end of the connect string, the chroot, is there; without one it always is.
    ///
    /// The server itself accepts sessions below a path that does not exist.
    ///
    /// - Throws: `ZooKeeperError` with code `.noNode` that says what to do; any error of the call.
    public func requireRoot() async throws(ZooKeeperError) {
        if try await exists(.root) != nil { return }
        throw ZooKeeperError(
            .noNode,
            detail:
                "the root path at the end of the connect string does not exist: create it, or correct the string"
        )
    }

    /// Creates a node and its missing parents, all persistent and empty; a node that exists is fine.
    public func ensurePath(_ path: ZNodePath) async throws(ZooKeeperError) {
        var missing: [ZNodePath] = []
        var next: ZNodePath? = path
        while let candidate = next, candidate != .root, try await exists(candidate) == nil {
            missing.append(candidate)
            next = candidate.parent
        }
        for node in missing.reversed() {
            do throws(ZooKeeperError) {
                _ = try await create(node)
            } catch {
                if error.code != .nodeExists { throw error }
            }
        }
    }

    /// Creates a node exactly once, although replies may be lost.
    ///
    /// `data` must be unlike anything another party would write there (carry a nonce): after a lost reply, and when the node
    /// exists already, the node's data tells whether it is ours. Not for sequential nodes.
    ///
    /// - Throws: `ZooKeeperError` with code `.nodeExists` when the node is somebody else's; any error that ends the session.
    public func createOnce(
        _ path: ZNodePath,
        data: [UInt8],
        mode: CreateMode = .persistent,
        acl: ACL = .open
    ) async throws(ZooKeeperError) -> ZNodeStat {
        while true {
            let failure: ZooKeeperError
            do throws(ZooKeeperError) {
                return try await create(path, data: data, mode: mode, acl: acl).stat
            } catch {
                if error.code != .nodeExists && !error.isRetriable { throw error }
                failure = error
            }
            try await connected()
            if let stat = try await statOfOwn(path, data, mode, failure) { return stat }
        }
    }

    /// The stat of the node if it is the one we meant to create, `nil` if it is absent.
    private func statOfOwn(
        _ path: ZNodePath,
        _ data: [UInt8],
        _ mode: CreateMode,
        _ failure: ZooKeeperError
    ) async throws(ZooKeeperError) -> ZNodeStat? {
        do throws(ZooKeeperError) {
            try await sync(path)
            let node = try await get(path)
            let sessionID = await identity?.id
            if node.data == data && (mode != .ephemeral || node.stat.ephemeralOwner == sessionID) {
                return node.stat
            }
            throw ZooKeeperError(.nodeExists, path: path.text, detail: failure.detail)
        } catch {
            if error.code == .noNode || error.isRetriable { return nil }
            throw error
        }
    }
}
