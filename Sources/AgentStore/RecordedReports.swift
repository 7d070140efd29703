public import DataDirectory
public import Domain
import Foundation
import GRDB

/// What an agent recorded, read from its data directory without disturbing the agent, should it run.
public enum RecordedReports {
    /// Reads all reports that the directory still holds, oldest first.
    ///
    /// - Parameter directory: The agent's data directory.
    /// - Returns: The reports.
    /// - Throws: `DataDirectoryError` when it is no data directory of an agent, or cannot be read.
    public static func all(in directory: String) async throws(DataDirectoryError) -> [RunReport] {
        let path = directory + "/agent.sqlite"
        guard FileManager.default.fileExists(atPath: path) else {
            throw .unusable(
                path: directory,
                reason: "it is not the data directory of an agent: it has no agent.sqlite"
            )
        }
        do {
            var configuration = Configuration()
            configuration.label = "records"
            configuration.readonly = true
            configuration.busyMode = .timeout(5)
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            let bodies = try await queue.read { db in
                try String.fetchAll(db, sql: "SELECT body FROM report ORDER BY sequence")
            }
            try queue.close()
            return try bodies.map { try JSONText.decode(RunReport.self, from: $0) }
        } catch {
            throw .unusable(path: directory, reason: "\(error)")
        }
    }
}
