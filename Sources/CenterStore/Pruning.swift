import Center
import GRDB
import Scheduling

/// Deletes what exceeds a retention, oldest first, in short transactions so that reports are stored in between.
struct Pruning {
    /// Rows of one transaction: about 10 ms.
    static let batchMax = 1_000

    let pool: DatabasePool
    let retention: HistoryRetention
    let now: Instant

    /// Deletes it all; returns how many runs went.
    func run() async throws -> Int {
        var count = try await pruneByAge()
        count += try await pruneByCount()
        count += try await prunePerTask()
        return count
    }

    private func pruneByAge() async throws -> Int {
        let limit = (now - retention.age).millisecondsSinceEpoch
        _ = try await delete(
            "DELETE FROM authored WHERE sequence IN (SELECT sequence FROM authored WHERE due < ? LIMIT ?)",
            [limit]
        )
        return try await delete(
            "DELETE FROM run WHERE rowid IN (SELECT rowid FROM run WHERE due < ? ORDER BY due LIMIT ?)",
            [limit]
        )
    }

    private func pruneByCount() async throws -> Int {
        let count = try await pool.read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM run") ?? 0 }
        return try await delete(
            "DELETE FROM run WHERE rowid IN (SELECT rowid FROM run ORDER BY due, id LIMIT ?)",
            [],
            atMost: count - retention.countMax
        )
    }

    private func prunePerTask() async throws -> Int {
        let countMax = retention.countPerTaskMax
        let tasks = try await pool.read { db in
            try Row.fetchAll(
                db,
                sql: "SELECT task, count(*) FROM run GROUP BY task HAVING count(*) > ? ORDER BY task",
                arguments: [countMax]
            ).map { row in (task: row[0] as String, count: row[1] as Int) }
        }
        var count = 0
        for (task, rows) in tasks {
            count += try await delete(
                "DELETE FROM run WHERE rowid IN (SELECT rowid FROM run WHERE task = ? ORDER BY due, id LIMIT ?)",
                [task],
                atMost: rows - countMax
            )
        }
        return count
    }

    /// Repeats the statement, whose last argument is a number of rows, until it finds no more or `rowsMax` are gone.
    private func delete(
        _ sql: String,
        _ arguments: [any DatabaseValueConvertible & Sendable],
        atMost rowsMax: Int = .max
    ) async throws -> Int {
        var count = 0
        while count < rowsMax {
            let batch = min(Self.batchMax, rowsMax - count)
            let deleted = try await pool.write { db in
                try db.execute(sql: sql, arguments: StatementArguments(arguments + [batch]))
                return db.changesCount
            }
            count += deleted
            if deleted < batch { break }
        }
        return count
    }
}
