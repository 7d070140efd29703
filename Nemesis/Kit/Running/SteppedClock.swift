import Foundation

/// By how much the wall clock of a process is off: a file that `libsteppedclock.so`, preloaded, reads at each look at the clock.
struct SteppedClock: Sendable {
    let file: String

    /// Makes the file; the clock is right.
    func create() throws {
        try Self.bytes(.zero).write(to: URL(fileURLWithPath: file))
    }

    /// Whether there is such a clock.
    var exists: Bool { FileManager.default.fileExists(atPath: file) }

    /// Makes the clock be off; the process sees it at once.
    ///
    /// The file is written in place: the process has mapped it.
    func step(by offset: Duration) throws {
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: file))
        defer { try? handle.close() }  // What was written is in the page that the process has mapped.
        try handle.write(contentsOf: Self.bytes(offset))
    }

    private static func bytes(_ offset: Duration) -> Data {
        let nanoseconds = UInt64(bitPattern: Int64(offset.milliseconds) * 1_000_000).littleEndian
        return Data((0..<8).map { UInt8(truncatingIfNeeded: nanoseconds >> ($0 * 8)) })
    }
}
