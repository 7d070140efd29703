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
