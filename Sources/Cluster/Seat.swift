public import Domain
public import ZooKeeper

/// An agent of a runtime: agents of one name in two runtimes are two agents.
public struct Seat: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The runtime.
    public var runtime: RuntimeID
    /// The agent.
    public var agent: AgentID

    /// Names an agent of a runtime.
    public init(runtime: RuntimeID, agent: AgentID) {
        self.runtime = runtime
        self.agent = agent
    }

    /// `runtime/agent`, for logs and messages.
    public var description: String { "\(runtime)/\(agent)" }

    /// Sorts by runtime, then agent.
    public static func < (left: Seat, right: Seat) -> Bool {
        (left.runtime, left.agent) < (right.runtime, right.agent)
    }
}

/// One incarnation of an agent: what owns a fence, a journal and an inbox.
public struct JournalID: Hashable, Comparable, Sendable {
    /// The agent.
    public var seat: Seat
    /// The start of its process.
    public var incarnation: Incarnation

    /// Names an incarnation's journal.
    public init(seat: Seat, incarnation: Incarnation) {
        self.seat = seat
        self.incarnation = incarnation
    }

    /// Sorts by agent, then incarnation.
    public static func < (left: JournalID, right: JournalID) -> Bool {
        (left.seat, left.incarnation) < (right.seat, right.incarnation)
    }
}

/// A payload together with the data version it was read or written with.
public struct Versioned<Value: Sendable>: Sendable {
    /// The payload.
    public var value: Value
    /// The node's data version.
    public var version: Int32

    /// Pairs a payload with its version.
    public init(_ value: Value, version: Int32) {
        self.value = value
        self.version = version
    }
}

extension Versioned: Equatable where Value: Equatable {}

extension Tree {
    /// The fence of an incarnation.
    public func fence(_ journal: JournalID) throws -> ZNodePath {
        try runtime(journal.seat.runtime).fence(journal.seat.agent, journal.incarnation)
    }

    /// The inbox of an incarnation.
    public func inbox(_ journal: JournalID) throws -> ZNodePath {
        try runtime(journal.seat.runtime).inbox(journal.seat.agent, journal.incarnation)
    }
}
