import Domain
import Hummingbird
import Scheduling

/// Limits of lists.
enum PageLimit {
    /// Elements of a page when the request does not say.
    static let standard = 100
    /// Most elements of a page: it is held in memory as a whole.
    static let max = 1_000
}

/// The parameters of a request's path and query, read strictly: what cannot be read is answered with 422.
struct Query {
    private let request: Request
    private let context: APIContext

    init(_ request: Request, _ context: APIContext) {
        self.request = request
        self.context = context
    }

    /// The text of a query parameter.
    func text(_ name: String) -> String? {
        request.uri.queryParameters[Substring(name)].map(String.init)
    }

    /// A name in the query.
    func name<Kind>(_ field: String, as type: Name<Kind>.Type = Name<Kind>.self) throws -> Name<Kind>? {
        try text(field).map { try Self.name($0, field: field) }
    }

    /// A name in the path.
    func pathName<Kind>(_ field: String = "name", as type: Name<Kind>.Type = Name<Kind>.self) throws -> Name<
        Kind
    > {
        try Self.name(context.parameters.require(field), field: field)
    }

    /// The run named in the path.
    func pathRun() throws -> RunID {
        let text = try context.parameters.require("id")
        guard let id = RunID(text) else { throw APIError.invalid("id", "\"\(text)\" is not the ID of a run") }
        return id
    }

    /// The backfill named in the path.
    func pathBackfill() throws -> BackfillID {
        let text = try context.parameters.require("id")
        guard let id = BackfillID(text) else {
            throw APIError.invalid("id", "\"\(text)\" is not the ID of a backfill")
        }
        return id
    }

    /// A whole number in the query.
    func number<Number: FixedWidthInteger>(_ field: String, in range: ClosedRange<Number>) throws -> Number? {
        guard let text = text(field) else { return nil }
        guard let number = Number(text), range.contains(number) else {
            throw APIError.invalid(
                field,
                "\"\(text)\" is not a whole number from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return number
    }

    /// An instant in the query.
    func instant(_ field: String) throws -> Instant? {
        guard let text = text(field) else { return nil }
        guard let instant = Instant(rfc3339: text) else {
            throw APIError.invalid(field, "\"\(text)\" is not an instant such as 2026-01-31T12:00:00Z")
        }
        return instant
    }

    /// A truth value in the query.
    func flag(_ field: String) throws -> Bool? {
        guard let text = text(field) else { return nil }
        guard let flag = Bool(text) else {
            throw APIError.invalid(field, "\"\(text)\" is neither true nor false")
        }
        return flag
    }

    /// A selector of labels in the query; all unless there is one.
    func labels(_ field: String) throws -> LabelSelector {
        guard let text = text(field) else { return .all }
        do throws(ValidationProblem) {
            return try LabelSelector(parsing: text)
        } catch {
            throw APIError.invalid(field, error.message)
        }
    }

    /// One of a list of words in the query; several are separated by commas or given several times.
    func words<Word: RawRepresentable & CaseIterable>(
        _ field: String,
        as type: Word.Type
    ) throws -> [Word] where Word.RawValue == String {
        let texts = request.uri.queryParameters[values: Substring(field)]
            .flatMap { $0.split(separator: ",") }
        return try texts.map { text in
            guard let word = Word(rawValue: String(text)) else {
                let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
                throw APIError.invalid(field, "\"\(text)\" is not one of \(known)")
            }
            return word
        }
    }

    /// Where the page starts and how long it is.
    func page() throws -> (start: String?, limit: Int) {
        (text("page"), try number("limit", in: 1...PageLimit.max) ?? PageLimit.standard)
    }

    private static func name<Kind>(_ text: String, field: String) throws -> Name<Kind> {
        guard let name = Name<Kind>(text) else {
            throw APIError.invalid(field, "\"\(text)\" is not a valid name: \(NameRule.text)")
        }
        return name
    }
}
