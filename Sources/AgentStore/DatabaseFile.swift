import Foundation
import GRDB
import Logging

/// The database file of a data directory.
///
/// Only its user may read it, for it holds the session's password. One that is damaged is moved aside, because an agent
/// that does not start is worse than one that has forgotten its spool: what scheduling depends on is not in it.
struct DatabaseFile {
    let path: String
    let log: Logger

    /// Opens the database, making or migrating it as needed.
    func open() throws -> DatabasePool {
        do {
            return try openAsItIs()
        } catch let error as DatabaseError where Self.isDamage(error) {
            let kept = try moveAside()
            log.error(
                "The agent's database is damaged; a new one was begun",
                metadata: ["path": "\(path)", "kept": "\(kept)", "error": "\(error)"]
            )
            return try openAsItIs()
        }
    }

    private func openAsItIs() throws -> DatabasePool {
        try makePrivate()
        var configuration = Configuration()
        configuration.label = "agent"
        configuration.busyMode = .timeout(5)
        let pool = try DatabasePool(path: path, configuration: configuration)
        // GRDB chooses NORMAL, which loses commits with the power; what was appended must be on disk.
        try pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA synchronous = FULL") }
        try Schema.migrator.migrate(pool)
        try probe(pool)
        return pool
    }

    /// SQLite gives the files beside the database the same permissions.
    private func makePrivate() throws {
        let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
        if FileManager.default.fileExists(atPath: path) {
            try FileManager.default.setAttributes(attributes, ofItemAtPath: path)
        } else if !FileManager.default.createFile(atPath: path, contents: nil, attributes: attributes) {
            throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: path])
        }
    }

    /// Touches every table.
    ///
    /// A full check would read a week of reports at each start; damage elsewhere is found in use.
    private func probe(_ pool: DatabasePool) throws {
        try pool.read { db in
            for table in ["report", "reader", "definition", "session", "cluster"] {
                _ = try Row.fetchOne(db, sql: "SELECT * FROM \(table) ORDER BY rowid DESC LIMIT 1")
            }
        }
    }

    private func moveAside() throws -> String {
        let manager = FileManager.default
        var number = 1
        while manager.fileExists(atPath: "\(path).damaged-\(number)") { number += 1 }
        let kept = "\(path).damaged-\(number)"
        for suffix in ["", "-wal", "-shm"] where manager.fileExists(atPath: path + suffix) {
            try manager.moveItem(atPath: path + suffix, toPath: kept + suffix)
        }
        return kept
    }

    private static func isDamage(_ error: DatabaseError) -> Bool {
        [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode)
    }
}
