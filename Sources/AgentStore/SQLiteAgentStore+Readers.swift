public import Agent
import Domain
import GRDB
import Logging

/// Whom the spool is read by, and how far each of them is.
extension SQLiteAgentStore {
    /// Begins to count for a reader: what is in the spool by now is its backlog.
    public func meet(_ reader: ReportReader) async throws {
        try await pool.write { db in
            try db.execute(
                sql: """
                    INSERT INTO reader (center, history, acknowledged, backlog, seen)
                    SELECT ?, ?, last, last + 1, NULL
                    FROM (SELECT IFNULL((SELECT seq FROM sqlite_sequence WHERE name = 'report'), 0) AS last)
                    WHERE true
                    ON CONFLICT (center, history) DO NOTHING
                    """,
                arguments: [reader.center.text, reader.historyText]
            )
        }
    }

    /// The next reports that the reader has not acknowledged, oldest first; a row that cannot be read is left out.
    public func pending(for reader: ReportReader, limit: Int) async throws -> [SpooledReport] {
        try await reports(
            """
            SELECT sequence, body FROM report
            WHERE sequence > IFNULL((SELECT acknowledged FROM reader WHERE center = ? AND history = ?), 0)
            ORDER BY sequence
            """,
            reader,
            limit: limit
        )
    }

    /// Remembers that the reader has stored every report up to `sequence`; never goes back.
    public func acknowledge(_ reader: ReportReader, through sequence: Int64) async throws {
        try await pool.write { db in
            try db.execute(
                sql: """
                    INSERT INTO reader (center, history, acknowledged, backlog, seen) VALUES (?, ?, ?, 0, NULL)
                    ON CONFLICT (center, history) DO UPDATE
                    SET acknowledged = MAX(acknowledged, excluded.acknowledged), seen = NULL
                    """,
                arguments: [reader.center.text, reader.historyText, sequence]
            )
        }
    }

    /// The next reports of the reader's backlog, newest first; a row that cannot be read is left out.
    public func backlog(for reader: ReportReader, limit: Int) async throws -> [SpooledReport] {
        try await reports(
            """
            SELECT sequence, body FROM report
            WHERE sequence < IFNULL((SELECT backlog FROM reader WHERE center = ? AND history = ?), 0)
            ORDER BY sequence DESC
            """,
            reader,
            limit: limit
        )
    }

    /// Remembers that the reader has stored its backlog from `sequence` on; never goes back.
    public func acknowledgeBacklog(_ reader: ReportReader, downTo sequence: Int64) async throws {
        try await pool.write { db in
            try db.execute(
                sql: """
                    UPDATE reader SET backlog = MIN(backlog, ?), seen = NULL WHERE center = ? AND history = ?
                    """,
                arguments: [sequence, reader.center.text, reader.historyText]
            )
        }
    }

    private func reports(_ sql: String, _ reader: ReportReader, limit: Int) async throws -> [SpooledReport] {
        try await pool.read { [log] db in
            let rows = try Row.fetchCursor(
                db,
                sql: sql,
                arguments: [reader.center.text, reader.historyText]
            )
            var reports: [SpooledReport] = []
            while reports.count < limit, let row = try rows.next() {
                do {
                    let report = try JSONText.decode(RunReport.self, from: row[1])
                    reports.append(SpooledReport(sequence: row[0], report: report))
                } catch {
                    // One bad row must not hold up those behind it for ever.
                    log.error(
                        "A report in the spool cannot be read; it is not delivered",
                        metadata: ["sequence": "\(row[0] as Int64)", "error": "\(error)"]
                    )
                }
            }
            return reports
        }
    }
}

extension ReportReader {
    /// The history as it is stored: a key cannot have a NULL.
    fileprivate var historyText: String { history?.text ?? "" }
}
