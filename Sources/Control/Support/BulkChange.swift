import CenterClient
import Domain
import Payloads
import Scheduling

/// Pauses, resumes or deletes several tasks, as one change.
struct BulkChange: Sendable {
    let action: ChangeRequest.Action
    /// When a pause ends by itself.
    let until: Instant?
    let agreement: AgreementOptions
    let connection: CenterConnection

    init(
        action: ChangeRequest.Action,
        until: Instant? = nil,
        agreement: AgreementOptions,
        server: ServerOptions
    ) throws {
        self.action = action
        self.until = until
        self.agreement = agreement
        connection = try server.connection(timeout: .seconds(120))
    }

    /// What is said about a changed and an unchanged task.
    private var words: (changed: String, unchanged: String) {
        switch action {
        case .pause: ("paused" + (until.map { " until \($0)" } ?? ""), "was paused already")
        case .resume: ("resumed", "was not paused")
        case .delete: ("deleted", "does not exist")
        }
    }

    /// The task that is to be changed, if it is a single one; several are changed here.
    func only(_ names: [TaskID], _ selection: SelectionOptions) async throws -> TaskID? {
        if names.count == 1, !agreement.isForSeveral { return names[0] }
        if names.isEmpty {
            try await perform(on: selection)
        } else {
            try await perform(on: names, isStrict: true)
        }
        return nil
    }

    /// Says what became of a task.
    func say(_ name: TaskID, isChanged: Bool) {
        Terminal.writeLine("task/\(name) \(isChanged ? words.changed : words.unchanged)")
    }

    /// Changes the tasks that are selected, once that is agreed on.
    private func perform(on selection: SelectionOptions) async throws {
        let names = try await selection.names(connection)
        guard !names.isEmpty else { throw ControlError("there are no such tasks", .notFound) }
        if !agreement.dryRun { try agreement.agree(to: action.rawValue, names) }
        try await perform(on: names, isStrict: false)
    }

    /// Changes these tasks; when `isStrict` one that does not exist is an error, once the others are changed.
    func perform(on names: [TaskID], isStrict: Bool) async throws {
        let parts = stride(from: 0, to: names.count, by: ChangeRequest.tasksMax).map {
            Array(names[$0...].prefix(ChangeRequest.tasksMax))
        }
        var confirmed = [Int?](repeating: agreement.confirm, count: parts.count)
        if parts.count > 1 {
            // Cut into requests it is one change all the same.
            var changes: [ChangeGuard] = []
            for part in parts { changes.append(try await send(part, isDryRun: true, nil).changes) }
            if let objection = ChangeGuard.sum(changes).objection(confirmed: agreement.confirm) {
                throw ControlError(objection, .conflict)
            }
            confirmed = changes.map { $0.confirmation(given: agreement.confirm) }
        }
        var absent: [String] = []
        for (part, count) in zip(parts, confirmed) {
            let response = try await send(part, isDryRun: agreement.dryRun, count)
            report(response)
            absent += response.results.filter { $0.change == .absent }.map(\.task.text)
        }
        if isStrict, let first = absent.first {
            throw ControlError("there is no task named \(first)", .notFound)
        }
    }

    private func send(_ names: [TaskID], isDryRun: Bool, _ confirmed: Int?) async throws -> ChangeResponse {
        try await connection.change(
            ChangeRequest(
                action: action,
                tasks: names,
                until: until,
                dryRun: isDryRun ? true : nil,
                confirm: confirmed,
                author: Author.name(),
                message: agreement.message
            )
        )
    }

    private func report(_ response: ChangeResponse) {
        for result in response.results {
            switch result.change {
            case .changed:
                if agreement.dryRun {
                    Terminal.writeLine("task/\(result.task) would be \(words.changed)")
                } else {
                    say(result.task, isChanged: true)
                }
            case .unchanged: say(result.task, isChanged: false)
            case .absent: Terminal.say("task/\(result.task) does not exist")
            }
        }
        if agreement.dryRun, let objection = response.changes.objection(confirmed: nil) {
            Terminal.say("it would be held: \(objection)")
        }
    }
}

extension ChangeResponse {
    /// What may be too much to be meant.
    fileprivate var changes: ChangeGuard { ChangeGuard(shares, catchUps ?? []) }
}
