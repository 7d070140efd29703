import GRDB

/// The tables of the agent's state; migrations are only ever appended.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: spool, centers, definitions, session", migrate: createTables)
        migrator.registerMigration("2: memory of the cluster, origin of the session", migrate: addMemory)
        migrator.registerMigration("3: readers instead of centers", migrate: createReaders)
        return migrator
    }

    private static func createTables(_ db: Database) throws {
        try db.create(table: "report") { table in
            // Autoincrement: a sequence is never used again, also after the last rows were deleted.
            table.autoIncrementedPrimaryKey("sequence")
            // When it happened, in milliseconds since 1970.
            table.column("at", .integer).notNull()
            table.column("body", .text).notNull()
        }
        try db.create(index: "report_at", on: "report", columns: ["at"])
        try db.create(table: "center") { table in
            table.column("name", .text).notNull().primaryKey()
            table.column("acknowledged", .integer).notNull()
            // When it was last seen to have acknowledged something; NULL: since the last pruning.
            table.column("seen", .integer)
        }
        try db.create(table: "definition") { table in
            table.column("uid", .text).notNull().primaryKey()
            table.column("body", .text).notNull()
        }
        try db.create(table: "session") { table in
            table.column("only", .integer).notNull().primaryKey().check { $0 == 1 }
            table.column("id", .integer).notNull()
            table.column("password", .blob).notNull()
        }
    }

    /// One row of what is remembered of the cluster, and where the session of the session row was opened.
    private static func addMemory(_ db: Database) throws {
        try db.create(table: "cluster") { table in
            table.column("only", .integer).notNull().primaryKey().check { $0 == 1 }
            table.column("body", .text).notNull()
        }
        try db.alter(table: "session") { table in table.add(column: "origin", .text) }
    }

    /// Tells the histories of one center apart; what is known by the center's name alone has an empty history.
    private static func createReaders(_ db: Database) throws {
        try db.create(table: "reader") { table in
            table.column("center", .text).notNull()
            table.column("history", .text).notNull()
            table.column("acknowledged", .integer).notNull()
            // Reports before this one are still to be delivered although later ones are acknowledged; 0 for none.
            table.column("backlog", .integer).notNull()
            // When it was last seen to have acknowledged something; NULL: since the last pruning.
            table.column("seen", .integer)
            table.primaryKey(["center", "history"])
        }
        try db.execute(sql: "INSERT INTO reader SELECT name, '', acknowledged, 0, seen FROM center")
        try db.drop(table: "center")
    }
}
