/// Who may do what with a node.
public struct ACL: Hashable, Sendable {
    /// What a party may do.
    public struct Permissions: OptionSet, Hashable, Sendable {
        /// ZooKeeper's bits.
        public let rawValue: Int32

        /// Creates permissions from ZooKeeper's bits.
        public init(rawValue: Int32) { self.rawValue = rawValue }

        /// Read the data and list the children.
        public static let read = Permissions(rawValue: 1)
        /// Set the data.
        public static let write = Permissions(rawValue: 2)
        /// Create children.
        public static let create = Permissions(rawValue: 4)
        /// Delete children.
        public static let delete = Permissions(rawValue: 8)
        /// Set the ACL.
        public static let admin = Permissions(rawValue: 16)
        /// Everything.
        public static let all: Permissions = [.read, .write, .create, .delete, .admin]
    }

    /// One party and its permissions.
    public struct Entry: Hashable, Sendable {
        /// What the party may do.
        public var permissions: Permissions
        /// ZooKeeper's scheme, such as `world`, `auth` or `digest`.
        public var scheme: String
        /// The party within the scheme.
        public var id: String

        /// Creates an entry.
        public init(_ permissions: Permissions, scheme: String, id: String) {
            self.permissions = permissions
            self.scheme = scheme
            self.id = id
        }
    }

    /// The entries; at least one.
    public var entries: [Entry]

    /// Creates an ACL.
    public init(_ entries: [Entry]) { self.entries = entries }

    /// Everybody may do everything.
    public static let open = ACL([Entry(.all, scheme: "world", id: "anyone")])
    /// Everybody may read.
    public static let readOnly = ACL([Entry(.read, scheme: "world", id: "anyone")])
    /// The authenticated creator may do everything.
    public static let creatorOnly = ACL([Entry(.all, scheme: "auth", id: "")])
}

/// Proof of identity that a session presents to the server.
public struct Credential: Hashable, Sendable {
    /// ZooKeeper's scheme; the C library supports `digest`.
    public var scheme: String
    /// The secret, for `digest`: `user:password`.
    ///
    /// Never logged.
    public var secret: String

    /// A user and password for ZooKeeper's `digest` scheme.
    public static func digest(user: String, password: String) -> Credential {
        Credential(scheme: "digest", secret: "\(user):\(password)")
    }

    /// Creates a credential.
    public init(scheme: String, secret: String) {
        self.scheme = scheme
        self.secret = secret
    }
}

extension Credential: CustomStringConvertible {
    /// The text that people and logs see.
    public var description: String { "\(scheme):***" }
}
