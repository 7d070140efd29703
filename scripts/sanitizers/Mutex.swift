internal import Synchronization

// Only in the build for ThreadSanitizer, which does not see the lock of the module `Synchronization`: it is made of the kernel's
// futex in a library that is not instrumented. This type of the same name wraps it and tells the sanitizer that what was
// done before an unlock is seen after the next lock. It hides nothing: a value touched outside its lock is still a race.

@_silgen_name("__tsan_acquire")
private func acquire(_ address: UnsafeMutableRawPointer)

@_silgen_name("__tsan_release")
private func release(_ address: UnsafeMutableRawPointer)

@safe
final class Mutex<Value: Sendable>: Sendable {
    private let lock: Synchronization.Mutex<Value>

    init(_ value: Value) {
        lock = Synchronization.Mutex(value)
    }

    private var address: UnsafeMutableRawPointer { unsafe Unmanaged.passUnretained(self).toOpaque() }

    func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let address = unsafe address
        return try lock.withLock { value throws(Failure) -> Result in
            unsafe acquire(address)
            defer { unsafe release(address) }
            return try body(&value)
        }
    }
}
