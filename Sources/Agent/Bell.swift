import Cluster
import Synchronization

/// Wakes one waiting task; rings while nobody waits are remembered as one.
final class Bell: Sendable {
    private struct State {
        var isRung = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func ring() {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            defer { state.waiter = nil }
            if state.waiter == nil { state.isRung = true }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Waits for a ring; returns at once when one came before, or when the task is cancelled.
    ///
    /// One waiter at a time.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state -> Bool in
                    precondition(state.waiter == nil, "two tasks wait for one bell")
                    if state.isRung || Task.isCancelled {
                        state.isRung = false
                        return true
                    }
                    state.waiter = continuation
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume()
        }
    }

    /// Waits for a ring, at most until `deadline`.
    func wait(until deadline: MonotonicInstant, _ time: TimeSource) async {
        if time.monotonic >= deadline {
            state.withLock { $0.isRung = false }
            return
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait() }
            group.addTask {
                // Cancelled means that the bell rang first.
                try? await time.sleep(until: deadline)
            }
            await group.next()
            group.cancelAll()
        }
    }
}

/// Set once, for ever; many may wait.
final class Latch: Sendable {
    private struct State {
        var isSet = false
        var bells: [Bell] = []
    }

    private let state = Mutex(State())

    var isSet: Bool { state.withLock(\.isSet) }

    func set() {
        let bells = state.withLock { state in
            state.isSet = true
            return state.bells
        }
        for bell in bells { bell.ring() }
    }

    /// Rings `bell` when the latch is set, or now if it is.
    func notify(_ bell: Bell) {
        let isSet = state.withLock { state in
            state.bells.append(bell)
            return state.isSet
        }
        if isSet { bell.ring() }
    }

    /// Stops ringing `bell`.
    func forget(_ bell: Bell) {
        state.withLock { $0.bells.removeAll { $0 === bell } }
    }

    /// Waits until the latch is set or the task is cancelled.
    func wait() async {
        let bell = Bell()
        notify(bell)
        await bell.wait()
        forget(bell)
    }
}

/// Growing pauses between attempts, jittered so that many agents do not come back at once.
struct Backoff {
    private var next = AgentTiming.backoff.lowerBound

    mutating func pause(_ random: RandomSource) -> Duration {
        defer { next = min(next * 2, AgentTiming.backoff.upperBound) }
        return random.duration(in: (next / 2)...next)
    }

    mutating func reset() { next = AgentTiming.backoff.lowerBound }
}

/// Runs `body` until it returns or `isOver` does; `nil` when `isOver` was first.
func unless<Value: Sendable>(
    _ isOver: @escaping @Sendable () async -> Void,
    _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value? {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            await isOver()
            return nil
        }
        defer { group.cancelAll() }
        return try await group.next() ?? nil
    }
}
