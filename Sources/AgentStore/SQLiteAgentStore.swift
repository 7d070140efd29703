public import Agent
public import DataDirectory
public import Domain
import Foundation
import GRDB
public import Logging
public import Scheduling
public import ZooKeeper

/// The agent's state in a SQLite database in its data directory.
///
/// Every write is synced to disk before it returns; concurrent appends share commits. One process at a time has the
/// directory. When the disk is full a call throws and nothing of it is kept; it works again once there is room.
public struct SQLiteAgentStore: AgentStateStore {
    private let lock: DirectoryLock
    let pool: DatabasePool
    private let commits: SpoolCommits
    let log: Logger
    private let origin: String

    /// Opens the state, creating or migrating it as needed; a damaged database is moved aside and a new one begun.
    ///
    /// - Parameters:
    ///   - directory: The agent's data directory; created, for this user only, when it does not exist.
    ///   - log: Told of damage.
    /// - Throws: `DataDirectoryError` when another process has the directory or it cannot be used.
    public init(directory: String, log: Logger) throws(DataDirectoryError) {
        try self.init(directory: directory, bootFile: SessionOrigin.bootFile, log: log)
    }

    /// As above, with the file that names the machine's start, for tests.
    package init(directory: String, bootFile: String, log: Logger) throws(DataDirectoryError) {
        lock = try DirectoryLock(directory: directory, name: "agent.lock")
        do {
            pool = try DatabaseFile(path: directory + "/agent.sqlite", log: log).open()
        } catch {
            throw .unusable(path: directory, reason: "\(error)")
        }
        commits = SpoolCommits(pool: pool)
        origin = SessionOrigin.text(of: directory + "/agent.sqlite", bootFile: bootFile)
        self.log = log
    }

    /// Closes the database and gives the directory back; nothing may be asked afterwards.
    public func close() throws {
        try pool.close()
        try lock.release()
    }

    /// Appends reports to the spool; on return they are on disk.
    ///
    /// Returns the sequence of the last one ever appended.
    public func append(_ reports: [RunReport]) async throws -> Int64 {
        let rows = try reports.map {
            SpoolRow(at: $0.happenedAt.millisecondsSinceEpoch, body: try JSONText.encode($0))
        }
        return try await commits.append(rows)
    }

    /// Drops reports that are older than the retention, and readers that acknowledged nothing during it.
    ///
    /// A center that comes back later is like a new one: it is given everything that is still kept.
    public func prune(now: Instant, retention: Duration) async throws {
        let now = now.millisecondsSinceEpoch
        let limit = now - retention.wholeMilliseconds
        try await pool.write { db in
            try db.execute(sql: "DELETE FROM report WHERE at < ?", arguments: [limit])
            try db.execute(sql: "UPDATE reader SET seen = ? WHERE seen IS NULL", arguments: [now])
            try db.execute(sql: "DELETE FROM reader WHERE seen < ?", arguments: [limit])
        }
    }

    /// The cached definitions, by uid; one that cannot be read is left out, for it is read from the cluster anyway.
    public func cachedDefinitions() async throws -> [TaskDefinition] {
        let bodies = try await pool.read { db in
            try String.fetchAll(db, sql: "SELECT body FROM definition ORDER BY uid")
        }
        return bodies.compactMap { body in
            do {
                return try JSONText.decode(TaskDefinition.self, from: body)
            } catch {
                log.warning("A cached definition cannot be read", metadata: ["error": "\(error)"])
                return nil
            }
        }
    }

    /// Replaces the cached definitions that changed and removes those that are no longer wanted, all or nothing.
    public func cache(_ changed: [TaskDefinition], removing uids: [TaskUID]) async throws {
        let rows = try changed.map { (uid: $0.uid.text, body: try JSONText.encode($0)) }
        try await pool.write { db in
            for uid in uids {
                try db.execute(sql: "DELETE FROM definition WHERE uid = ?", arguments: [uid.text])
            }
            for row in rows {
                try db.execute(
                    sql: "INSERT OR REPLACE INTO definition (uid, body) VALUES (?, ?)",
                    arguments: [row.uid, row.body]
                )
            }
        }
    }

    /// The session of the predecessor; `nil` if there is none, or it was opened from another directory or machine.
    ///
    /// A directory that was copied (a cloned machine) has the session of an agent that may live: closing that would take its tasks away.
    public func predecessorSession() async throws -> SessionIdentity? {
        let row = try await pool.read { [origin] db in
            try Row.fetchOne(
                db,
                sql: "SELECT id, password FROM session WHERE origin = ?",
                arguments: [origin]
            )
            .map { (id: $0[0] as Int64, password: $0[1] as Data) }
        }
        return row.map { SessionIdentity(id: $0.id, password: Array($0.password)) }
    }

    /// Remembers the session, or that there is none.
    public func remember(_ session: SessionIdentity?) async throws {
        try await pool.write { [origin] db in
            try db.execute(sql: "DELETE FROM session")
            if let session {
                try db.execute(
                    sql: "INSERT INTO session (\"only\", id, password, origin) VALUES (1, ?, ?, ?)",
                    arguments: [session.id, Data(session.password), origin]
                )
            }
        }
    }

    /// What the agent remembers of its cluster; `nil` when it never worked in one.
    ///
    /// - Throws: What cannot be read is not taken for nothing: the agent must not work in any tree then.
    public func clusterMemory() async throws -> ClusterMemory? {
        let body = try await pool.read { db in try String.fetchOne(db, sql: "SELECT body FROM cluster") }
        return try body.map { try JSONText.decode(ClusterMemory.self, from: $0) }
    }

    /// Remembers the cluster as it was last seen.
    public func remember(cluster memory: ClusterMemory) async throws {
        let body = try JSONText.encode(memory)
        try await pool.write { db in
            try db.execute(
                sql: "INSERT OR REPLACE INTO cluster (\"only\", body) VALUES (1, ?)",
                arguments: [body]
            )
        }
    }

    /// Executes SQL on the writing connection, for tests.
    package func execute(_ sql: String) async throws {
        try await pool.writeWithoutTransaction { db in try db.execute(sql: sql) }
    }
}

extension RunReport {
    /// When what it reports happened: its age counts from there.
    fileprivate var happenedAt: Instant {
        switch phase {
        case .waiting(let at), .started(let at), .decided(let at): at
        case .ended(let result): result.endedAt
        }
    }
}
