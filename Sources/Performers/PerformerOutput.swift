public import Foundation

/// Where a performer writes: what the run tells goes to the standard output, what people read to the standard error, so that nothing that
/// somebody else has sent can be taken for what the run tells.
public struct PerformerOutput: Sendable {
    /// Writes a line by which the run tells something, such as `::set rows=12`.
    public var tell: @Sendable (String) -> Void
    /// Writes bytes for people.
    public var log: @Sendable (Data) -> Void

    /// Creates an output.
    public init(tell: @escaping @Sendable (String) -> Void, log: @escaping @Sendable (Data) -> Void) {
        self.tell = tell
        self.log = log
    }

    /// That of this process.
    public static let standard = PerformerOutput(
        tell: { FileHandle.standardOutput.write(Data(($0 + "\n").utf8)) },
        log: { FileHandle.standardError.write($0) }
    )

    /// Writes a line for people.
    func log(_ line: String) { log(Data((line + "\n").utf8)) }
}
