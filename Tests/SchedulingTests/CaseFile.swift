import Foundation

/// Reads the newline-delimited JSON files beside the tests.
enum CaseFile {
    /// The rows of `Cases/name.ndjson`.
    static func rows<Row: Decodable>(_ name: String, of type: Row.Type = Row.self) throws -> [Row] {
        try lines(name).map { try JSONDecoder().decode(Row.self, from: Data($0.utf8)) }
    }

    /// The lines of `Cases/name.ndjson`.
    static func lines(_ name: String) throws -> [String] {
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Cases/\(name).ndjson")
        return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map(String.init)
    }
}
