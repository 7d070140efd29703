import CenterClient
import Documents
import Domain
import Payloads

/// Sends the pools, calendars, workflows and tasks among documents, in requests that are small enough to be answered in time.
struct Saving: Sendable {
    private let pools: [Pool]
    private let calendars: [DayCalendar]
    private let parts: [SavingPart]
    private let places: SavedPlaces
    private let connection: CenterConnection
    private let confirmed: Int?
    private let message: String?

    /// Tasks of one request, more where they come after one another.
    private static let tasksPerRequest = 1_000

    init(_ documents: [Document], connection: CenterConnection, confirmed: Int?, message: String?) {
        var (pools, calendars): ([Pool], [DayCalendar]) = ([], [])
        var (workflows, tasks): ([Workflow], [TaskSpecification]) = ([], [])
        for document in documents {
            switch document {
            case .task(let document): tasks.append(document.specification)
            case .calendar(let document): calendars.append(document.calendar)
            case .workflow(let document): workflows.append(document.workflow)
            case .pool(let document): pools.append(document.pool)
            case .runtime: break
            }
        }
        self.pools = pools
        self.calendars = calendars
        parts = SavingPart.parts(workflows, tasks, size: Self.tasksPerRequest)
        places = SavedPlaces(documents)
        self.connection = connection
        self.confirmed = confirmed
        self.message = message
    }

    /// Has the cluster check everything, where one request cannot do that and save it, too.
    ///
    /// - Parameters:
    ///   - isNeeded: Whether something else is saved before.
    ///   - runtimes: Runtimes that do not exist yet: their tasks are checked when they are saved.
    /// - Returns: What each request is to confirm.
    /// - Throws: When something is wrong, or is to be confirmed.
    func check(isNeeded: Bool, without runtimes: [RuntimeID]) async throws -> [Int?] {
        guard isNeeded || parts.count > 1 else { return parts.map { _ in confirmed } }
        let changes = try await changesOfParts(without: Set(runtimes))
        if let objection = ChangeGuard.sum(changes).objection(confirmed: confirmed) {
            throw ControlError(objection, .conflict)
        }
        return changes.map { $0.confirmation(given: confirmed) }
    }

    /// How much of each runtime all requests together change, and what they have made up for.
    func changes(without runtimes: Set<RuntimeID>) async throws -> ChangeGuard {
        ChangeGuard.sum(try await changesOfParts(without: runtimes))
    }

    private func changesOfParts(without runtimes: Set<RuntimeID>) async throws -> [ChangeGuard] {
        var changes: [ChangeGuard] = []
        let progress = Progress()
        for (index, part) in parts.enumerated() {
            progress.report("checking request \(index + 1) of \(parts.count)")
            let tasks = part.tasks.filter { !runtimes.contains($0.runtime) }
            let workflows = part.workflows.filter { workflow in
                workflow.tasks.allSatisfy { !runtimes.contains($0.runtime) }
            }
            let request = ApplyRequest(
                tasks: tasks,
                pools: pools.isEmpty ? nil : pools,
                calendars: calendars.isEmpty ? nil : calendars,
                workflows: workflows.isEmpty ? nil : workflows,
                dryRun: true
            )
            let response = try await send(request)
            changes.append(ChangeGuard(response.shares ?? [], response.catchUps ?? []))
        }
        progress.finish()
        return changes
    }

    /// Saves everything; pools and calendars with the first tasks, which are not saved without them.
    func perform(_ confirmations: [Int?]) async throws -> [AppliedDocument] {
        var results: [AppliedDocument] = []
        let progress = Progress()
        let count = parts.reduce(0) { $0 + $1.count }
        var done = 0
        let hasOthers = !calendars.isEmpty || !pools.isEmpty
        let requests = parts.isEmpty && hasOthers ? [SavingPart()] : parts
        for (index, part) in requests.enumerated() {
            let request = ApplyRequest(
                tasks: part.tasks,
                pools: index == 0 && !pools.isEmpty ? pools : nil,
                calendars: index == 0 && !calendars.isEmpty ? calendars : nil,
                workflows: part.workflows.isEmpty ? nil : part.workflows,
                confirm: index < confirmations.count ? confirmations[index] : confirmed,
                author: Author.name(),
                message: message
            )
            let response = try await send(request)
            results += (response.pools ?? []).map(AppliedDocument.init)
            results += (response.calendars ?? []).map(AppliedDocument.init)
            results += (response.workflows ?? []).map(AppliedDocument.init)
            results += response.results.map(AppliedDocument.init)
            done += part.count
            progress.report("applied \(done) of \(count) tasks")
        }
        progress.finish()
        return results
    }

    /// What a center finds wrong is told with the place of the document.
    private func send(_ request: ApplyRequest) async throws -> ApplyResponse {
        do throws(CenterClientError) {
            return try await connection.apply(request)
        } catch {
            throw places.error(error, about: request)
        }
    }
}

extension AppliedDocument {
    fileprivate init(_ result: ApplyResult) {
        self.init(
            kind: "task",
            name: result.task.text,
            change: result.change.rawValue,
            revision: result.revision
        )
    }

    fileprivate init(_ result: WorkflowResult) {
        self.init(kind: "workflow", name: result.workflow.text, change: result.change.rawValue)
    }

    fileprivate init(_ result: PoolResult) {
        self.init(kind: "pool", name: result.pool.text, change: result.change.rawValue)
    }

    fileprivate init(_ result: CalendarResult) {
        self.init(kind: "calendar", name: result.calendar.text, change: result.change.rawValue)
    }
}
