import Domain
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Payloads

/// How much of a body is accepted.
enum BodyLimit {
    /// 10,000 tasks of 1.6 KiB, or the largest batch of reports several times over.
    static let bytesMax = 16 * 1_024 * 1_024
}

extension Request {
    /// The body's bytes, up to the limit.
    func bytes() async throws -> Data {
        if let announced = headers[.contentLength].flatMap({ Int($0) }), announced > BodyLimit.bytesMax {
            throw APIError.tooLarge(bytesMax: BodyLimit.bytesMax)
        }
        do {
            let buffer = try await body.collect(upTo: BodyLimit.bytesMax)
            return Data(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw APIError.tooLarge(bytesMax: BodyLimit.bytesMax)
        }
    }

    /// The payload in the body.
    func payload<Payload: Decodable>(_ type: Payload.Type) async throws -> Payload {
        try RequestBody.decode(type, from: try await bytes())
    }

    /// What is said about a pause or its end, which may be nothing.
    ///
    /// - Parameter endsByItself: Whether it may have an end.
    /// - Returns: The body.
    /// - Throws: When it is none, or names an end that cannot be.
    func pause(endsByItself: Bool = true) async throws -> PauseRequest {
        let bytes = try await bytes()
        let asked = bytes.isEmpty ? PauseRequest() : try RequestBody.decode(PauseRequest.self, from: bytes)
        if asked.until != nil, !endsByItself {
            throw APIError.invalid("until", "only a pause ends by itself: leave \"until\" out")
        }
        return asked
    }
}

/// Reads what a client sent: what cannot be read there is the client's mistake, unlike what the store or a peer gave.
enum RequestBody {
    static func decode<Payload: Decodable>(_ type: Payload.Type, from bytes: Data) throws -> Payload {
        do {
            guard type is any ClosedBody.Type else { return try PayloadCoding.decode(type, from: bytes) }
            let checked = try PayloadCoding.decode(CheckedBody<Payload>.self, from: bytes)
            guard checked.problems.isEmpty else { throw APIError.invalid(checked.problems) }
            return checked.body
        } catch let error as DecodingError {
            throw APIError(error, at: "")
        }
    }
}

/// The body of `POST tasks`, read so that every task that cannot be read is reported, not just the first.
struct ApplyBody {
    var tasks: [TaskSpecification]
    var pools: [Pool]
    var calendars: [DayCalendar]
    var workflows: [Workflow]
    var condition: ApplyCondition
    var isDryRun: Bool
    var confirmed: Int?
    var author: String?
    var message: String?

    init(_ bytes: Data) throws {
        let form = try RequestBody.decode(Form.self, from: bytes)
        let count = (form.workflows ?? []).reduce(form.tasks.count) { $0 + $1.tasks.count }
        guard count <= ApplyRequest.tasksMax else {
            throw APIError.invalid(
                "tasks",
                "\(count) tasks are more than the \(ApplyRequest.tasksMax) of one request; split them"
            )
        }
        tasks = try Self.valid(form.tasks.map(\.result))
        pools = form.pools ?? []
        calendars = form.calendars ?? []
        workflows = form.workflows ?? []
        condition = form.condition ?? .any
        isDryRun = form.dryRun ?? false
        (confirmed, author, message) = (form.confirm, form.author, form.message)
    }

    /// The specifications, if every one can be read and saved and no two have the same name.
    private static func valid(_ results: [Result<TaskSpecification, ValidationProblem>]) throws
        -> [TaskSpecification]
    {
        var problems: [ValidationProblem] = []
        var tasks: [TaskSpecification] = []
        var names: Set<TaskID> = []
        for (index, result) in results.enumerated() {
            switch result {
            case .failure(let problem): problems.append(problem.below("tasks[\(index)]"))
            case .success(let task):
                problems += task.problems.map { $0.below("tasks[\(index)]") }
                if !names.insert(task.name).inserted {
                    problems.append(
                        .init(field: "tasks[\(index)].name", message: "the name \(task.name) comes twice")
                    )
                }
                tasks.append(task)
            }
        }
        guard problems.isEmpty else { throw APIError.invalid(problems) }
        return tasks
    }

    private struct Form: ClosedBody {
        var tasks: [Attempted]
        var pools: [Pool]?
        var calendars: [DayCalendar]?
        var workflows: [Workflow]?
        var condition: ApplyCondition?
        var dryRun: Bool?
        var confirm: Int?
        var author: String?
        var message: String?
    }

    /// A task, or why it cannot be read.
    private struct Attempted: Decodable {
        var result: Result<TaskSpecification, ValidationProblem>

        init(from decoder: any Decoder) throws {
            do {
                result = .success(try TaskSpecification(from: decoder))
            } catch let error as DecodingError {
                let whole = ValidationProblem(error, at: "")
                result = .failure(whole.without(prefix: ValidationProblem.path(decoder.codingPath)))
            }
        }
    }
}

extension ValidationProblem {
    /// The same problem of a field inside `parent`.
    func below(_ parent: String) -> ValidationProblem {
        var problem = self
        problem.field = field.isEmpty ? parent : field.hasPrefix("[") ? parent + field : "\(parent).\(field)"
        return problem
    }

    /// The same problem as seen from inside `prefix`.
    func without(prefix: String) -> ValidationProblem {
        guard field.hasPrefix(prefix) else { return self }
        var problem = self
        problem.field = String(field.dropFirst(prefix.count).drop { $0 == "." })
        return problem
    }
}
