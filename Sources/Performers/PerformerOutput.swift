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

    /// That of this process; what it cannot write, to a full disk for instance, is lost, and the attempt goes on.
    public static let standard = PerformerOutput(
        tell: { try? FileHandle.standardOutput.write(contentsOf: Data(($0 + "\n").utf8)) },
        log: { try? FileHandle.standardError.write(contentsOf: $0) }
    )

    /// Writes a line for people.
    func log(_ line: String) { log(Data((line + "\n").utf8)) }
}
