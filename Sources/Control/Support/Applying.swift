import CenterClient
import Documents
import Domain
import Payloads
import Scheduling

/// What applying one document did, or would do.
struct AppliedDocument: Hashable, Codable, Sendable {
    /// `task`, `workflow`, `runtime`, `calendar` or `pool`.
    var kind: String
    /// The name.
    var name: String
    /// `created`, `updated` or `unchanged`; `valid` for what was only checked.
    var change: String
    /// The revision now; absent for all but tasks, and for what has not been applied.
    var revision: Int?
    /// The document before, as YAML; only when comparing.
    var before: String?
    /// The document after, as YAML; only when comparing.
    var after: String?

    /// `kind/name`.
    var identity: String { "\(kind)/\(name)" }

    /// How the change is shown.
    var tone: Style.Tone? {
        switch change {
        case "created": .good
        case "updated": .warning
        default: .quiet
        }
    }
}

extension AppliedDocument {
    /// A document that was read without a mistake.
    init(valid document: Document) {
        self.init(kind: document.kind.lowercased(), name: document.name, change: "valid")
    }
}

/// Brings documents to a cluster, or compares them with it.
struct Applying: Sendable {
    let connection: CenterConnection
    /// How many present tasks may be changed although they are a large share of their runtime.
    var confirmed: Int?
    /// What it is for.
    var message: String?

    /// Creates or edits everything; runtimes first, then pools, calendars and workflows, for tasks refer to them.
    ///
    /// Everything is checked before anything is saved. Results are in the order of the documents.
    func apply(_ documents: [Document]) async throws -> [AppliedDocument] {
        try await refuseUnknownNames(in: documents)
        var results: [String: AppliedDocument] = [:]
        var changes: [(result: AppliedDocument, settings: RuntimeSettings)] = []
        for case .runtime(let document) in documents { changes.append(try await compare(document)) }
        let saving = Saving(documents, connection: connection, confirmed: confirmed, message: message)
        let created = changes.filter { $0.result.change == "created" }.map(\.settings.name)
        let confirmations = try await saving.check(
            isNeeded: changes.contains { $0.result.change != "unchanged" },
            without: created
        )
        for change in changes {
            if change.result.change != "unchanged" {
                var payload = RuntimePayload(change.settings)
                (payload.author, payload.message) = (Author.name(), message)
                try await connection.setRuntime(payload)
            }
            results[change.result.identity] = change.result
        }
        for result in try await saving.perform(confirmations) { results[result.identity] = result }
        return documents.compactMap { results[$0.kind.lowercased() + "/" + $0.name] }
            .map { result in
                var result = result
                (result.before, result.after) = (nil, nil)
                return result
            }
    }

    /// Why the cluster would hold these documents until they are confirmed; `nil` when it would not.
    ///
    /// - Parameters:
    ///   - documents: The documents.
    ///   - changes: What they would change.
    /// - Returns: The sentence.
    /// - Throws: When something is wrong with them.
    func objection(to documents: [Document], _ changes: [AppliedDocument]) async throws -> String? {
        // Only what replaces something can be held, and the tasks of a runtime that does not exist cannot be checked.
        let kinds = ["task", "workflow"]
        guard changes.contains(where: { kinds.contains($0.kind) && $0.change == "updated" }) else {
            return nil
        }
        let created = changes.filter { $0.kind == "runtime" && $0.change == "created" }.map(\.name)
        let saving = Saving(documents, connection: connection, confirmed: confirmed, message: message)
        let whole = try await saving.changes(without: Set(created.compactMap(RuntimeID.init)))
        return whole.objection(confirmed: confirmed)
    }

    /// What applying would change, with the documents before and after.
    func changes(of documents: [Document]) async throws -> [AppliedDocument] {
        let progress = Progress()
        var changes: [AppliedDocument] = []
        for (index, document) in documents.enumerated() {
            progress.report("comparing \(index + 1) of \(documents.count)")
            switch document {
            case .task(let task): changes.append(try await compare(task.specification))
            case .runtime(let runtime): changes.append(try await compare(runtime).result)
            case .calendar(let document): changes.append(try await compare(document.calendar))
            case .workflow(let document): changes.append(try await compare(document.workflow))
            case .pool(let document): changes.append(try await compare(document.pool))
            }
        }
        progress.finish()
        return changes
    }

    /// Finds tasks whose runtime, calendars or pools neither exist nor are among the documents, before anything is changed.
    private func refuseUnknownNames(in documents: [Document]) async throws {
        let problems =
            try await unknownRuntimes(in: documents) + unknownCalendars(in: documents)
            + unfitPools(in: documents)
        if !problems.isEmpty { throw DocumentError(problems: problems) }
    }

    private func unknownRuntimes(in documents: [Document]) async throws -> [DocumentProblem] {
        var known = Set(try await connection.runtimes().map(\.name.text))
        for case .runtime(let runtime) in documents { known.insert(runtime.settings.name.text) }
        let names = known.sorted()
        return documents.flatMap { document in
            Set(document.tasks.map(\.runtime.text)).subtracting(known).sorted().map { runtime in
                let hint = Suggestion.text(for: runtime, among: names)
                return DocumentProblem(
                    location: document.location,
                    field: "runtime",
                    message:
                        "\(document.kind.lowercased()) \(document.name): there is no runtime '\(runtime)': \(hint)"
                )
            }
        }
    }

