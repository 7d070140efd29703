import CenterClient
import Documents
import Domain
import Payloads

/// Where the documents stand whose tasks, workflows, calendars and pools are sent.
struct SavedPlaces: Sendable {
    private var places: [String: SourceLocation] = [:]

    init(_ documents: [Document]) {
        for document in documents {
            places[document.kind.lowercased() + "/" + document.name] = document.location
        }
    }

    /// A refusal with the places of the documents, as far as it names them by their numbers in the request; else as it is.
    ///
    /// - Parameters:
    ///   - error: What the center answered.
    ///   - request: What it was sent.
    /// - Returns: What to tell the user.
    func error(_ error: CenterClientError, about request: ApplyRequest) -> any Error {
        guard case .invalid(_, let problems) = error, !problems.isEmpty else { return error }
        var located: [DocumentProblem] = []
        for problem in problems {
            guard let identity = Self.identity(problem.field, in: request), let place = places[identity]
            else { return error }
            let field = problem.field.drop { $0 != "." }.dropFirst()
            located.append(DocumentProblem(location: place, field: String(field), message: problem.message))
        }
        return DocumentError(problems: located)
    }

    /// `task/NAME` for a field such as `tasks[3].after[0].task`; `nil` for others.
    private static func identity(_ field: String, in request: ApplyRequest) -> String? {
        guard let open = field.firstIndex(of: "["), let close = field.firstIndex(of: "]"), open < close,
            let number = Int(field[field.index(after: open)..<close]), number >= 0
        else { return nil }
        switch field[..<open] {
        case "tasks":
            return number < request.tasks.count ? "task/\(request.tasks[number].name)" : nil
        case "workflows":
            let workflows = request.workflows ?? []
            return number < workflows.count ? "workflow/\(workflows[number].name)" : nil
        case "calendars":
            let calendars = request.calendars ?? []
            return number < calendars.count ? "calendar/\(calendars[number].name)" : nil
        case "pools":
            let pools = request.pools ?? []
            return number < pools.count ? "pool/\(pools[number].name)" : nil
        default: return nil
        }
    }
}
