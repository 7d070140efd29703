/// What the server knows about a node besides its data.
public struct ZNodeStat: Hashable, Sendable {
    /// Transaction that created the node.
    public var createdTransaction: Int64
    /// Transaction that last changed the node's data.
    public var modifiedTransaction: Int64
    /// Transaction that last changed the node's list of children.
    public var childrenTransaction: Int64
    /// Server's clock at creation, milliseconds since 1970.
    public var createdMilliseconds: Int64
    /// Server's clock at the last change of the data, milliseconds since 1970.
    public var modifiedMilliseconds: Int64
    /// Number of changes of the data.
    public var version: Int32
    /// Number of changes of the children.
    public var childrenVersion: Int32
    /// Number of changes of the ACL.
    public var aclVersion: Int32
    /// Session that owns an ephemeral node; 0 for a persistent one.
    public var ephemeralOwner: Int64
    /// Size of the data in bytes.
    public var dataLengthBytes: Int32
    /// Number of children.
    public var childCount: Int32

    /// Creates a stat; every value defaults to zero.
    public init(
        createdTransaction: Int64 = 0,
        modifiedTransaction: Int64 = 0,
        childrenTransaction: Int64 = 0,
        createdMilliseconds: Int64 = 0,
        modifiedMilliseconds: Int64 = 0,
        version: Int32 = 0,
        childrenVersion: Int32 = 0,
        aclVersion: Int32 = 0,
        ephemeralOwner: Int64 = 0,
        dataLengthBytes: Int32 = 0,
        childCount: Int32 = 0
    ) {
        self.createdTransaction = createdTransaction
        self.modifiedTransaction = modifiedTransaction
        self.childrenTransaction = childrenTransaction
        self.createdMilliseconds = createdMilliseconds
        self.modifiedMilliseconds = modifiedMilliseconds
        self.version = version
        self.childrenVersion = childrenVersion
        self.aclVersion = aclVersion
        self.ephemeralOwner = ephemeralOwner
        self.dataLengthBytes = dataLengthBytes
        self.childCount = childCount
    }
}

/// The data of a node with the stat it was read with.
public struct ZNode: Hashable, Sendable {
    /// The node's bytes.
    public var data: [UInt8]
    /// The stat that belongs to exactly these bytes.
    public var stat: ZNodeStat

    /// Creates a node value.
    public init(data: [UInt8], stat: ZNodeStat) {
        self.data = data
        self.stat = stat
    }
}

/// How a node comes and goes.
public enum CreateMode: Hashable, Sendable {
    /// Stays until deleted.
    case persistent
    /// Stays until deleted; the server appends a ten-digit counter to the name.
    case persistentSequential
    /// Ends with the session.
    case ephemeral
    /// Ends with the session; the server appends a ten-digit counter to the name.
    case ephemeralSequential
    /// Is deleted by the server some time after its last child went.
    case container
    /// Is deleted by the server when unchanged and childless for so long (1 ms to about 34 years).
    case persistentTTL(Duration)
    /// As `persistentTTL`, with the server's counter appended.
    case persistentSequentialTTL(Duration)
}
