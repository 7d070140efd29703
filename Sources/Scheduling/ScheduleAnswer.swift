import Foundation

/// The answer to one question of `schedule next --batch`.
public struct ScheduleAnswer: Hashable, Sendable {
    /// The question's identifier; `nil` when it had none or could not be read.
    public var id: ScheduleQueryID?
    /// The fires, or why there are none to tell.
    public var outcome: Outcome

    /// What came of a question.
    public enum Outcome: Hashable, Sendable {
        /// The fires in local time with its offset; fewer than asked for when there are no more.
        case next([String])
        /// What is wrong with the question.
        case error(ScheduleError)
    }

    /// Creates an answer.
    public init(id: ScheduleQueryID?, outcome: Outcome) {
        self.id = id
        self.outcome = outcome
    }

    /// The answer as one line of JSON, without the line's end.
    public var json: String {
        let id = Self.json(id)
        switch outcome {
        case .next(let fires):
            return #"{"id":\#(id),"next":\#(Self.json(fires))}"#
        case .error(let error):
            return
                #"{"id":\#(id),"error":\#(Self.json(error.message)),"position":\#(Self.json(error.position))}"#
        }
    }

    /// Answers one line of NDJSON; a line that cannot be read is answered with an error.
    public static func answer(line: String, now: Instant) -> String {
        let data = Data(line.utf8)
        do {
            return try JSONDecoder().decode(ScheduleQuery.self, from: data).answer(now: now).json
        } catch {
            // The identifier may be readable even when the rest of the question is not.
            let id = (try? JSONDecoder().decode(Identified.self, from: data))?.id
            return ScheduleAnswer(id: id, outcome: .error(ScheduleError(reason(error)))).json
        }
    }

    private struct Identified: Decodable {
        var id: ScheduleQueryID?
    }

    private static func reason(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "the line cannot be read: \(error)" }
        switch error {
        case .keyNotFound(let key, _):
            return "'\(key.stringValue)' is missing: write one JSON object a line with at least \"expr\""
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            guard let key = context.codingPath.last else {
                return "the line is not a JSON object: write one a line with at least \"expr\""
            }
            return "'\(key.stringValue)' has the wrong type: write \(name(of: type))"
        case .dataCorrupted(let context):
            guard let key = context.codingPath.last else {
                return "the line is not JSON: write one object a line with at least \"expr\""
            }
            return "'\(key.stringValue)' cannot be read: \(context.debugDescription)"
        @unknown default:
            return "the line cannot be read: \(error)"
        }
    }

    private static func name(of type: any Any.Type) -> String {
        switch type {
        case is Int.Type: "a whole number"
        case is Bool.Type: "true or false"
        case is Double.Type: "a string, a number, true or false"
        default: "a string"
        }
    }

    private static func json(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        // Strings, numbers and arrays of strings always encode, except numbers that JSON has no form for.
        guard let data = try? encoder.encode(value) else { return "null" }
        return String(decoding: data, as: UTF8.self)
    }
}
