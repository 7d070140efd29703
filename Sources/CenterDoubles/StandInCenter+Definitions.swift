import Center
public import Domain

/// Revisions of calendars, workflows, pools and runtimes.
extension StandInCenter {
    /// What a definition said lately, the present revision last.
    public func revisions(of kind: Definition.Kind, named name: String) throws -> [DefinitionRevision] {
        guard let present = present(kind, name), let history = histories["\(kind.rawValue)/\(name)"] else {
            throw CenterError.notFound(kind: kind.rawValue, name: name)
        }
        return history.revisions(with: present)
    }

    /// Keeps what a definition said that is about to be superseded, unless that says the same.
    func keep(_ next: Definition, instead known: Definition?, _ note: ChangeNote) {
        guard known != next else { return }
        let key = "\(next.kind.rawValue)/\(next.name)"
        let saved = SaveNote(revision: 1, at: now, author: note.author, message: note.message)
        guard let known, var history = histories[key] else {
            histories[key] = DefinitionRevisions(present: saved)
            return
        }
        history.supersede(known, at: now, author: note.author, message: note.message)
        histories[key] = history
    }

    private func present(_ kind: Definition.Kind, _ name: String) -> Definition? {
        switch kind {
        case .calendar: CalendarID(name).flatMap { kept[$0] }.map { .calendar($0) }
        case .pool: PoolID(name).flatMap { sizes[$0] }.map { .pool($0) }
        case .runtime:
            RuntimeID(name).flatMap { settings[$0] }.map { Definition.runtime($0).lasting }
        case .workflow:
            WorkflowID(name).flatMap { try? workflow($0, occasions: 0).definition }.map { .workflow($0) }
        }
    }
}
