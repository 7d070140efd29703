import CenterClient
import Documents
import Domain
import Payloads

/// What applying one document did, or would do.
struct AppliedDocument: Hashable, Codable, Sendable {
    /// `task` or `runtime`.
    var kind: String
    /// The name.
    var name: String
    /// `created`, `updated` or `unchanged`; `valid` for what was only checked.
    var change: String
    /// The revision now; absent for runtimes and for what has not been applied.
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

    /// Creates or edits everything; runtimes first, for tasks refer to them.
    ///
    /// Results are in the order of the documents.
    func apply(_ documents: [Document]) async throws -> [AppliedDocument] {
        for case .calendar(let calendar) in documents { throw Self.unsaved(calendar) }
        try await refuseUnknownRuntimes(in: documents)
        var results: [String: AppliedDocument] = [:]
        for case .runtime(let document) in documents {
            let change = try await compare(document)
            if change.result.change != "unchanged" {
                try await connection.setRuntime(RuntimePayload(change.settings))
            }
            results[change.result.identity] = change.result
        }
        for result in try await save(documents) {
            let applied = AppliedDocument(
                kind: "task",
                name: result.task.text,
                change: result.change.rawValue,
                revision: result.revision
            )
            results[applied.identity] = applied
        }
        return documents.compactMap { results[$0.kind.lowercased() + "/" + $0.name] }
            .map { result in
                var result = result
                (result.before, result.after) = (nil, nil)
                return result
            }
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
            case .calendar(let calendar): throw Self.unsaved(calendar)
            }
        }
        progress.finish()
        return changes
    }

    /// Finds tasks whose runtime neither exists nor is among the documents, before anything is changed.
    private func refuseUnknownRuntimes(in documents: [Document]) async throws {
        var known = Set(try await connection.runtimes().map(\.name.text))
        for case .runtime(let runtime) in documents { known.insert(runtime.settings.name.text) }
        let names = known.sorted()
        let problems = documents.compactMap { document -> DocumentProblem? in
            guard case .task(let task) = document else { return nil }
            let runtime = task.specification.runtime.text
            if known.contains(runtime) { return nil }
            let hint = Suggestion.text(for: runtime, among: names)
            return DocumentProblem(
                location: document.location,
                field: "runtime",
                message: "task \(document.name): there is no runtime '\(runtime)': \(hint)"
            )
        }
        if !problems.isEmpty { throw DocumentError(problems: problems) }
    }

    /// Centers keep no calendars yet: `schedule explain` and `lint` read them from files.
    private static func unsaved(_ document: CalendarDocument) -> DocumentError {
        let message =
            "calendar \(document.calendar.name): this version keeps calendars in no cluster, remove the document"
        return DocumentError(problems: [.init(location: document.location, field: "kind", message: message)])
    }

    /// Tasks of one request: it stays small enough to be answered within its time limit.
    private static let tasksPerRequest = 1_000

    private func save(_ documents: [Document]) async throws -> [ApplyResult] {
        let tasks = documents.compactMap { document in
            if case .task(let task) = document { task.specification } else { nil }
        }
        var results: [ApplyResult] = []
        let progress = Progress()
        while results.count < tasks.count {
            let part = Array(tasks[results.count...].prefix(Self.tasksPerRequest))
            results += try await connection.apply(ApplyRequest(tasks: part)).results
            progress.report("applied \(results.count) of \(tasks.count) tasks")
        }
        progress.finish()
        return results
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
