import Synchronization

/// The connections from one process to a port of another, and what is wrong with them.
public final class Link: Sendable {
    /// Who connects.
    public let source: String
    /// Who listens.
    public let target: String

    private struct State {
        var fault: LinkFault?
        /// Those who wait for a change of the fault.
        var waiters: [Int: AsyncStream<Never>.Continuation] = [:]
        /// The open connections.
        var connections: [Int: AsyncStream<Never>.Continuation] = [:]
        var lastNumber = 0
    }

    private let state = Mutex(State())

    /// Creates a link without a fault.
    public init(source: String, target: String) {
        self.source = source
        self.target = target
    }

    /// What is wrong now; `nil` when nothing is.
    public var fault: LinkFault? { state.withLock(\.fault) }

    /// Open connections.
    public var connectionCount: Int { state.withLock { $0.connections.count } }

    /// Makes something be wrong, or nothing.
    public func set(_ fault: LinkFault?) {
        let waiters = state.withLock { state in
            state.fault = fault
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.finish() }
    }

    /// Resets the open connections; what waits in them is lost.
    public func resetConnections() {
        let connections = state.withLock(\.connections)
        for connection in connections.values { connection.finish() }
    }

    /// A stream that ends when the fault changes; `nil` if the fault is no longer this one.
    private func change(from fault: LinkFault?) -> (number: Int, stream: AsyncStream<Never>)? {
        state.withLock { state in
            guard state.fault == fault else { return nil }
            let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
            state.lastNumber += 1
            state.waiters[state.lastNumber] = continuation
            return (state.lastNumber, stream)
        }
    }

    /// Waits until bytes may pass in a direction, and tells how many of the next `count` do before the connection is reset.
    func admit(_ count: Int, _ direction: LinkDirection) async throws -> Int {
        var isDelayed = false
        while true {
            let fault = fault
            try Task.checkCancellation()
            if let fault, fault.holds(direction) {
                try await wait(for: fault)
                continue
            }
            switch fault {
            case .delay(let duration) where !isDelayed:
                isDelayed = true
                try await ContinuousClock().sleep(for: duration)
            case .truncate(let bytes): return min(bytes, count - 1)
            case .reset: return 0
            default: return count
            }
        }
    }

    /// Waits while a new connection's first packet would be held back; whether the connection comes about then.
    func admitConnection() async throws -> Bool {
        while let fault, fault.holds(.toServer) { try await wait(for: fault) }
        try Task.checkCancellation()
        return fault != .reset
    }

    /// Waits until the end of the stream may pass in a direction; whether it does.
    func admitEnd(_ direction: LinkDirection) async throws -> Bool {
        while let fault, fault.holds(direction) { try await wait(for: fault) }
        try Task.checkCancellation()
        return fault != .reset
    }

    private func wait(for fault: LinkFault) async throws {
        guard let (number, stream) = change(from: fault) else { return }
        for await _ in stream {}
        state.withLock { $0.waiters[number] = nil }
        try Task.checkCancellation()
    }

    /// Registers a connection; the stream ends when it is to be reset.
    func open() -> (number: Int, resets: AsyncStream<Never>) {
        state.withLock { state in
            let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
            state.lastNumber += 1
            state.connections[state.lastNumber] = continuation
            return (state.lastNumber, stream)
        }
    }

    /// Forgets a connection that is closed.
    func close(_ number: Int) {
        state.withLock { $0.connections[number] = nil }
    }
}
