public import Domain
public import Scheduling
import ZooKeeper

/// What there is of a definition.
public enum PresentDefinition: Hashable, Sendable {
    /// There is none of that name.
    case absent
    /// A workflow of which only a part is there.
    case unfinished
    /// All of it.
    case whole(Definition)
}

extension Catalog {
    /// What there is of a definition now; of a runtime without what operating it changes.
    public func definition(_ kind: Definition.Kind, _ name: String) -> PresentDefinition {
        let found: Definition? =
            switch kind {
            case .calendar: CalendarID(name).flatMap { calendars[$0] }.map { Definition.calendar($0.value) }
            case .pool: PoolID(name).flatMap { pools[$0] }.map { Definition.pool($0.value) }
            case .runtime: RuntimeID(name).flatMap { runtimes[$0] }.map { Definition.runtime($0.value) }
            case .workflow: nil
            }
        if kind == .workflow { return WorkflowID(name).map(workflow) ?? .absent }
        return found.map { PresentDefinition.whole($0.lasting) } ?? .absent
    }

    private func workflow(_ name: WorkflowID) -> PresentDefinition {
        let parts = tasks(of: name).map(\.specification)
        guard !parts.isEmpty else { return .absent }
        guard let head = parts.first(where: { $0.workflow?.step == nil }),
            let whole = Workflow(head: head, steps: parts.filter { $0.workflow?.step != nil }),
            !whole.isIncomplete
        else { return .unfinished }
        return .whole(.workflow(whole))
    }
}

/// How the leader keeps what calendars, workflows, pools and runtimes said before.
extension CatalogWriter {
    /// Keeps what a definition says that is about to be superseded, and who does that, when and what for.
    ///
    /// Before it is: should nothing come of it, the revision stands there and where the definition is kept, and counts once.
    public func record(
        _ kind: Definition.Kind,
        _ name: String,
        superseding present: PresentDefinition,
        at now: Instant,
        author: String?,
        message: String?
    ) async throws {
        let path = try writer.tree.definition(kind, name)
        try await writer.ensure(writer.tree.definitions)
        let known = try await writer.session.content(DefinitionRevisions.self, at: path)
        var list = DefinitionRevisions(
            present: SaveNote(revision: 1, at: now, author: author, message: message)
        )
        switch (present, known) {
        // What is kept of one that was deleted is no history of one that has its name.
        case (.absent, _): break
        case (.unfinished, .present(let found)):
            list = found.value
            list.supersede(nil, at: now, author: author, message: message)
        case (.whole(let definition), .present(let found)):
            list = found.value
            list.supersede(definition, at: now, author: author, message: message)
        case (.whole(let definition), _):
            list = try await unrecorded(definition)
            list.supersede(definition, at: now, author: author, message: message)
        case (.unfinished, _): break
        }
        let data = try ZNodeCodec.encode(list)
        let operation: Operation =
            switch known {
            case .absent: .create(path, data: data)
            case .present(let found): .set(path, data: data, version: found.version)
            case .damaged(_, let version): .set(path, data: data, version: version)
            }
        _ = try await writer.write([operation])
    }

    /// Deletes the revisions of a definition that is gone.
    public func forget(_ kind: Definition.Kind, _ name: String) async throws {
        let path = try writer.tree.definition(kind, name)
        guard try await writer.session.exists(path) != nil else { return }
        _ = try await writer.write([.delete(path, version: nil)])
    }

    /// The revisions of a definition, the present one last; none of one that is absent.
    public func revisions(
        _ kind: Definition.Kind,
        _ name: String,
        present: PresentDefinition
    ) async throws -> [DefinitionRevision] {
        let path = try writer.tree.definition(kind, name)
        let known = try await writer.session.content(DefinitionRevisions.self, at: path)
        switch (present, known) {
        case (.absent, _): return []
        case (.unfinished, .present(let found)): return found.value.revisions(with: nil)
        case (.unfinished, _): return []
        case (.whole(let definition), .present(let found)): return found.value.revisions(with: definition)
        case (.whole(let definition), _):
            return try await unrecorded(definition).revisions(with: definition)
        }
    }

    /// The history of a definition that was saved when none was kept: nobody knows by whom, and only that it was not later.
    private func unrecorded(_ definition: Definition) async throws -> DefinitionRevisions {
        let tree = writer.tree
        let path =
            switch definition {
            case .calendar(let calendar): try tree.calendar(calendar.name)
            case .pool(let pool): try tree.pool(pool.name)
            case .runtime(let settings): try tree.runtime(settings.name).settings
            case .workflow(let workflow):
                try tree.task(
                    workflow.head.name,
                    bucket: Buckets.task(workflow.head.name, count: bucketCount)
                )
            }
        let stat = try await writer.session.exists(path)
        let saved = Instant(millisecondsSinceEpoch: stat?.modifiedMilliseconds ?? 0)
        return DefinitionRevisions(present: SaveNote(revision: 1, at: saved))
    }
}
