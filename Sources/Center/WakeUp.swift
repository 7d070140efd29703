import Synchronization

/// Wakes one worker; many calls while it works are one.
final class WakeUp: Sendable {
    private let listener = Mutex<AsyncStream<Void>.Continuation?>(nil)

    /// The calls, for the one who works; the latest caller gets them, beginning with one.
    func calls() -> AsyncStream<Void> {
        // One pending call is as good as many.
        let (stream, continuation) = AsyncStream.makeStream(
            of: Void.self,
            bufferingPolicy: .bufferingNewest(1)
        )
        listener.withLock { $0 = continuation }
        continuation.yield()
        return stream
    }

    /// Calls.
    func wake() { _ = listener.withLock { $0 }?.yield() }
}
