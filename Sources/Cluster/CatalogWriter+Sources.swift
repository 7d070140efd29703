public import Domain
import ZooKeeper

/// How the leader changes what definitions take over from elsewhere: calendars, pools and the settings of groups.
extension CatalogWriter {
    /// Creates or replaces a calendar.
    public func write(_ calendar: DayCalendar) async throws {
        let path = try writer.tree.calendar(calendar.name)
        let known = store.read { $0.calendars[calendar.name]?.version }
        let version = try await write(calendar, to: path, known)
        store.change { $0.set(calendar: calendar.name, Versioned(calendar, version: version)) }
    }

    /// Deletes a calendar; no task may name it.
    public func delete(_ calendar: CalendarID) async throws {
        let path = try writer.tree.calendar(calendar)
        guard let known = store.read({ $0.calendars[calendar]?.version }) else {
            throw LeaderWriteError.conflict(ZooKeeperError(.noNode, path: path.text))
        }
        _ = try await writer.write([.delete(path, version: known)])
        store.change { $0.set(calendar: calendar, nil) }
    }

    /// Creates or replaces the settings of a group.
    public func write(_ group: GroupSettings) async throws {
        let path = try writer.tree.group(group.name)
        let known = store.read { $0.groups[group.name]?.version }
        let version = try await write(group, to: path, known)
        store.change { $0.set(group: group.name, Versioned(group, version: version)) }
    }

    /// Creates or replaces a pool.
    public func write(_ pool: Pool) async throws {
        let path = try writer.tree.pool(pool.name)
        let known = store.read { $0.pools[pool.name]?.version }
        let version = try await write(pool, to: path, known)
        store.change { $0.set(pool: pool.name, Versioned(pool, version: version)) }
    }

    /// Deletes a pool; no task may name it.
    public func delete(_ pool: PoolID) async throws {
        let path = try writer.tree.pool(pool)
        guard let known = store.read({ $0.pools[pool]?.version }) else {
            throw LeaderWriteError.conflict(ZooKeeperError(.noNode, path: path.text))
        }
        _ = try await writer.write([.delete(path, version: known)])
        store.change { $0.set(pool: pool, nil) }
    }

    /// Reads calendars, pools and groups again, after a conflict or a lost reply.
    public func rereadSources() async throws {
        let reader = CatalogReader(session: writer.session, tree: writer.tree, store: store, logger: logger)
        try await writer.session.sync(writer.tree.root)
        for parent in [CatalogTopic.calendars, .groups, .pools] {
            let outcome = try await reader.read(parent, isWatched: false)
            for topic in outcome.discovered { _ = try await reader.read(topic, isWatched: false) }
        }
    }

    private func write(_ payload: some Encodable, to path: ZNodePath, _ known: Int32?) async throws -> Int32 {
        let data = try ZNodeCodec.encode(payload)
        let operation: Operation =
            known.map { .set(path, data: data, version: $0) } ?? .create(path, data: data)
        return try await writer.write([operation]).first?.version ?? 0
    }
}
