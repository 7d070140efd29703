import Center
import Domain
import GRDB
import Logging
import Scheduling

/// One row per run: the record as JSON, and beside it what rows are found by.
enum RunTable {
    /// Merges the reports into their runs, whatever their order, and writes the runs that changed.
    static func apply(_ reports: [RunReport], _ db: Database) throws {
        var runs: [RunID: (stored: Run?, merged: Run)] = [:]
        var order: [RunID] = []
        for report in reports {
            let id = report.fire.attempt.run
            if runs[id] != nil {
                runs[id]?.merged.apply(report)
            } else if let stored = try findReadable(id, db) {
                var merged = stored
                merged.apply(report)
                runs[id] = (stored, merged)
                order.append(id)
            } else {
                runs[id] = (nil, Run(report))
                order.append(id)
            }
        }
        for id in order {
            guard let run = runs[id], run.stored != run.merged else { continue }
            try write(run.merged, db)
        }
    }

    static func find(_ id: RunID, _ db: Database) throws -> Run? {
        let statement = try db.cachedStatement(sql: "SELECT body FROM run WHERE id = ?")
        return try String.fetchOne(statement, arguments: [id.text]).map {
            try JSONText.decode(Run.self, from: $0)
        }
    }

    /// The stored record, unless another version of the program left one that this one cannot read.
    ///
    /// Such a record is written anew from the reports: refusing them for ever would hold up everything behind them.
    private static func findReadable(_ id: RunID, _ db: Database) throws -> Run? {
        do {
            return try find(id, db)
        } catch is DecodingError {
            return nil
        }
    }

    /// The task's latest run; `nil` when there is none or its record cannot be read.
    static func latest(of task: TaskID, _ db: Database, _ log: Logger) throws -> Run? {
        let statement = try db.cachedStatement(
            sql: "SELECT id, body FROM run WHERE task = ? ORDER BY due DESC, id DESC LIMIT 1"
        )
        return try Row.fetchOne(statement, arguments: [task.text]).flatMap { row in
            readable(id: row[0], body: row[1], log)
        }
    }

    /// The run in a row of a list; one that cannot be read is told to the log, so that the list goes on without it.
    static func readable(id: String, body: String, _ log: Logger) -> Run? {
        do {
            return try JSONText.decode(Run.self, from: body)
        } catch {
            log.error(
                "A run in the history cannot be read; it is left out",
                metadata: ["run.id": "\(id)", "error": "\(error)"]
            )
            return nil
        }
    }

    private static func write(_ run: Run, _ db: Database) throws {
        let sql = """
            INSERT INTO run (id, task, runtime, state, due, agents, body, retryOf) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET state = excluded.state, agents = excluded.agents, body = excluded.body,
                retryOf = excluded.retryOf
            """
        let agents = Set(run.attempts.map(\.agent)).sorted().map { " \($0) " }.joined()
        try db.cachedStatement(sql: sql).execute(arguments: [
            run.id.text, run.task.text, run.runtime.text, run.state.rawValue, run.due.millisecondsSinceEpoch,
            agents,
            try JSONText.encode(run), run.terms?.retryOf?.text,
        ])
    }
}
