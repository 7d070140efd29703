import CProcess
import Glibc

/// Descriptors that one thread waits for, each known by a token.
struct WaitSet {
    private let descriptor: Int32
    private var tokens = [UInt64](repeating: 0, count: WaitSet.capacity)

    /// Most tokens that one wait returns.
    private static let capacity = 64

    init() throws(ExecutorError) {
        descriptor = ct_wait_set_make()
        guard descriptor >= 0 else { throw ExecutorError("make", "a wait set", code: errno) }
    }

    /// Waits for `descriptor`, too.
    func add(_ descriptor: Int32, token: UInt64) throws(ExecutorError) {
        guard ct_wait_set_add(self.descriptor, descriptor, token) == 0 else {
            throw ExecutorError("wait for", "descriptor \(descriptor)", code: errno)
        }
    }

    /// Waits for it no longer.
    func remove(_ descriptor: Int32) { _ = ct_wait_set_remove(self.descriptor, descriptor) }

    /// The tokens of the descriptors that are readable; waits until there is one, at most `milliseconds` (-1: for ever).
    mutating func wait(milliseconds: Int32) -> ArraySlice<UInt64> {
        let count = unsafe tokens.withUnsafeMutableBufferPointer {
            unsafe ct_wait_set_wait(descriptor, milliseconds, $0.baseAddress, Int32($0.count))
        }
        return tokens.prefix(Int(max(0, count)))
    }

    /// Ends the set.
    func close() { Glibc.close(descriptor) }
}
