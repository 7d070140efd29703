import CenterClient
import Domain
import Payloads

/// Pauses, resumes or deletes several tasks, as one change.
struct BulkChange: Sendable {
    var action: ChangeRequest.Action
    var agreement: AgreementOptions
    var connection: CenterConnection

    /// What is said about a changed and an unchanged task.
    private var words: (changed: String, unchanged: String) {
        switch action {
        case .pause: ("paused", "was paused already")
        case .resume: ("resumed", "was not paused")
        case .delete: ("deleted", "does not exist")
        }
    }

    /// Changes the tasks that are selected, once that is agreed on.
    func perform(on selection: SelectionOptions) async throws {
        let names = try await selection.tasks(connection)
        guard !names.isEmpty else { throw ControlError("there are no such tasks", .notFound) }
        if !agreement.dryRun { try agreement.agree(to: action.rawValue, names) }
        try await perform(on: names)
    }

    /// Changes these tasks; when `isStrict` one that does not exist is an error, once the others are changed.
    func perform(on names: [TaskID], isStrict: Bool = false) async throws {
        let parts = stride(from: 0, to: names.count, by: ChangeRequest.tasksMax).map {
            Array(names[$0...].prefix(ChangeRequest.tasksMax))
        }
        var confirmed = [Int?](repeating: agreement.confirm, count: parts.count)
        if parts.count > 1 {
            // Cut into requests it is one change all the same.
            var shares: [[ChangedShare]] = []
            for part in parts { shares.append(try await send(part, isDryRun: true, nil).shares) }
            let all = ChangedShare.sum(shares.flatMap(\.self))
            if let objection = ChangedShare.objection(to: all, confirmed: agreement.confirm) {
                throw ControlError(objection, .conflict)
            }
            confirmed = shares.map { $0.reduce(0) { $0 + $1.changed } }
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
                let verb = agreement.dryRun ? "would be \(words.changed)" : words.changed
                Terminal.writeLine("task/\(result.task) \(verb)")
            case .unchanged: Terminal.writeLine("task/\(result.task) \(words.unchanged)")
            case .absent: Terminal.say("task/\(result.task) does not exist")
            }
        }
        if agreement.dryRun, let objection = ChangedShare.objection(to: response.shares, confirmed: nil) {
            Terminal.say("it would be held: \(objection)")
        }
    }
}
