import GRDB

/// The tables of the history; migrations are only ever appended.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: runs, authored reports, peers", migrate: createTables)
        migrator.registerMigration("2: authored sequences outlive a lost store", migrate: raiseSequence)
        migrator.registerMigration("3: the identity of the history", migrate: createIdentity)
        migrator.registerMigration("4: which run a run repeats", migrate: addRetries)
        return migrator
    }

    private static func createTables(_ db: Database) throws {
        try db.create(table: "run") { table in
            table.column("id", .text).notNull().unique()
            table.column("task", .text).notNull()
            table.column("runtime", .text).notNull()
            table.column("state", .text).notNull()
            table.column("due", .integer).notNull()
            // The agents of its attempts, each between two spaces.
            table.column("agents", .text).notNull()
            table.column("body", .text).notNull()
        }
        try db.create(index: "run_task_due", on: "run", columns: ["task", "due", "id"])
        try db.create(index: "run_state_due", on: "run", columns: ["state", "due", "id"])
        try db.create(index: "run_due", on: "run", columns: ["due", "id"])
        try db.create(table: "authored") { table in
            table.autoIncrementedPrimaryKey("sequence")
            table.column("due", .integer).notNull()
            table.column("body", .text).notNull()
        }
        try db.create(index: "authored_due", on: "authored", columns: ["due"])
        try db.create(table: "peer") { table in
            table.column("center", .text).notNull().primaryKey()
            table.column("fetched", .integer).notNull()
        }
    }

    /// Begins the sequence of authored reports at the present millisecond.
    ///
    /// Peers remember how far they have fetched. A store that is lost and made anew would count through numbers that they have behind
    /// them, and they would never see those reports.
    private static func raiseSequence(_ db: Database) throws {
        try db.execute(
            sql: """
                DELETE FROM sqlite_sequence WHERE name = 'authored';
                INSERT INTO sqlite_sequence (name, seq) VALUES
                    ('authored', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER));
                """
        )
    }

    private static func addRetries(_ db: Database) throws {
        try db.execute(
            sql: """
                ALTER TABLE run ADD COLUMN retryOf TEXT;
                CREATE INDEX run_retryOf ON run (retryOf, due, id) WHERE retryOf IS NOT NULL;
                """
        )
    }

    /// Draws the identity by which agents recognise the database.
    ///
    /// To one that is older than this migration they deliver once more what they still have, which changes nothing in it.
    private static func createIdentity(_ db: Database) throws {
        try db.create(table: "identity") { table in
            table.column("only", .integer).notNull().primaryKey().check { $0 == 1 }
            table.column("id", .text).notNull()
        }
        try db.execute(sql: "INSERT INTO identity (\"only\", id) VALUES (1, lower(hex(randomblob(16))))")
    }
}
