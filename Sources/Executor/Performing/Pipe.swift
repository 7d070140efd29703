import CProcess
import Glibc

/// A pipe between a performer and what it has started; no other process inherits it.
struct Pipe {
    /// The end that is read; -1 when it is closed.
    private(set) var output: Int32
    /// The end that is written; -1 when it is closed.
    private(set) var input: Int32

    init() throws(ExecutorError) {
        var ends: [Int32] = [-1, -1]
        guard unsafe ct_pipe(&ends) == 0 else { throw ExecutorError("make", "a pipe", code: errno) }
        (output, input) = (ends[0], ends[1])
    }

    /// The bytes that can be read now; none when there are none yet; `nil` when there will be none any more.
    func read() -> [UInt8]? {
        var ready = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&ready, 1, 0) > 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: Self.pieceMax)
        let count = unsafe bytes.withUnsafeMutableBytes {
            unsafe Glibc.read(output, $0.baseAddress, $0.count)
        }
        if count < 0 { return errno == EINTR || errno == EAGAIN ? [] : nil }
        return count == 0 ? nil : Array(bytes.prefix(count))
    }

    /// Writes all of it unless nobody reads it until `limit`, a moment of the boot-time clock in nanoseconds; whether all was written.
    func write(_ bytes: [UInt8], until limit: Int64) -> Bool {
        _ = fcntl(input, F_SETFL, O_NONBLOCK)
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(input, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
                continue
            }
            guard errno == EAGAIN || errno == EINTR else { return false }
            let left = limit - ct_boottime()
            guard left > 0 else { return false }
            var ready = pollfd(fd: input, events: Int16(POLLOUT), revents: 0)
            _ = unsafe poll(&ready, 1, Int32(clamping: left / 1_000_000 + 1))
        }
        return true
    }

    /// Closes the end that is read.
    mutating func closeOutput() {
        if output >= 0 { Glibc.close(output) }
        output = -1
    }

    /// Closes the end that is written.
    mutating func closeInput() {
        if input >= 0 { Glibc.close(input) }
        input = -1
    }

    /// Closes both ends.
    mutating func close() {
        closeOutput()
        closeInput()
    }

    private static let pieceMax = 64 * 1_024
}
