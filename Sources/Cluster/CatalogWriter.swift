public import Domain
public import Logging
import ZooKeeper

/// How the leader changes tasks and runtimes.
///
/// Every change is at once in the catalog, too: the leader reads its own writes.
public struct CatalogWriter: Sendable {
    /// What becomes of one task.
    public enum Change: Hashable, Sendable {
        /// It is created or replaced.
        case save(TaskDefinition)
        /// It is gone.
        case delete(TaskID)

        /// The task's name.
        public var name: TaskID {
            switch self {
            case .save(let definition): definition.name
            case .delete(let name): name
            }
        }
    }

    let writer: LeaderWriter
    let store: CatalogStore
    let bucketCount: Int
    let logger: Logger

    /// Writes under the writer's epoch; tasks are spread over `bucketCount` buckets.
    public init(writer: LeaderWriter, store: CatalogStore, bucketCount: Int, logger: Logger) {
        self.logger = logger
        self.writer = writer
        self.store = store
        self.bucketCount = bucketCount
    }

    /// Writes the changes, each name at most once, bucket by bucket in as few multis as fit.
    ///
    /// A task is created with its first revision, and saved with the one that follows the present one. A failure leaves the multis before it in
    /// effect. A conflict says that the catalog is behind, or has changed since the changes were worked out: reread and decide again.
    public func write(_ changes: [Change]) async throws {
        var batch = CatalogBatch()
        for (bucket, group) in groups(changes) {
            if batch.holds(bucket) || !batch.fits(group) { try await commit(&batch) }
            try add(group, bucket, to: &batch)
        }
        try await commit(&batch)
    }

    /// Whether these changes are written all at once, or not at all: whether they fit one multi.
    public func isOneWrite(_ changes: [Change]) throws -> Bool {
        var batch = CatalogBatch()
        for (bucket, group) in groups(changes) {
            guard !batch.holds(bucket), batch.fits(group) else { return false }
            try add(group, bucket, to: &batch)
        }
        return true
    }

    /// The changes by bucket, each piece small enough for a multi.
    private func groups(_ changes: [Change]) -> [(bucket: Int, changes: [Change])] {
        let byBucket = Dictionary(grouping: changes) { Buckets.task($0.name, count: bucketCount) }
        return byBucket.keys.sorted().flatMap { bucket in
            Self.chunks(byBucket[bucket] ?? []).map { (bucket, $0) }
        }
    }

    /// Reads the buckets of these tasks again, after a conflict or a lost reply.
    public func reread(_ names: [TaskID]) async throws {
        let reader = CatalogReader(session: writer.session, tree: writer.tree, store: store, logger: logger)
        try await writer.session.sync(writer.tree.tasks)
        for bucket in Set(names.map({ Buckets.task($0, count: bucketCount) })).sorted() {
            _ = try await reader.read(.bucket(bucket), isWatched: false)
        }
    }

    /// Creates or replaces the settings of a runtime.
    public func write(_ settings: RuntimeSettings) async throws {
        let paths = try writer.tree.runtime(settings.name)
        let data = try ZNodeCodec.encode(settings)
        let known = store.read { $0.runtimes[settings.name]?.version }
        let operations: [Operation] =
            if let known {
                [.set(paths.settings, data: data, version: known)]
            } else {
                [.create(paths.settings, data: data)] + (try paths.parents.map { .create($0, data: []) })
            }
        let version = try await writer.write(operations).first?.version ?? 0
        store.change { $0.set(runtime: settings.name, Versioned(settings, version: version)) }
    }

    /// Reads the settings of a runtime again, after a conflict or a lost reply.
    public func reread(runtime: RuntimeID) async throws {
        let reader = CatalogReader(session: writer.session, tree: writer.tree, store: store, logger: logger)
        _ = try await reader.read(.settings(runtime), isWatched: false)
    }
}

