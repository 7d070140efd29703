/// What is wrong with a schedule, an option of one, or a duration, and what to write instead.
public struct ScheduleError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One clear sentence without a final period: what is wrong and what to do.
    public let message: String

    /// Where the mistake begins, as a UTF-8 offset in the expression; `nil` when it has no single place.
    public let position: Int?

    /// Creates an error about the place `position` of an expression, or about the whole.
    public init(_ message: String, at position: Int? = nil) {
        self.message = message
        self.position = position
    }

    /// The message with its position, if any.
    public var description: String {
        position.map { "\(message) (at position \($0))" } ?? message
    }
}
