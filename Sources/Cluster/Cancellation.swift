public import Domain
public import Scheduling
import ZooKeeper

/// The word that what belongs to an occasion is not to be run any more.
public struct Cancellation: Hashable, Sendable, Codable {
    /// The occasion.
    public var occasion: String
    /// A task with a run of this occasion: the others hang together with it.
    public var task: TaskID
    /// Why, for records and people.
    public var reason: String
    /// When, by the leader's clock.
    public var at: Instant
    /// Whether nothing of it runs or waits any more.
    public var isOver: Bool

    /// Creates a cancellation of which nothing has come yet.
    public init(occasion: String, task: TaskID, reason: String, at: Instant) {
        self.occasion = occasion
        self.task = task
        self.reason = reason
        self.at = at
        isOver = false
    }

    private enum CodingKeys: String, CodingKey {
        case occasion, task, reason, at
        case isOver = "over"
    }
}

/// The occasions that were cancelled: what the leader keeps of them.
public struct CancelledOccasions: Sendable {
    private let writer: LeaderWriter

    /// Writes under the writer's epoch.
    public init(writer: LeaderWriter) { self.writer = writer }

    /// The cancellation of an occasion; `nil` when it was not cancelled.
    public func read(_ occasion: String) async throws -> Versioned<Cancellation>? {
        try await writer.session.payload(Cancellation.self, at: writer.tree.cancellation(of: occasion))
    }

    /// All that can be read, in the order of their paths.
    public func all() async throws -> [Versioned<Cancellation>] {
        let (session, root) = (writer.session, try writer.tree.cancelled)
        let paths = try await session.childrenIfPresent(root).sorted().map { try root.child($0) }
        return try await pipelined(paths) { try await session.content(Cancellation.self, at: $0) }
            .compactMap { if case .present(let cancellation) = $0 { cancellation } else { nil } }
    }

    /// Cancels an occasion, if it is as it was read.
    public func put(_ cancellation: Cancellation, instead known: Versioned<Cancellation>?) async throws {
        let path = try writer.tree.cancellation(of: cancellation.occasion)
        let data = try ZNodeCodec.encode(cancellation)
        if let known {
            _ = try await writer.write([.set(path, data: data, version: known.version)])
            return
        }
        try await writer.ensure(writer.tree.cancelled)
        _ = try await writer.write([.create(path, data: data)])
    }

    /// Forgets a cancellation that is as it was read.
    public func remove(_ known: Versioned<Cancellation>) async throws {
        let path = try writer.tree.cancellation(of: known.value.occasion)
        _ = try await writer.write([.delete(path, version: known.version)])
    }
}
