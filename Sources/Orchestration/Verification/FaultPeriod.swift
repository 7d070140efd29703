public import Scheduling

/// A disturbance of one process, one server, one link or the whole ensemble.
///
/// A fault log is a file with one period a line, as JSON (NDJSON), in any order:
///
///     {"kind":"killed","target":"agent-1","start":"2026-03-01T00:00:10.250Z","end":"2026-03-01T00:00:14.000Z","detail":"SIGKILL"}
///     {"kind":"cut-off","target":"agent-2<->zookeeper-1","start":"2026-03-01T00:01:00Z"}
///     {"kind":"quorum-lost","target":"zookeeper","start":"2026-03-01T00:02:00Z","end":"2026-03-01T00:02:20Z"}
///
/// `start` and `end` are RFC 3339 times by the true clock; without `end` the disturbance lasts for ever. Other keys are ignored.
public struct FaultPeriod: Hashable, Sendable, Codable {
    /// What was done.
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        /// The process was ended by SIGKILL, or its machine went away; `end`: it serves again.
        case killed
        /// The process was asked to stop; `end`: it serves again.
        case stopped
        /// The process was suspended; `end`: it goes on.
        case paused
        /// The process could not reach others, or not as usual: dropped, delayed, reset, truncated, one way or both.
        case cutOff = "cut-off"
        /// Somebody else ended its ZooKeeper session; `end`: it has another, or is the start.
        case sessionLost = "session-lost"
        /// Its wall clock was set; `end`: it was set back.
        case clockStepped = "clock-stepped"
        /// Its wall clock ran too fast or too slow.
        case clockDrift = "clock-drift"
        /// Nothing could be written to its disk.
        case diskFull = "disk-full"
        /// Its disk was slow to write, or stood still.
        case diskSlow = "disk-slow"
        /// Fewer than half of the ZooKeeper servers could reach each other; the target is `zookeeper`.
        case quorumLost = "quorum-lost"
        /// A ZooKeeper server was killed; `end`: it serves again.
        case zooKeeperKilled = "zookeeper-killed"
        /// A ZooKeeper server was suspended; `end`: it goes on.
        case zooKeeperPaused = "zookeeper-paused"
    }

    /// What was done.
    public var kind: Kind
    /// The name of the agent, center or server it was done to; for a link its two ends, as `a<->b` or, one way, `a->b`.
    ///
    /// Names of ZooKeeper servers begin with `zookeeper`; the ensemble as a whole is `zookeeper`.
    public var target: String
    /// When it began.
    public var start: Instant
    /// When it was over and the target usable again; `nil` if it never was.
    public var end: Instant?
    /// More for people: the signal, by how much the clock was set.
    public var detail: String?

    /// Creates a period.
    public init(
        kind: Kind,
        target: String,
        start: Instant,
        end: Instant? = nil,
        detail: String? = nil
    ) {
        self.kind = kind
        self.target = target
        self.start = start
        self.end = end
        self.detail = detail
    }
}

extension FaultPeriod {
    /// The names in the target: the two ends of a link, or just one.
    public var names: [String] {
        for arrow in ["<->", "->"] {
            let ends = target.split(separator: arrow, omittingEmptySubsequences: false).map(String.init)
            if ends.count == 2 { return ends }
        }
        return [target]
    }
}
