public import Center
public import DataDirectory
public import Domain
import Foundation
import GRDB
public import Logging
public import Scheduling

/// The history of runs in a SQLite database in the center's data directory.
///
/// One row per run with its attempts inside. Every write is synced to disk before it returns; concurrent writes share
/// commits. One process at a time has the directory.
public struct SQLiteRunHistory: RunHistory {
    private let lock: DirectoryLock
    private let pool: DatabasePool
    private let commits: CommitQueue
    private let log: Logger

    /// Random, drawn when the database was created.
    public let identity: Nonce?

    /// Opens the history, creating or migrating it as needed.
    ///
    /// - Parameters:
    ///   - directory: The center's data directory; created when it does not exist.
    ///   - log: Told of rows that cannot be read.
    /// - Throws: `DataDirectoryError` when another process has the directory or it cannot be used.
    public init(directory: String, log: Logger) throws(DataDirectoryError) {
        lock = try DirectoryLock(directory: directory, name: "center.lock")
        do {
            pool = try Self.open(directory + "/history.sqlite")
            // On the writing connection: a reader that is closed last would leave the write-ahead log behind.
            identity = try pool.writeWithoutTransaction { db in
                try String.fetchOne(db, sql: "SELECT id FROM identity").flatMap { Nonce($0) }
            }
        } catch {
            throw .unusable(path: directory, reason: Self.reason(of: error))
        }
        commits = CommitQueue(pool: pool)
        self.log = log
    }

    /// Closes the database and gives the directory back; nothing may be asked afterwards.
    public func close() throws {
        try pool.close()
        try lock.release()
    }

    /// Stores what the reports say, idempotently and whatever their order; on return it is on disk.
    public func record(_ reports: [RunReport]) async throws {
        for piece in pieces(of: reports) {
            try await commits.commit(HistoryChange(reports: Array(piece), origin: .agent))
        }
    }

    /// As `record`, and remembers them for the peers of this center.
    public func author(_ reports: [RunReport]) async throws {
        for piece in pieces(of: reports) {
            try await commits.commit(HistoryChange(reports: Array(piece), origin: .authored))
        }
    }

    /// Stores reports fetched from a peer together with how far they reach.
    public func record(_ reports: [AuthoredReport], from peer: CenterID) async throws {
        for piece in pieces(of: reports) {
            let sequence = piece.map(\.sequence).max() ?? 0
            let change = HistoryChange(reports: piece.map(\.report), origin: .peer(peer, through: sequence))
            try await commits.commit(change)
        }
    }

    /// Reports this center authored after `sequence`, oldest first; a row that cannot be read is left out.
    public func authored(after sequence: Int64, limit: Int) async throws -> [AuthoredReport] {
        try await pool.read { [log] db in
            let sql = "SELECT sequence, body FROM authored WHERE sequence > ? ORDER BY sequence"
            let rows = try Row.fetchCursor(db, sql: sql, arguments: [sequence])
            var reports: [AuthoredReport] = []
            while reports.count < limit, let row = try rows.next() {
                do {
                    let report = try JSONText.decode(RunReport.self, from: row[1])
                    reports.append(AuthoredReport(sequence: row[0], report: report))
                } catch {
                    // One bad row must not keep the peers from those behind it for ever.
                    log.error(
                        "An authored report cannot be read; peers do not get it",
                        metadata: ["sequence": "\(row[0] as Int64)", "error": "\(error)"]
                    )
                }
            }
            return reports
        }
    }

    /// How far the reports of `peer` have been fetched; 0 at first.
    public func fetched(from peer: CenterID) async throws -> Int64 {
        try await pool.read { db in
            try Int64.fetchOne(db, sql: "SELECT fetched FROM peer WHERE center = ?", arguments: [peer.text])
                ?? 0
        }
    }

    /// The run; `nil` when there is none.
    public func run(_ id: RunID) async throws -> Run? {
        try await pool.read { db in try RunTable.find(id, db) }
    }

    /// Runs, latest due first.
    public func runs(_ filter: RunFilter, page: String?, limit: Int) async throws -> Page<Run> {
        let position = try page.map { text throws(CenterError) in try RunPosition(parsing: text) }
        let listing = RunListing(filter, after: position, limit: max(1, limit))
        return try await pool.read { [log] db in try listing.page(db, log) }
    }

    /// The latest run of each of these tasks that has one.
    public func latestRuns(of tasks: [TaskID]) async throws -> [TaskID: Run] {
        try await pool.read { [log] db in
            var runs: [TaskID: Run] = [:]
            for task in tasks { runs[task] = try RunTable.latest(of: task, db, log) }
            return runs
        }
    }

    /// The runs that repeat a run, oldest first.
    public func retries(of run: RunID) async throws -> [RunID] {
        try await pool.read { db in
            let sql = "SELECT id FROM run WHERE retryOf = ? ORDER BY due, id LIMIT 100"
            return try String.fetchAll(db, sql: sql, arguments: [run.text]).compactMap { RunID($0) }
        }
    }

    /// Deletes what exceeds the retention; returns how many runs went.
    public func prune(_ retention: HistoryRetention, now: Instant) async throws -> Int {
        try await Pruning(pool: pool, retention: retention, now: now).run()
    }

    /// Executes SQL on the writing connection, for tests.
    package func execute(_ sql: String) async throws {
        try await pool.writeWithoutTransaction { db in try db.execute(sql: sql) }
    }

    private static func open(_ path: String) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.label = "history"
        configuration.busyMode = .timeout(5)
        let pool = try DatabasePool(path: path, configuration: configuration)
        // GRDB chooses NORMAL, which loses commits with the power; a report is acknowledged once it is on disk.
        try pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA synchronous = FULL") }
        try Schema.migrator.migrate(pool)
        return pool
    }

    private static func reason(of error: any Error) -> String {
        guard let error = error as? DatabaseError,
            [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode)
        else { return "\(error)" }
        return
            "the history is damaged (\(error.resultCode)); move history.sqlite and its -wal and -shm away and start "
            + "again: only what people look at is lost, and agents deliver the latest of it again"
    }

    /// Pieces of at most one commit each.
    private func pieces<Element>(of list: [Element]) -> [ArraySlice<Element>] {
        stride(from: 0, to: list.count, by: CommitQueue.reportsMax).map { start in
            list[start..<min(start + CommitQueue.reportsMax, list.count)]
        }
    }
}
