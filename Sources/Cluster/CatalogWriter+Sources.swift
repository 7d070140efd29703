public import Domain
import ZooKeeper

/// How the leader changes what definitions take over from elsewhere: calendars and the settings of groups.
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

    /// Reads calendars and groups again, after a conflict or a lost reply.
    public func rereadSources() async throws {
        let reader = CatalogReader(session: writer.session, tree: writer.tree, store: store, logger: logger)
        try await writer.session.sync(writer.tree.root)
        for parent in [CatalogTopic.calendars, .groups] {
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
