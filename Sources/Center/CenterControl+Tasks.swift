import Cluster
import Domain
import Mutations
import Scheduling

extension CenterControl {
    func save(_ specifications: [TaskSpecification], condition: SaveCondition) async throws -> [SaveOutcome] {
        _ = try leading()
        let mistakes = problems(specifications)
        guard mistakes.isEmpty else { throw CenterError.invalid(mistakes) }
        let names = specifications.map(\.name)
        return try await change { leading in
            let (tasks, now) = (state.store.catalog.tasks, time.now)
            let edits = try specifications.map { specification in
                try TaskEdit(
                    specification,
                    of: tasks[specification.name]?.value,
                    condition: condition,
                    uid: Mutation.derivesUID.isOn ? Self.uid(of: specification.name) : random.taskUID(),
                    now: now
                )
            }
            let definitions = edits.compactMap(\.definition)
            try checkSizes(definitions)
            if !definitions.isEmpty { try await leading.catalogWriter.write(definitions.map { .save($0) }) }
            return edits.map(\.outcome)
        } rereading: { leading in
            try await leading.catalogWriter.reread(names)
        }
    }

    func deleteTask(_ name: TaskID) async throws {
        try await change { leading in
            guard state.store.catalog.tasks[name] != nil else {
                throw CenterError.notFound(kind: "task", name: name.text)
            }
            let dependents = state.store.read { $0.dependents(of: name).map(\.name) }
            guard dependents.isEmpty else { throw DependencyCheck.refusal(to: name, dependents) }
            try await leading.catalogWriter.write([.delete(name)])
        } rereading: { leading in
            try await leading.catalogWriter.reread([name])
        }
    }

    func setEnabled(_ name: TaskID, _ isEnabled: Bool) async throws -> SaveOutcome {
        try await change { leading in
            guard let task = state.store.catalog.tasks[name]?.value else {
                throw CenterError.notFound(kind: "task", name: name.text)
            }
            var specification = task.specification
            specification.isEnabled = isEnabled
            let edit = try TaskEdit(specification, of: task, condition: .any, uid: task.uid, now: time.now)
            if let definition = edit.definition { try await leading.catalogWriter.write([.save(definition)]) }
            return edit.outcome
        } rereading: { leading in
            try await leading.catalogWriter.reread([name])
        }
    }

    /// The uid that `uid-from-name` gives every task of a name.
    private static func uid(of name: TaskID) -> TaskUID {
        TaskUID(bits: name.text.utf8.reduce(5_381) { $0 &* 33 &+ UInt64($1) })
    }

    /// Everything that is wrong with the specifications, each problem with the place of its task in the list.
    private func problems(_ specifications: [TaskSpecification]) -> [ValidationProblem] {
        let runtimes = state.store.read { Set($0.runtimes.keys) }
        var seen: Set<TaskID> = []
        let dependencies = DependencyCheck(state.store.catalog, saving: specifications)
        return specifications.enumerated().flatMap { index, specification in
            // No calendars are kept yet, and no starts of agents followed: what would silently never run is refused.
            var found =
                specification.problems + specification.calendarProblems(knowing: [])
                + dependencies.problems(of: specification)
            if !runtimes.contains(specification.runtime) {
                found.append(.init(field: "runtime", message: Self.unknown(specification.runtime, runtimes)))
            }
            if !seen.insert(specification.name).inserted {
                found.append(.init(field: "name", message: "the name appears twice; each task is saved once"))
            }
            return found.map { problem in
                ValidationProblem(
                    field: "tasks[\(index)].\(problem.field)",
                    message: "task \(specification.name): \(problem.message)",
                    position: problem.position
                )
            }
        }
    }

    private static func unknown(_ runtime: RuntimeID, _ known: Set<RuntimeID>) -> String {
        let names = known.sorted().map(\.text).joined(separator: ", ")
        return
            "there is no runtime \(runtime); create it with \"cloudtask runtime set \(runtime)\" or use one of: \(names)"
    }

    private func checkSizes(_ definitions: [TaskDefinition]) throws {
        for definition in definitions where definition.mayBeLarge {
            let size = try ZNodeCodec.encode(definition).count
            guard size > ZNodeCodec.payloadBytesMax else { continue }
            throw CenterError.invalid([
                ValidationProblem(
                    field: definition.name.text,
                    message:
                        "task \(definition.name) takes \(size) bytes, more than the \(ZNodeCodec.payloadBytesMax) "
                        + "that are kept of one task; put its script or environment into a file"
                )
            ])
        }
    }
}

extension TaskDefinition {
    /// Whether action, environment and description might exceed a node once they are escaped.
    fileprivate var mayBeLarge: Bool {
        let action =
            switch specification.action {
            case .command(let words): words.reduce(0) { $0 + $1.utf8.count }
            case .script(let text): text.utf8.count
            }
        let environment = specification.environment.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        return action + environment + (specification.description?.utf8.count ?? 0) > 16 * 1_024
    }
}

/// What saving a specification does to a task; pure.
struct TaskEdit: Hashable, Sendable {
    /// The definition to write; `nil` when the task is the same already.
    let definition: TaskDefinition?
    /// What the caller is told.
    let outcome: SaveOutcome

    /// Decides what is to be saved; throws when the condition does not hold.
    init(
        _ specification: TaskSpecification,
        of present: TaskDefinition?,
        condition: SaveCondition,
        uid: TaskUID,
        now: Instant
    ) throws(CenterError) {
        switch (condition, present) {
        case (.absent, .some): throw CenterError.conflict("task \(specification.name) exists already")
        case (.revision, nil): throw CenterError.notFound(kind: "task", name: specification.name.text)
        case (.revision(let expected), let task?) where task.revision != expected:
            throw CenterError.conflict(
                "task \(specification.name) has revision \(task.revision), not \(expected): somebody else changed it"
            )
        default: break
        }
        guard let present else {
            definition = .created(specification, uid: uid, now: now)
            outcome = SaveOutcome(task: specification.name, change: .created, revision: 1)
            return
        }
        if present.specification == specification {
            definition = nil
            outcome = SaveOutcome(task: present.name, change: .unchanged, revision: present.revision)
        } else {
            let edited = present.edited(specification, now: now)
            definition = edited
            outcome = SaveOutcome(task: present.name, change: .updated, revision: edited.revision)
        }
    }
}
