import Synchronization

/// A clock that only moves when it is told to, so that tests wait for nothing.
public final class SimulationClock: Clock {
    /// A point on the clock.
    public struct Instant: InstantProtocol {
        /// Time since the clock was made.
        public var offset: Duration

        /// Creates a point.
        public init(offset: Duration) { self.offset = offset }

        /// The point `duration` later.
        public func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }

        /// How long it is until `other`.
        public func duration(to other: Instant) -> Duration { other.offset - offset }

        /// Earlier points are smaller.
        public static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private enum Waiter {
        case sleeper(CheckedContinuation<Void, any Error>)
        case action(@Sendable () -> Void)
    }

    private struct State {
        var now = Instant(offset: .zero)
        var nextID = 0
        var deadlines = DeadlineHeap()
        /// Who waits, by id; whoever was cancelled is only in the heap.
        var waiters: [Int: Waiter] = [:]
        /// Sleepers that have not begun to wait, and whether they were cancelled before they could.
        var beginners: [Int: Bool] = [:]
    }

    private let state = Mutex(State())

    /// Creates a clock at zero.
    public init() {}

    /// The clock's time.
    public var now: Instant { state.withLock(\.now) }

    /// The smallest step.
    public var minimumResolution: Duration { .nanoseconds(1) }

    /// How many sleep or are to be called.
    public var waiterCount: Int { state.withLock(\.waiters.count) }

    /// The earliest deadline somebody waits for; `nil` when nobody waits.
    public var nextDeadline: Instant? {
        state.withLock { state in
            while let first = state.deadlines.first, state.waiters[first.id] == nil {
                state.deadlines.removeFirst()
            }
            return state.deadlines.first?.deadline
        }
    }

    /// Sets the clock forward to `instant` and wakes whoever waited for it, in the order of their deadlines.
    public func advance(to instant: Instant) {
        let due = state.withLock { state -> [Waiter] in
            state.now = max(state.now, instant)
            var due: [Waiter] = []
            while let first = state.deadlines.first, first.deadline <= state.now {
                state.deadlines.removeFirst()
                if let waiter = state.waiters.removeValue(forKey: first.id) { due.append(waiter) }
            }
            return due
        }
        for waiter in due {
            switch waiter {
            case .sleeper(let continuation): continuation.resume()
            case .action(let action): action()
            }
        }
    }

    /// Sets the clock forward by `duration`.
    public func advance(by duration: Duration) { advance(to: now.advanced(by: duration)) }

    /// Has `action` called by whoever sets the clock when it reaches the instant `duration` from now.
    public func schedule(after duration: Duration, _ action: @escaping @Sendable () -> Void) {
        state.withLock { state in
            state.nextID += 1
            state.waiters[state.nextID] = .action(action)
            state.deadlines.insert(state.now.advanced(by: max(duration, .zero)), id: state.nextID)
        }
    }

    /// Waits until the clock reaches `deadline`.
    public func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            state.beginners[state.nextID] = false
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation {
                (continuation: CheckedContinuation<Void, any Error>) in
                add(id, deadline, continuation)
            }
        } onCancel: {
            cancel(id)
        }
    }

    private func add(_ id: Int, _ deadline: Instant, _ continuation: CheckedContinuation<Void, any Error>) {
        let outcome = state.withLock { state -> Result<Void, any Error>? in
            if state.beginners.removeValue(forKey: id) == true { return .failure(CancellationError()) }
            if deadline <= state.now { return .success(()) }
            state.waiters[id] = .sleeper(continuation)
            state.deadlines.insert(deadline, id: id)
            return nil
        }
        if let outcome { continuation.resume(with: outcome) }
    }

    private func cancel(_ id: Int) {
        let waiter = state.withLock { state -> Waiter? in
            if state.beginners[id] != nil { state.beginners[id] = true }
            return state.waiters.removeValue(forKey: id)
        }
        if case .sleeper(let continuation) = waiter { continuation.resume(throwing: CancellationError()) }
    }
}

/// Deadlines in the order in which they come, equal ones in the order in which they were made; a binary heap.
private struct DeadlineHeap {
    struct Entry {
        let deadline: SimulationClock.Instant
        let id: Int

        static func < (left: Entry, right: Entry) -> Bool {
            (left.deadline, left.id) < (right.deadline, right.id)
        }
    }

    private var entries: [Entry] = []

    var first: Entry? { entries.first }

    mutating func insert(_ deadline: SimulationClock.Instant, id: Int) {
        entries.append(Entry(deadline: deadline, id: id))
        var child = entries.count - 1
        while child > 0, entries[child] < entries[(child - 1) / 2] {
            entries.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() {
        entries.swapAt(0, entries.count - 1)
        entries.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count {
                if entries[child] < entries[least] { least = child }
            }
            if least == parent { return }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