    private func unknownCalendars(in documents: [Document]) async throws -> [DocumentProblem] {
        var known: Set<CalendarID> = []
        for case .calendar(let document) in documents { known.insert(document.calendar.name) }
        let named = Set(documents.flatMap(\.schedules).flatMap(\.calendarNames))
        if !named.isSubset(of: known.map(\.text)) {
            known.formUnion(try await calendars().map(\.name))
        }
        return documents.flatMap { document -> [DocumentProblem] in
            guard let task = document.scheduled else { return [] }
            return task.specification.calendarProblems(knowing: known).map { problem in
                DocumentProblem(
                    location: document.location,
                    field: problem.field,
                    message: "task \(document.name): \(problem.message)"
                )
            }
        }
    }

    private func unfitPools(in documents: [Document]) async throws -> [DocumentProblem] {
        guard documents.contains(where: { $0.tasks.contains { !$0.demand.pools.isEmpty } }) else { return [] }
        var known: [PoolID: Pool] = [:]
        for pool in try await connection.pools() where pool.exclusive != true {
            known[pool.name] = Pool(name: pool.name, units: pool.units)
        }
        for case .pool(let document) in documents { known[document.pool.name] = document.pool }
        return documents.flatMap { document in
            document.tasks.flatMap { task in
                task.demand.problems(knowing: known).map { problem in
                    DocumentProblem(
                        location: document.location,
                        field: problem.field,
                        message: "task \(task.name): \(problem.message)"
                    )
                }
            }
        }
    }

    /// All calendars of the cluster.
    private func calendars() async throws -> [DayCalendar] {
        try await Paging.all(limit: .max) { page, size throws(CenterClientError) in
            try await connection.calendars(page: page, limit: size)
        }.map(\.calendar)
    }

    private func compare(_ calendar: DayCalendar) async throws -> AppliedDocument {
        let current: DayCalendar?
        do throws(CenterClientError) {
            current = try await connection.calendar(calendar.name).calendar
        } catch {
            guard case .notFound = error else { throw error }
            current = nil
        }
        return AppliedDocument(
            kind: "calendar",
            name: calendar.name.text,
            change: current == nil ? "created" : current == calendar.ordered ? "unchanged" : "updated",
            before: try current.map { try DocumentWriter.yaml($0) },
            after: try DocumentWriter.yaml(calendar.ordered)
        )
    }

    private func compare(_ pool: Pool) async throws -> AppliedDocument {
        let current: Pool?
        do throws(CenterClientError) {
            let known = try await connection.pool(.pool(pool.name))
            current = Pool(name: known.name, units: known.units, description: known.description)
        } catch {
            guard case .notFound = error else { throw error }
            current = nil
        }
        return AppliedDocument(
            kind: "pool",
            name: pool.name.text,
            change: current == nil ? "created" : current == pool ? "unchanged" : "updated",
            before: try current.map { try DocumentWriter.yaml($0) },
            after: try DocumentWriter.yaml(pool)
        )
    }

    private func compare(_ workflow: Workflow) async throws -> AppliedDocument {
        let current: Workflow?
        do throws(CenterClientError) {
            current = try await connection.workflow(workflow.name).definition
        } catch {
            guard case .notFound = error else { throw error }
            current = nil
        }
        return AppliedDocument(
            kind: "workflow",
            name: workflow.name.text,
            change: current == nil ? "created" : current == workflow ? "unchanged" : "updated",
            before: try current.map { try DocumentWriter.yaml($0) },
            after: try DocumentWriter.yaml(workflow)
        )
    }

    private func compare(_ specification: TaskSpecification) async throws -> AppliedDocument {
        let current: TaskSpecification?
        do throws(CenterClientError) {
            current = try await connection.task(specification.name).specification
        } catch {
            guard case .notFound = error else { throw error }
            current = nil
        }
        return AppliedDocument(
            kind: "task",
            name: specification.name.text,
            change: current == nil ? "created" : current == specification ? "unchanged" : "updated",
            before: try current.map { try DocumentWriter.yaml($0) },
            after: try DocumentWriter.yaml(specification)
        )
    }

    /// A document that does not say who is drained leaves that as it is.
    private func compare(_ document: RuntimeDocument) async throws -> (
        result: AppliedDocument, settings: RuntimeSettings
    ) {
        let current = try await connection.runtimes().first { $0.name == document.settings.name }?.settings
        var settings = document.settings
        if !document.statesDrained { settings.drained = current?.drained ?? [] }
        // Pausing is no part of a document.
        settings.pause = current?.pause
        let result = AppliedDocument(
            kind: "runtime",
            name: settings.name.text,
            change: current == nil ? "created" : current == settings ? "unchanged" : "updated",
            before: try current.map { try DocumentWriter.yaml($0) },
            after: try DocumentWriter.yaml(settings)
        )
        return (result, settings)
    }
}
