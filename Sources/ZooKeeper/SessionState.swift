/// The server's name for a session and the secret that proves ownership of it.
public struct SessionIdentity: Hashable, Sendable {
    /// The session's number.
    public var id: Int64
    /// The session's 16-byte password: whoever knows it can take the session over.
    ///
    /// Never log it.
    public var password: [UInt8]

    /// Creates an identity.
    public init(id: Int64, password: [UInt8]) {
        self.id = id
        self.password = password
    }
}

/// Where a session stands.
///
/// `connecting → connected ⇄ suspended`, and from any of these to `expired`, `authenticationFailed` or `closed`, which are final.
public enum SessionState: Hashable, Sendable {
    /// No server has accepted the session yet. Can transition to connected, expired (a resumed session), authenticationFailed, closed.
    case connecting
    /// A server serves the session; `timeout` is what the server granted. Can transition to suspended or a final state.
    case connected(id: Int64, timeout: Duration)
    /// The connection is lost; the session may live on: stop acting on what it owns, keep state. Can transition to connected or a final state.
    case suspended
    /// The session is over and its ephemeral nodes are gone. Final.
    case expired
    /// The server refused the credentials. Final.
    case authenticationFailed
    /// This process closed the session. Final.
    case closed

    /// Whether nothing can follow this state.
    public var isFinal: Bool {
        switch self {
        case .expired, .authenticationFailed, .closed: true
        case .connecting, .connected, .suspended: false
        }
    }

    /// Whether a server serves the session now.
    public var isConnected: Bool {
        if case .connected = self { true } else { false }
    }
}