extension CatalogWriter {
    /// Cuts the changes of one bucket so that each piece fits a multi by itself.
    private static func chunks(_ changes: [Change]) -> [[Change]] {
        var chunks: [[Change]] = [[]]
        var bytes = 0
        for change in changes.sorted(by: { $0.name < $1.name }) {
            let last = chunks.count - 1
            let size = CatalogBatch.estimatedBytes(change)
            if !chunks[last].isEmpty,
                bytes + size > LeaderWriter.Limit.bytesMax
                    || chunks[last].count >= LeaderWriter.Limit.operationsMax - 2
            {
                chunks.append([change])
                bytes = size
            } else {
                chunks[last].append(change)
                bytes += size
            }
        }
        return chunks
    }

    private func add(_ changes: [Change], _ bucket: Int, to batch: inout CatalogBatch) throws {
        let (known, definitions) = store.read { catalog in (catalog.index[bucket], catalog.tasks) }
        var index = known?.value ?? TaskIndex()
        for change in changes { index.tasks[change.name] = change.entry }
        let path = try writer.tree.taskBucket(bucket)
        let data = try ZNodeCodec.encode(index)
        batch.append(known.map { .set(path, data: data, version: $0.version) } ?? .create(path, data: data))
        for change in changes {
            let path = try writer.tree.task(change.name, bucket: bucket)
            switch (change, definitions[change.name]) {
            case (.save(let definition), let known?) where definition.follows(known.value):
                batch.append(.set(path, data: try ZNodeCodec.encode(definition), version: known.version))
            case (.save(let definition), nil) where definition.revision == 1:
                batch.append(.create(path, data: try ZNodeCodec.encode(definition)))
            case (.delete, let known?): batch.append(.delete(path, version: known.version))
            // It was decided when there was another task of the name, or another revision, or it was not yet gone.
            case (.save, _?): throw LeaderWriteError.conflict(ZooKeeperError(.badVersion, path: path.text))
            case (_, nil): throw LeaderWriteError.conflict(ZooKeeperError(.noNode, path: path.text))
            }
        }
        batch.add(bucket, index, changes)
    }

    private func commit(_ batch: inout CatalogBatch) async throws {
        guard !batch.operations.isEmpty else { return }
        let written = batch
        batch = CatalogBatch()
        let versions = try await writer.write(written.operations).map { $0.version ?? 0 }
        store.change { Self.apply(written, versions, to: &$0) }
    }

    private static func apply(_ batch: CatalogBatch, _ versions: [Int32], to catalog: inout Catalog) {
        var position = 0
        for part in batch.parts {
            let index = Versioned(part.index, version: versions[position])
            let saved = zip(part.changes, versions[(position + 1)...]).compactMap { change, version in
                change.definition.map { Versioned($0, version: version) }
            }
            catalog.set(bucket: part.bucket, index, changed: saved)
            position += 1 + part.changes.count
        }
    }
}

/// Changes of tasks that go into one multi.
private struct CatalogBatch {
    private(set) var operations: [Operation] = []
    private(set) var parts: [(bucket: Int, index: TaskIndex, changes: [CatalogWriter.Change])] = []
    private var sizeBytes = 0

    func holds(_ bucket: Int) -> Bool { parts.contains { $0.bucket == bucket } }

    func fits(_ changes: [CatalogWriter.Change]) -> Bool {
        operations.count + changes.count + 2 <= LeaderWriter.Limit.operationsMax
            && changes.reduce(sizeBytes) { $0 + Self.estimatedBytes($1) } <= LeaderWriter.Limit.bytesMax
    }

    mutating func append(_ operation: Operation) {
        operations.append(operation)
        switch operation {
        case .create(_, let data, _, _), .set(_, let data, _): sizeBytes += data.count
        case .delete, .check: break
        }
    }

    mutating func add(_ bucket: Int, _ index: TaskIndex, _ changes: [CatalogWriter.Change]) {
        parts.append((bucket, index, changes))
    }

    static func estimatedBytes(_ change: CatalogWriter.Change) -> Int {
        change.definition?.estimatedBytes ?? 128
    }
}

extension CatalogWriter.Change {
    fileprivate var definition: TaskDefinition? {
        if case .save(let definition) = self { definition } else { nil }
    }

    fileprivate var entry: TaskIndex.Entry? { definition?.indexEntry }
}

extension TaskDefinition {
    /// Whether it is the next revision of this one.
    fileprivate func follows(_ former: TaskDefinition) -> Bool {
        uid == former.uid && revision == former.revision + 1
    }
}
