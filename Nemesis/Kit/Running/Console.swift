import Foundation

/// What is said to who watches: one line each, at once.
public enum Console {
    /// Says a line.
    public static func say(_ line: String) {
        // Nobody reads any more if this fails; the run goes on.
        try? FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8))
    }
}

/// What went wrong with the run itself, not with the cluster under test.
public struct NemesisError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A sentence for people.
    public var description: String

    /// Creates an error.
    public init(_ description: String) { self.description = description }
}
