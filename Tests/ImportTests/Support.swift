import Domain
import Foundation
import Import
import Scheduling

/// Reads the newline-delimited JSON files beside the tests.
enum CaseFile {
    static func rows<Row: Decodable>(_ name: String, of type: Row.Type = Row.self) throws -> [Row] {
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Cases/\(name).ndjson")
        return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map {
            try JSONDecoder().decode(Row.self, from: Data($0.utf8))
        }
    }
}

func imported(
    _ text: String,
    _ format: ForeignFormat,
    file: String = "crontab",
    options: ImportOptions = ImportOptions()
) -> ImportOutcome {
    Importer.tasks(from: [ImportSource(file: file, text: text)], as: format, options: options)
}

extension ImportOutcome {
    /// What was not carried over, in short.
    var notes: [String] { remarks.map { "\($0.line) \($0.kind.rawValue) \($0.what)" } }
}

extension TaskSpecification {
    var command: [String] { if case .command(let words) = action { words } else { [] } }
    var script: String? { if case .script(let text, _) = action { text } else { nil } }

    /// The texts of its cron schedules.
    var crons: [String] {
        schedules.compactMap { if case .cron(let cron) = $0.timing { cron.expression.text } else { nil } }
    }

    var cronOptions: CronOptions? {
        schedules.compactMap { if case .cron(let cron) = $0.timing { cron.expression.options } else { nil } }
            .first
    }
}

extension Instant {
    /// The second that an RFC 3339 time with any fraction lies in.
    init?(second text: String) {
        self.init(rfc3339: text.replacing(/\.[0-9]+/, with: ""))
    }
}
