/// What hours of a cluster's life have left behind.
public struct LongRunReport: Sendable {
    /// How much there is of everything that must not grow.
    public struct Census: Hashable, Sendable, CustomStringConvertible {
        /// Sessions with ZooKeeper.
        public var sessions: Int
        /// Armed watches.
        public var watches: Int
        /// Who waits for an instant.
        public var sleepers: Int
        /// Nodes, by what they are for: the first parts of their paths.
        public var nodes: [String: Int]
        /// Bytes in these nodes: checkpoints say what agents keep in memory.
        public var bytes: [String: Int]

        /// All of it in one line.
        public var description: String {
            let kinds = nodes.sorted { $0.key < $1.key }.map { kind, count in
                "\(kind) \(count) (\(bytes[kind] ?? 0) bytes)"
            }
            return "\(sessions) sessions, \(watches) watches, \(sleepers) sleepers; nodes: "
                + kinds.joined(separator: ", ")
        }
    }

    /// Simulated time.
    public let duration: Duration
    /// How many processes were started.
    public let startCount: Int
    /// The broken promises.
    public let violations: [Violation]
    /// What there was after an hour.
    public let morning: Census
    /// What there was in the end.
    public let evening: Census
    /// Kinds of nodes that only go away later than the run has lasted.
    let passing: Set<String>

    /// What may come and go with the moment at which it is counted.
    private static let slack = (count: 12, bytes: 4_096)

    /// What has grown, one sentence each; empty when nothing has.
    public var growth: [String] {
        var found: [String] = []
        func compare(_ what: String, _ before: Int, _ after: Int, _ slack: Int) {
            if after > before + slack {
                found.append("\(what): \(before) after an hour, \(after) in the end")
            }
        }
        compare("sessions", morning.sessions, evening.sessions, 0)
        compare("watches", morning.watches, evening.watches, Self.slack.count)
        compare("sleepers", morning.sleepers, evening.sleepers, Self.slack.count)
        for kind in evening.nodes.keys.sorted() where !passing.contains(kind) {
            compare(
                "nodes below \(kind)",
                morning.nodes[kind] ?? 0,
                evening.nodes[kind] ?? 0,
                Self.slack.count
            )
            compare(
                "bytes below \(kind)",
                morning.bytes[kind] ?? 0,
                evening.bytes[kind] ?? 0,
                Self.slack.bytes
            )
        }
        return found
    }
}
