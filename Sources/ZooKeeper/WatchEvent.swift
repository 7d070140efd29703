/// What a one-shot watch reports.
public enum WatchEvent: Hashable, Sendable {
    /// The node was created.
    case created
    /// The node was deleted.
    case deleted
    /// The node's data changed.
    case dataChanged
    /// The node's list of children changed.
    case childrenChanged
    /// The watch will never fire: the session is over or was closed.
    case ended
}

/// A one-shot notification about one node.
///
/// Watches are hints: several changes may be reported as one, and a watch says nothing about what a later read
/// will return, except that it returns the change or something newer. Await `event()` at most once.
public struct Watch: Sendable {
    private let stream: AsyncStream<WatchEvent>

    /// Creates a watch fed by `stream`, which yields at most one event (used by session implementations).
    public init(stream: AsyncStream<WatchEvent>) {
        self.stream = stream
    }

    /// Waits for the event; `.ended` when the session is over, the session was closed, or the task was cancelled.
    public func event() async -> WatchEvent {
        for await event in stream { return event }
        return .ended
    }
}
