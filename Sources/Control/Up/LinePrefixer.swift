import Foundation
import Synchronization

/// Passes a process's output on line by line, each line prefixed with the process's name.
final class LinePrefixer: Sendable {
    private let prefix: String
    private let sink: @Sendable (Data) -> Void
    private let pending = Mutex<Data>(Data())

    /// A line without an end is passed on when it has become so long.
    private static let lineBytesMax = 16 * 1_024

    init(
        prefix: String,
        sink: @escaping @Sendable (Data) -> Void = { try? FileHandle.standardError.write(contentsOf: $0) }
    ) {
        self.prefix = prefix
        self.sink = sink
    }

    /// Takes a piece of output and passes on the lines that are complete.
    func take(_ piece: Data) {
        let complete = pending.withLock { pending in
            pending.append(piece)
            let end =
                pending.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 }
                ?? (pending.count > Self.lineBytesMax ? pending.endIndex : pending.startIndex)
            let complete = Data(pending[..<end])
            pending = Data(pending[end...])
            return complete
        }
        pass(complete)
    }

    /// Passes on what is left.
    func finish() {
        pass(
            pending.withLock { pending in
                defer { pending = Data() }
                return pending
            }
        )
    }

    /// One write for all lines, so that those of several processes do not mix.
    private func pass(_ lines: Data) {
        guard !lines.isEmpty else { return }
        var output = Data()
        for line in lines.split(separator: UInt8(ascii: "\n")) {
            output.append(contentsOf: prefix.utf8)
            output.append(line)
            output.append(UInt8(ascii: "\n"))
        }
        sink(output)
    }
}
