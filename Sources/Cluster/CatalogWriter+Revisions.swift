public import Domain
import ZooKeeper

/// How the leader keeps what tasks said before.
extension CatalogWriter {
    /// Keeps the content of definitions that are about to be superseded.
    ///
    /// Before they are: should nothing come of it, the revision stands there and in the definition, and counts once.
    public func record(_ definitions: [TaskDefinition]) async throws {
        guard !definitions.isEmpty else { return }
        try await makeBuckets(for: definitions)
        let writes = try await pipelined(definitions, limit: 32) { definition in
            try await operation(recording: definition)
        }
        var batch: [Operation] = []
        var bytes = 0
        for (operation, size) in writes {
            if !batch.isEmpty,
                bytes + size > LeaderWriter.Limit.bytesMax || batch.count >= LeaderWriter.Limit.operationsMax
            {
                _ = try await writer.write(batch)
                (batch, bytes) = ([], 0)
            }
            batch.append(operation)
            bytes += size
        }
        _ = try await writer.write(batch)
    }

    /// Deletes the revisions of tasks that are gone; what is left by a leader that ends before is nobody's history.
    public func forget(_ names: [TaskID]) async throws {
        let session = writer.session
        let found = try await pipelined(names, limit: 32) { name in
            let path = try path(of: name)
            return try await session.exists(path) == nil ? nil : path
        }
        var paths = found.compactMap(\.self)[...]
        while !paths.isEmpty {
            _ = try await writer.write(
                paths.prefix(LeaderWriter.Limit.operationsMax).map { .delete($0, version: nil) }
            )
            paths = paths.dropFirst(LeaderWriter.Limit.operationsMax)
        }
    }

    /// The revisions of a task before its present one, oldest first.
    public func revisions(of definition: TaskDefinition) async throws -> [TaskRevision] {
        let known = try await writer.session.content(TaskRevisions.self, at: path(of: definition.name))
        guard case .present(let list) = known, list.value.uid == definition.uid else { return [] }
        return list.value.revisions
    }

    private func path(of name: TaskID) throws(ZooKeeperError) -> ZNodePath {
        try writer.tree.revisions(of: name, bucket: Buckets.task(name, count: bucketCount))
    }

    private func operation(recording definition: TaskDefinition) async throws -> (Operation, Int) {
        let path = try path(of: definition.name)
        let known = try await writer.session.content(TaskRevisions.self, at: path)
        var list = TaskRevisions(uid: definition.uid)
        // The revisions of a task that was deleted are no history of one that has its name.
        if case .present(let found) = known, found.value.uid == definition.uid { list = found.value }
        list.append(TaskRevision(definition))
        let data = try ZNodeCodec.encode(list)
        switch known {
        case .absent: return (.create(path, data: data), data.count)
        case .present(let found): return (.set(path, data: data, version: found.version), data.count)
        case .damaged(_, let version): return (.set(path, data: data, version: version), data.count)
        }
    }

    private func makeBuckets(for definitions: [TaskDefinition]) async throws {
        let tree = writer.tree
        let buckets = Set(definitions.map { Buckets.task($0.name, count: bucketCount) }).sorted()
        let missing = try await pipelined(buckets, limit: 32) { bucket in
            let path = try tree.revisionBucket(bucket)
            return try await writer.session.exists(path) == nil ? path : nil
        }
        for path in missing.compactMap(\.self) { try await writer.ensure(path) }
    }
}
