import GRDB

/// A report as it goes into the spool.
struct SpoolRow: Sendable {
    var at: Int64
    var body: String
}

/// Lets concurrent callers share commits: while one commit is written, the reports of others gather for the next.
///
/// One caller at a time leads: it writes what has gathered, its own reports first, tells the others, and hands the lead
/// to the first of those that gathered meanwhile. No task outlives its caller; every caller waits, so their number is the
/// queue's bound.
actor SpoolCommits {
    /// Most reports of one commit: beyond, waiting for it costs more than another sync of the disk.
    private static let reportsMax = 1_000

    private struct Waiter {
        var rows: [SpoolRow]
        var continuation: CheckedContinuation<Turn, Never>
    }

    /// What a caller that waited is told.
    private enum Turn: Sendable {
        case ended(Result<Int64, any Error>)
        case lead
    }

    private let pool: DatabasePool
    private var waiters: [Waiter] = []
    private var isLed = false

    init(pool: DatabasePool) { self.pool = pool }

    /// Appends the rows; on return they are on disk.
    ///
    /// Returns the sequence of the last one.
    func append(_ rows: [SpoolRow]) async throws -> Int64 {
        if isLed {
            let turn = await withCheckedContinuation { continuation in
                waiters.append(Waiter(rows: rows, continuation: continuation))
            }
            if case .ended(let result) = turn { return try result.get() }
        }
        isLed = true
        let others = takeFollowers(of: rows)
        let result = await write([rows] + others.map(\.rows))
        for (index, waiter) in others.enumerated() {
            waiter.continuation.resume(returning: .ended(result.map { $0[index + 1] }))
        }
        passLead()
        return try result.get()[0]
    }

    private func takeFollowers(of rows: [SpoolRow]) -> [Waiter] {
        var room = Self.reportsMax - rows.count
        let taken = waiters.prefix { waiter in
            room -= waiter.rows.count
            return room >= 0
        }
        waiters.removeFirst(taken.count)
        return Array(taken)
    }

    /// The first waiter leads next.
    ///
    /// `isLed` stays true in between, so that nobody overtakes it.
    private func passLead() {
        if waiters.isEmpty {
            isLed = false
        } else {
            waiters.removeFirst().continuation.resume(returning: .lead)
        }
    }

    /// Writes all in one transaction, to its end even when the caller's task is cancelled: others wait for it.
    private func write(_ batches: [[SpoolRow]]) async -> Result<[Int64], any Error> {
        await withCheckedContinuation { continuation in
            pool.asyncWrite(
                { db in try batches.map { try Self.insert($0, db) } },
                completion: { _, result in continuation.resume(returning: result) }
            )
        }
    }

    private static func insert(_ rows: [SpoolRow], _ db: Database) throws -> Int64 {
        let statement = try db.cachedStatement(sql: "INSERT INTO report (at, body) VALUES (?, ?)")
        for row in rows { try statement.execute(arguments: [row.at, row.body]) }
        if !rows.isEmpty { return db.lastInsertedRowID }
        return try Int64.fetchOne(db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'report'") ?? 0
    }
}
