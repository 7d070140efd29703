import Domain
import Foundation
import Logging
import Scheduling
import ZooKeeper
import ZooKeeperClient

extension ZooKeeperOptions {
    /// How long to wait for the first connection.
    private static let connectLimit = Duration.seconds(6)

    /// Lends a session with the ensemble that is meant, to do something about the node at `path`.
    func withSession<Value: Sendable>(
        about path: ZNodePath,
        _ body: (any ZooKeeperSession) async throws -> Value
    ) async throws -> Value {
        do {
            return try await Self.withSession(hosts: try Discovery().zookeeper(zookeeper), body)
        } catch var error as ZooKeeperError {
            error.path = error.path ?? path.text
            throw error
        }
    }

    /// Lends a session with an ensemble; throws when none of its servers serves us in time.
    static func withSession<Value: Sendable>(
        hosts: String,
        _ body: (any ZooKeeperSession) async throws -> Value
    ) async throws -> Value {
        let configuration = ZooKeeperConfiguration(
            hosts: hosts,
            sessionTimeout: .seconds(10),
            requestTimeout: .seconds(10)
        )
        let connector = ClientConnector(
            configuration,
            logger: Logger(label: "zookeeper") { _ in SwiftLogNoOpLogHandler() }
        )
        let session = try await connector.connect(resuming: nil)
        do {
            try await connect(session, hosts)
            let value = try await body(session)
            await session.close()
            return value
        } catch {
            await session.close()
            throw error
        }
    }

    private static func connect(_ session: any ZooKeeperSession, _ hosts: String) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await session.connected() }
            group.addTask {
                try await ContinuousClock().sleep(for: connectLimit)
                throw ControlError(
                    "no ZooKeeper server answers at \(hosts): check --zookeeper and that the servers run",
                    .unreachable
                )
            }
            try await group.next()
            group.cancelAll()
        }
    }
}

/// A node's stat as it is printed.
struct NodeStat: Encodable, Sendable {
    var path: String
    var version: Int32
    var childrenVersion: Int32
    var aclVersion: Int32
    var dataLengthBytes: Int32
    var childCount: Int32
    var createdAt: Instant
    var modifiedAt: Instant
    var createdTransaction: String
    var modifiedTransaction: String
    var childrenTransaction: String
    /// The session that owns an ephemeral node; absent for a persistent one.
    var ephemeralOwner: String?

    init(path: ZNodePath, _ stat: ZNodeStat) {
        self.path = path.text
        version = stat.version
        childrenVersion = stat.childrenVersion
        aclVersion = stat.aclVersion
        dataLengthBytes = stat.dataLengthBytes
        childCount = stat.childCount
        createdAt = Instant(millisecondsSinceEpoch: stat.createdMilliseconds)
        modifiedAt = Instant(millisecondsSinceEpoch: stat.modifiedMilliseconds)
        createdTransaction = Self.hexadecimal(stat.createdTransaction)
        modifiedTransaction = Self.hexadecimal(stat.modifiedTransaction)
        childrenTransaction = Self.hexadecimal(stat.childrenTransaction)
        ephemeralOwner = stat.ephemeralOwner == 0 ? nil : Self.hexadecimal(stat.ephemeralOwner)
    }

    /// As ZooKeeper's own tools write transactions and sessions.
    private static func hexadecimal(_ number: Int64) -> String {
        "0x" + String(UInt64(bitPattern: number), radix: 16)
    }

    func pairs(_ time: TimeText) -> [(name: String, value: Table.Cell)] {
        [
            ("path", .init(path, .strong)),
            ("version", .init("\(version) (children \(childrenVersion), ACL \(aclVersion))")),
            ("size", .init("\(dataLengthBytes) bytes, \(childCount) children")),
            ("created", .init("\(time.absolute(createdAt)) in \(createdTransaction)")),
            ("modified", .init("\(time.absolute(modifiedAt)) in \(modifiedTransaction)")),
            ("children", .init("changed in \(childrenTransaction)")),
            ("owner", .init(ephemeralOwner.map { "session \($0) (ephemeral)" } ?? "none (persistent)")),
        ]
    }
}
