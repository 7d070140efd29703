import Center
import Domain
import HTTPTypes
import Hummingbird
import Payloads
import Scheduling

/// Why a request is answered with an error: status, code and sentences of the answer.
struct APIError: Error {
    var status: HTTPResponse.Status
    var code: ErrorCode
    var message: String
    var field: String?
    var hint: String?
    var problems: [ValidationProblem]?
    /// Seconds to be written into `Retry-After`.
    var retryAfter: Int?
}

extension APIError {
    static func malformed(_ message: String) -> APIError {
        APIError(status: .badRequest, code: .malformed, message: message)
    }

    static func notFound(_ message: String) -> APIError {
        APIError(status: .notFound, code: .notFound, message: message)
    }

    static func conflict(_ message: String) -> APIError {
        APIError(status: .conflict, code: .conflict, message: message)
    }

    static func invalid(_ problems: [ValidationProblem]) -> APIError {
        let message = problems.count == 1 ? problems[0].message : "\(problems.count) things are wrong"
        return APIError(
            status: .unprocessableContent,
            code: .invalid,
            message: message,
            field: problems.first?.field,
            problems: problems
        )
    }

    static func invalid(_ field: String, _ message: String) -> APIError {
        invalid([ValidationProblem(field: field, message: message)])
    }

    static func tooLarge(bytesMax: Int) -> APIError {
        APIError(
            status: .contentTooLarge,
            code: .tooLarge,
            message: "the body has more than the \(bytesMax) bytes that are accepted",
            hint: "split it into several requests"
        )
    }

    static func unavailable(_ message: String, hint: String? = "try again in a few seconds") -> APIError {
        APIError(
            status: .serviceUnavailable,
            code: .unavailable,
            message: message,
            hint: hint,
            retryAfter: retryAfterDefault
        )
    }

    /// Elections and reconnects take about that many seconds.
    static let retryAfterDefault = 2
}

extension APIError {
    /// The answer that an error of the center or of the server library stands for.
    ///
    /// A `DecodingError` is none of them: it comes from the store or from a peer. Bodies are read by `RequestBody`.
    init(_ error: any Error) {
        switch error {
        case let error as APIError: self = error
        case let error as CenterError: self = APIError(error)
        case let error as HTTPError: self = APIError(error)
        default:
            self = APIError(
                status: .internalServerError,
                code: .failed,
                message: "the center failed to answer",
                hint: "its log says more under this request's id"
            )
        }
    }

    private init(_ error: CenterError) {
        switch error {
        case .notFound(let kind, let name): self = .notFound("there is no \(kind) named \(name)")
        case .conflict(let message): self = .conflict(message)
        case .invalid(let problems): self = .invalid(problems)
        case .unavailable(let message): self = .unavailable(message)
        }
    }

    private init(_ error: HTTPError) {
        switch error.status {
        case .notFound: self = .notFound("there is nothing under this path and method")
        case .contentTooLarge: self = .tooLarge(bytesMax: BodyLimit.bytesMax)
        case .badRequest: self = .malformed(error.body ?? "the request cannot be read")
        default:
            self = APIError(
                status: error.status,
                code: .failed,
                message: error.body ?? error.status.reasonPhrase
            )
        }
    }
}

extension APIError {
    /// What is wrong with a body: it is no JSON, or its content is wrong at some field.
    init(_ error: DecodingError, at prefix: String) {
        let problem = ValidationProblem(error, at: prefix)
        if problem.field.isEmpty {
            self = .malformed("the body is not the JSON that is expected here: \(problem.message)")
        } else {
            self = .invalid([problem])
        }
    }
}

extension ValidationProblem {
    /// What the decoder found, with the path of the field below `prefix`; the field is empty for the body as a whole.
    init(_ error: DecodingError, at prefix: String) {
        switch error {
        case .keyNotFound(let key, let context):
            self.init(path: context.codingPath + [key], prefix: prefix, message: "it is missing")
        case .valueNotFound(_, let context):
            self.init(path: context.codingPath, prefix: prefix, message: "it must not be null")
        case .typeMismatch(let type, let context):
            self.init(path: context.codingPath, prefix: prefix, message: "it must be \(Self.word(for: type))")
        case .dataCorrupted(let context):
            let cause = context.underlyingError as? ScheduleError
            self.init(
                path: context.codingPath,
                prefix: prefix,
                message: cause?.message ?? context.debugDescription,
                position: cause?.position
            )
        @unknown default:
            self.init(field: prefix, message: "it cannot be read")
        }
    }

    private init(path: [any CodingKey], prefix: String, message: String, position: Int? = nil) {
        self.init(field: Self.path(path, below: prefix), message: message, position: position)
    }

    /// A path of the form `tasks[3].schedules[0].cron`.
    static func path(_ path: [any CodingKey], below prefix: String = "") -> String {
        path.reduce(prefix) { text, key in
            if let index = key.intValue { return "\(text)[\(index)]" }
            return text.isEmpty ? key.stringValue : "\(text).\(key.stringValue)"
        }
    }

    private static func word(for type: any Any.Type) -> String {
        if type is any FixedWidthInteger.Type { return "a whole number" }
        if type == String.self { return "a text" }
        if type == Bool.self { return "true or false" }
        if type is any DictionaryMarker.Type { return "an object" }
        if type is any ArrayMarker.Type { return "a list" }
        return "of another type"
    }
}

private protocol DictionaryMarker {}
extension Dictionary: DictionaryMarker {}
private protocol ArrayMarker {}
extension Array: ArrayMarker {}
