/// One mistake in a document: where, what, and what to write instead.
public struct DocumentProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where the mistake is.
    public var location: SourceLocation
    /// The field, as a path such as `schedules[1].cron`; empty for the document as a whole.
    public var field: String
    /// One sentence: what is wrong and what to do.
    public var message: String

    /// Creates a problem.
    public init(location: SourceLocation, field: String, message: String) {
        self.location = location
        self.field = field
        self.message = message
    }

    /// `file:line:column: message`.
    public var description: String { "\(location): \(message)" }
}

/// Everything that is wrong with one text of documents.
public struct DocumentError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The first problems, in the order of the text; never empty.
    public var problems: [DocumentProblem]
    /// How many more were found.
    public var omittedCount: Int

    /// Most problems that are listed for one text: more do not fit a screen.
    public static let problemsMax = 20

    /// Creates an error; what exceeds the limit is only counted.
    public init(problems: [DocumentProblem]) {
        precondition(!problems.isEmpty, "an error has at least one problem")
        self.problems = Array(problems.prefix(Self.problemsMax))
        self.omittedCount = max(0, problems.count - Self.problemsMax)
    }

    /// One problem a line.
    public var description: String {
        var lines = problems.map(\.description)
        if omittedCount > 0 { lines.append("… and \(omittedCount) more") }
        return lines.joined(separator: "\n")
    }
}
