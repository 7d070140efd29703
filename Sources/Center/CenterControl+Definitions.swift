import Cluster
import Domain

/// Revisions of calendars, workflows, pools and runtimes.
extension CenterControl {
    func revisions(of kind: Definition.Kind, named name: String) async throws -> [DefinitionRevision] {
        let present = state.store.read { $0.definition(kind, name) }
        guard present != .absent else { throw CenterError.notFound(kind: kind.rawValue, name: name) }
        let leading = try leading()
        return try await translating {
            try await leading.catalogWriter.revisions(kind, name, present: present)
        }
    }

    /// Keeps what workflows say of which tasks are about to be superseded by these: they are paused or resumed.
    func recordWorkflows(of tasks: [TaskDefinition], _ note: ChangeNote, _ writer: CatalogWriter) async throws
    {
        let changed = Dictionary(tasks.map { ($0.name, $0.specification) }) { $1 }
        for name in Set(changed.values.compactMap(\.workflow?.workflow)).sorted() {
            let present = state.store.read { $0.definition(.workflow, name.text) }
            guard case .whole(.workflow(let workflow)) = present else { continue }
            let steps = workflow.steps.map { changed[$0.name] ?? $0 }
            let head = changed[workflow.head.name] ?? workflow.head
            guard let next = Workflow(head: head, steps: steps) else { continue }
            try await record(.workflow(next), note, writer)
        }
    }

    /// Keeps what is about to be superseded by a definition, unless it says the same.
    func record(_ next: Definition, _ note: ChangeNote, _ writer: CatalogWriter) async throws {
        let present = state.store.read { $0.definition(next.kind, next.name) }
        guard present != .whole(next.lasting) else { return }
        try await writer.record(
            next.kind,
            next.name,
            superseding: present,
            at: time.now,
            author: note.author,
            message: note.message
        )
    }
}
