import Glibc

/// A system call of the executor failed.
public struct ExecutorError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was attempted, as in "open".
    public var operation: String
    /// The file, or whatever it was attempted on.
    public var subject: String
    /// The reason, a value of `errno`.
    public var code: Int32

    /// Creates an error.
    public init(_ operation: String, _ subject: String, code: Int32) {
        self.operation = operation
        self.subject = subject
        self.code = code
    }

    /// What failed, on what, and why.
    public var description: String { "cannot \(operation) \(subject): \(ExecutorError.text(of: code))" }

    /// Whether another try may find what was lacking.
    var isMomentary: Bool { Program.isMomentary(code) }

    /// The system's words for a value of `errno`.
    static func text(of code: Int32) -> String {
        // Since glibc 2.32 the text lies in memory of the calling thread.
        unsafe String(cString: strerror(code))
    }
}
