import Center
import Domain
import Foundation
import GRDB
import Scheduling

/// Reports to be stored, and what is to be remembered with them in the same commit.
struct HistoryChange: Sendable {
    /// Where the reports come from.
    enum Origin: Sendable {
        /// An agent; nothing else is remembered.
        case agent
        /// This center itself: its peers will ask for them.
        case authored
        /// A peer, up to this sequence.
        case peer(CenterID, through: Int64)
    }

    var reports: [RunReport]
    var origin: Origin

    /// Writes the change inside a transaction.
    func write(_ db: Database) throws {
        try RunTable.apply(reports, db)
        switch origin {
        case .agent: break
        case .authored: try writeAuthored(db)
        case .peer(let center, let sequence): try Self.writePosition(sequence, of: center, db)
        }
    }

    private func writeAuthored(_ db: Database) throws {
        let statement = try db.cachedStatement(sql: "INSERT INTO authored (due, body) VALUES (?, ?)")
        for report in reports {
            let body = try JSONText.encode(report)
            try statement.execute(arguments: [report.fire.due.millisecondsSinceEpoch, body])
        }
    }

    private static func writePosition(_ sequence: Int64, of center: CenterID, _ db: Database) throws {
        let sql = """
            INSERT INTO peer (center, fetched) VALUES (?, ?)
            ON CONFLICT (center) DO UPDATE SET fetched = max(fetched, excluded.fetched)
            """
        try db.cachedStatement(sql: sql).execute(arguments: [center.text, sequence])
    }
}

/// The JSON inside the rows; coders are shared, because a commit has a thousand rows.
enum JSONText {
    private static let encoder = JSONEncoder()
    private static let decoder = JSONDecoder()

    static func encode(_ value: some Encodable) throws -> String {
        String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func decode<Value: Decodable>(_ type: Value.Type, from text: String) throws -> Value {
        try decoder.decode(type, from: Data(text.utf8))
    }
}
