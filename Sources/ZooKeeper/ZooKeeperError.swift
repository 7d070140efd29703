/// A failed ZooKeeper operation.
public struct ZooKeeperError: Error, Hashable, Sendable {
    /// What went wrong, numbered as ZooKeeper numbers it.
    ///
    /// Open: unknown numbers are carried as they are.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// ZooKeeper's number, negative; numbers at or below -1000 are this library's own.
        public let rawValue: Int32

        /// Creates a code from ZooKeeper's number.
        public init(rawValue: Int32) { self.rawValue = rawValue }
    }

    /// What went wrong.
    public var code: Code
    /// The path of the operation, or of the first failed operation of a `multi`.
    public var path: String?
    /// More about the cause, for people.
    public var detail: String?
    /// For a failed `multi`: the index of the operation that failed first.
    public var failedOperationIndex: Int?

    /// Creates an error.
    public init(_ code: Code, path: String? = nil, detail: String? = nil, failedOperationIndex: Int? = nil) {
        self.code = code
        self.path = path
        self.detail = detail
        self.failedOperationIndex = failedOperationIndex
    }
}

extension ZooKeeperError.Code {
    /// The library could not encode the request (on an expired handle a `multi` fails with it).
    public static let marshallingError = Self(rawValue: -5)
    /// The server does not know the operation.
    public static let unimplemented = Self(rawValue: -6)
    /// The server did not answer in time.
    public static let operationTimeout = Self(rawValue: -7)
    /// An argument was refused, by this library or by the server.
    public static let badArguments = Self(rawValue: -8)
    /// The handle can no longer be used.
    public static let invalidState = Self(rawValue: -9)
    /// The connection was lost before the reply: a write may or may not have happened.
    public static let connectionLoss = Self(rawValue: -4)
    /// The node (or the parent of the node to create) does not exist.
    public static let noNode = Self(rawValue: -101)
    /// The session's credentials do not allow the operation.
    public static let noAuth = Self(rawValue: -102)
    /// The node's version is not the expected one.
    public static let badVersion = Self(rawValue: -103)
    /// The parent is ephemeral and cannot have children.
    public static let noChildrenForEphemerals = Self(rawValue: -108)
    /// The node to create exists.
    public static let nodeExists = Self(rawValue: -110)
    /// The node to delete has children.
    public static let notEmpty = Self(rawValue: -111)
    /// The session is over; its ephemeral nodes are gone or will be.
    public static let sessionExpired = Self(rawValue: -112)
    /// An ACL is malformed.
    public static let invalidACL = Self(rawValue: -114)
    /// Authentication failed; the session is over.
    public static let authenticationFailed = Self(rawValue: -115)
    /// The session moved to another connection.
    public static let sessionMoved = Self(rawValue: -118)
    /// An operation of a `multi` was not tried because an earlier one failed.
    public static let runtimeInconsistency = Self(rawValue: -2)
    /// The session was closed by this process before the reply: a write may or may not have happened.
    public static let closed = Self(rawValue: -1_001)
    /// The reply did not come within the call's own deadline: a write may or may not have happened.
    public static let deadlineExceeded = Self(rawValue: -1_002)
    /// The calling task was cancelled: a write may or may not have happened.
    public static let cancelled = Self(rawValue: -1_003)
    /// A limit of this library would be exceeded (requests in flight, watched bytes, size of a write).
    public static let limitExceeded = Self(rawValue: -1_004)
    /// No server's host name could be resolved: misspelt, or the name service is down.
    public static let hostsUnresolved = Self(rawValue: -1_005)
}

extension ZooKeeperError {
    /// Whether nothing is known about the effect of a write that failed this way; re-read before acting.
    public var isOutcomeUnknown: Bool {
        switch code {
        case .connectionLoss, .operationTimeout, .closed, .deadlineExceeded, .cancelled: true
        default: false
        }
    }

    /// Whether the session is over and every later call on it will fail.
    public var endsSession: Bool {
        switch code {
        case .sessionExpired, .authenticationFailed, .invalidState, .closed, .sessionMoved: true
        default: false
        }
    }

    /// Whether the same call may succeed later on the same session (only for calls that may be repeated).
    public var isRetriable: Bool {
        switch code {
        case .connectionLoss, .operationTimeout, .deadlineExceeded: true
        default: false
        }
    }
}

extension ZooKeeperError: CustomStringConvertible {
    /// The text that people and logs see.
    public var description: String {
        var text = "ZooKeeper: \(code)"
        if let path { text += " at \(path)" }
        if let detail { text += ": \(detail)" }
        return text
    }
}

extension ZooKeeperError.Code: CustomStringConvertible {
    /// The text that people and logs see.
    public var description: String {
        Self.names[rawValue] ?? "error \(rawValue)"
    }

    private static let names: [Int32: String] = [
        -2: "not tried because another operation of the multi failed", -4: "connection lost",
        -5: "request could not be encoded", -6: "operation not supported by the server",
        -7: "operation timed out",
        -8: "bad arguments", -9: "session handle is no longer valid", -101: "no such node",
        -102: "not allowed",
        -103: "version differs", -108: "parent is ephemeral", -110: "node exists", -111: "node has children",
        -112: "session expired", -114: "invalid ACL", -115: "authentication failed", -118: "session moved",
        -1_001: "session closed", -1_002: "no reply in time", -1_003: "cancelled", -1_004: "limit exceeded",
        -1_005: "hosts cannot be resolved",
    ]
}
