/// One process that `up` supervises.
struct Member: Hashable, Sendable {
    /// What it is; the order in which they start, and the reverse of that in which they stop.
    enum Role: String, CaseIterable, Sendable {
        case zookeeper, center, agent

        /// How long it may take to stop before it is killed.
        var stopLimit: Duration {
            switch self {
            case .zookeeper: .seconds(5)
            case .center: .seconds(10)
            case .agent: .seconds(15)
            }
        }
    }

    var role: Role
    /// Its name, unique among the members.
    var id: String
    /// The program's path.
    var program: String
    var arguments: [String]
}

/// Something that happened to a member; as JSON one object a line.
struct MemberEvent: Encodable, Hashable, Sendable {
    enum Kind: String, Encodable, Sendable { case started, exited, ready }

    var event: Kind
    var role: String?
    var id: String?
    var pid: Int32?
    /// The exit code of an exited member, if it exited by itself.
    var exitCode: Int32?
    /// The signal that ended an exited member.
    var signal: Int32?
    var server: String?
    var zookeeper: String?
    var tokenFile: String?
}
