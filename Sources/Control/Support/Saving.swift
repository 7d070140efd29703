import CenterClient
import Documents
import Domain
import Payloads

/// Sends the calendars and tasks among documents, in requests that are small enough to be answered in time.
struct Saving: Sendable {
    private let calendars: [DayCalendar]
    private let parts: [[TaskSpecification]]
    private let connection: CenterConnection
    private let confirmed: Int?
    private let message: String?

    /// Tasks of one request.
    private static let tasksPerRequest = 1_000

    init(_ documents: [Document], connection: CenterConnection, confirmed: Int?, message: String?) {
        var calendars: [DayCalendar] = []
        var tasks: [TaskSpecification] = []
        for document in documents {
            switch document {
            case .task(let document): tasks.append(document.specification)
            case .calendar(let document): calendars.append(document.calendar)
            case .runtime: break
            }
        }
        self.calendars = calendars
        parts = stride(from: 0, to: tasks.count, by: Self.tasksPerRequest).map {
            Array(tasks[$0...].prefix(Self.tasksPerRequest))
        }
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
        let shares = try await sharesOfParts(without: Set(runtimes))
        let all = ChangedShare.sum(shares.flatMap(\.self))
        if let objection = ChangedShare.objection(to: all, confirmed: confirmed) {
            throw ControlError(objection, .conflict)
        }
        return shares.map { $0.reduce(0) { $0 + $1.changed } }
    }

    /// How much of each runtime all requests together change.
    func shares(without runtimes: Set<RuntimeID>) async throws -> [ChangedShare] {
        ChangedShare.sum(try await sharesOfParts(without: runtimes).flatMap(\.self))
    }

    private func sharesOfParts(without runtimes: Set<RuntimeID>) async throws -> [[ChangedShare]] {
        var shares: [[ChangedShare]] = []
        let progress = Progress()
        for (index, part) in parts.enumerated() {
            progress.report("checking \(index * Self.tasksPerRequest) tasks")
            let tasks = part.filter { !runtimes.contains($0.runtime) }
            shares.append(
                try await connection.apply(
                    ApplyRequest(
                        tasks: tasks,
                        calendars: calendars.isEmpty ? nil : calendars,
                        dryRun: true
                    )
                ).shares ?? []
            )
        }
        progress.finish()
        return shares
    }

    /// Saves everything; calendars with the first tasks, which are not saved without them.
    func perform(_ confirmations: [Int?]) async throws -> [AppliedDocument] {
        var results: [AppliedDocument] = []
        let progress = Progress()
        let count = parts.reduce(0) { $0 + $1.count }
        let requests = parts.isEmpty && !calendars.isEmpty ? [[]] : parts
        for (index, tasks) in requests.enumerated() {
            let response = try await connection.apply(
                ApplyRequest(
                    tasks: tasks,
                    calendars: index == 0 && !calendars.isEmpty ? calendars : nil,
                    confirm: index < confirmations.count ? confirmations[index] : confirmed,
                    author: Author.name(),
                    message: message
                )
            )
            results += (response.calendars ?? []).map(AppliedDocument.init)
            results += response.results.map(AppliedDocument.init)
            progress.report("applied \(min((index + 1) * Self.tasksPerRequest, count)) of \(count) tasks")
        }
        progress.finish()
        return results
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

    fileprivate init(_ result: CalendarResult) {
        self.init(kind: "calendar", name: result.calendar.text, change: result.change.rawValue)
    }
}
