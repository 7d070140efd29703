import Domain
import ZooKeeper

/// Reads what definitions take over from elsewhere: calendars, pools and the settings of groups.
extension CatalogReader {
    func readCalendars(_ isWatched: Bool) async throws -> Outcome {
        let (names, watch) = try await names(tree.calendars, isWatched)
        let found = names.compactMap(CalendarID.init)
        let isChanged = store.change { catalog in
            for gone in Set(catalog.calendars.keys).subtracting(found).sorted() {
                catalog.set(calendar: gone, nil)
            }
        }
        return Outcome(watch: watch, discovered: found.map { .calendar($0) }, isChanged: isChanged)
    }

    func readCalendar(_ calendar: CalendarID, _ isWatched: Bool) async throws -> Outcome {
        let (content, watch) = try await content(DayCalendar.self, tree.calendar(calendar), isWatched)
        return Outcome(watch: watch, isChanged: store.change { $0.set(calendar: calendar, content) })
    }

    func readGroups(_ isWatched: Bool) async throws -> Outcome {
        let (names, watch) = try await names(tree.groups, isWatched)
        let found = names.compactMap(GroupID.init)
        let isChanged = store.change { catalog in
            for gone in Set(catalog.groups.keys).subtracting(found).sorted() { catalog.set(group: gone, nil) }
        }
        return Outcome(watch: watch, discovered: found.map { .group($0) }, isChanged: isChanged)
    }

    func readGroup(_ group: GroupID, _ isWatched: Bool) async throws -> Outcome {
        let (content, watch) = try await content(GroupSettings.self, tree.group(group), isWatched)
        return Outcome(watch: watch, isChanged: store.change { $0.set(group: group, content) })
    }

    func readPools(_ isWatched: Bool) async throws -> Outcome {
        let (names, watch) = try await names(tree.pools, isWatched)
        let found = names.compactMap(PoolID.init)
        let isChanged = store.change { catalog in
            for gone in Set(catalog.pools.keys).subtracting(found).sorted() { catalog.set(pool: gone, nil) }
        }
        return Outcome(watch: watch, discovered: found.map { .pool($0) }, isChanged: isChanged)
    }

    func readPool(_ pool: PoolID, _ isWatched: Bool) async throws -> Outcome {
        let (content, watch) = try await content(Pool.self, tree.pool(pool), isWatched)
        return Outcome(watch: watch, isChanged: store.change { $0.set(pool: pool, content) })
    }

    private func content<Payload: Decodable & Sendable>(
        _ type: Payload.Type,
        _ path: ZNodePath,
        _ isWatched: Bool
    ) async throws -> (Versioned<Payload>?, Watch?) {
        let (node, watch) = try await node(path, isWatched)
        let content = try node.map {
            Versioned(
                try ZNodeCodec.decode(type, from: $0.data, at: path.text),
                version: $0.stat.version
            )
        }
        return (content, watch)
    }
}
