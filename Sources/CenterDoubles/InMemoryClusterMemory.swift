public import Center
public import Domain
import Synchronization

/// What a center remembers, in memory, for tests; passes the same contract as the file.
public final class InMemoryClusterMemory: ClusterMemoryStore {
    private struct State {
        var memory: ClusterMemory?
        var failure: (any Error)?
    }

    private let state: Mutex<State>

    /// Creates a store that remembers this.
    public init(_ memory: ClusterMemory? = nil) { state = Mutex(State(memory: memory)) }

    /// What is remembered.
    public var memory: ClusterMemory? { state.withLock(\.memory) }

    /// Makes every later call fail with `error`, or succeed again.
    public func fail(with error: (any Error)?) { state.withLock { $0.failure = error } }

    /// What is remembered.
    public func recall() async throws -> ClusterMemory? {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            return state.memory
        }
    }

    /// Remembers.
    public func remember(_ memory: ClusterMemory) async throws {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            state.memory = memory
        }
    }
}
