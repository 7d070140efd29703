public import Domain

/// The one shape of every error of the APIs.
public struct ErrorPayload: Hashable, Sendable, Codable {
    /// What kind of error it is, for programs.
    public var code: ErrorCode
    /// What happened, for people.
    public var message: String
    /// The field or parameter that is wrong, where there is one.
    public var field: String?
    /// What to do about it.
    public var hint: String?
    /// The request, as the server's log names it.
    public var requestId: String
    /// Everything that is wrong with what was said; present when the code is `invalid`.
    public var problems: [ValidationProblem]?

    /// Creates an error.
    public init(
        code: ErrorCode,
        message: String,
        field: String? = nil,
        hint: String? = nil,
        requestId: String,
        problems: [ValidationProblem]? = nil
    ) {
        self.code = code
        self.message = message
        self.field = field
        self.hint = hint
        self.requestId = requestId
        self.problems = problems
    }
}

/// The kind of an error; open, so that older clients understand newer servers.
public struct ErrorCode: RawRepresentable, Hashable, Sendable, Codable {
    /// The word in the JSON.
    public let rawValue: String

    /// Creates a code.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The request cannot be read (status 400).
    public static let malformed = ErrorCode(rawValue: "malformed")
    /// The token is missing or wrong (status 401).
    public static let unauthorized = ErrorCode(rawValue: "unauthorized")
    /// The `Host` header names another server (status 403).
    public static let forbidden = ErrorCode(rawValue: "forbidden")
    /// There is no such thing (status 404).
    public static let notFound = ErrorCode(rawValue: "not-found")
    /// It exists already, or is not in the expected revision or state (status 409).
    public static let conflict = ErrorCode(rawValue: "conflict")
    /// The body is larger than allowed (status 413).
    public static let tooLarge = ErrorCode(rawValue: "too-large")
    /// What was said is wrong (status 422).
    public static let invalid = ErrorCode(rawValue: "invalid")
    /// Too many requests are in progress (status 429).
    public static let busy = ErrorCode(rawValue: "busy")
    /// A bug, or something unforeseen (status 500).
    public static let failed = ErrorCode(rawValue: "failed")
    /// The cluster, the store or an agent is away now (status 503).
    public static let unavailable = ErrorCode(rawValue: "unavailable")
}
