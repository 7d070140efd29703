/// Measures how many requests a session answers, with many in flight.
///
/// Makes nodes below one path, reads, writes and removes them; the counterpart of `Benchmarks/zookeeper/bench.c`.
public struct ThroughputProbe: Sendable {
    /// Requests of each kind.
    public var requests: Int
    /// Callers that each have one request under way.
    public var callers: Int
    /// Bytes of each node.
    public var dataBytes: Int

    /// Creates a probe; the defaults are those of the baseline in C.
    public init(requests: Int = 20_000, callers: Int = 256, dataBytes: Int = 100) {
        precondition(requests > 0 && callers > 0 && dataBytes >= 0, "at least one request and one caller")
        self.requests = requests
        self.callers = callers
        self.dataBytes = dataBytes
    }

    /// How often one kind of request was answered.
    public struct Rate: Hashable, Sendable {
        /// The kind of request.
        public var name: String
        /// Requests per second.
        public var perSecond: Double
    }

    /// Runs every kind of request in turn; `path` is created and stays.
    public func run<C: Clock>(
        _ session: any ZooKeeperSession,
        below path: ZNodePath,
        clock: C
    ) async throws -> [Rate] where C.Duration == Duration {
        try await session.ensurePath(path)
        let data = [UInt8](repeating: 1, count: dataBytes)
        return [
            try await measure("create", path, clock) { _ = try await session.create($0, data: data) },
            try await measure("get", path, clock) { _ = try await session.get($0) },
            try await measure("set", path, clock) { _ = try await session.set($0, data: data, version: nil) },
            try await measure("delete", path, clock) { try await session.delete($0, version: nil) },
        ]
    }

    private func measure<C: Clock>(
        _ name: String,
        _ path: ZNodePath,
        _ clock: C,
        _ request: @Sendable @escaping (ZNodePath) async throws -> Void
    ) async throws -> Rate where C.Duration == Duration {
        let elapsed = try await clock.measure {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in 0..<callers {
                    group.addTask { [requests, callers] in
                        for number in stride(from: caller, to: requests, by: callers) {
                            try await request(path.child("n\(number)"))
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        return Rate(name: name, perSecond: Double(requests) / (elapsed / .seconds(1)))
    }
}
