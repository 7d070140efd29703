public import Center
public import Domain
import Foundation

/// What a center remembers of its cluster, as `cluster.json` in its data directory.
///
/// Beside the history and not in it: a history that is damaged may be thrown away, this must not be with it.
/// The directory is the center's own; its lock is held by the history.
public struct ClusterMemoryFile: ClusterMemoryStore {
    private let path: String

    /// Uses `cluster.json` in a directory that exists.
    public init(directory: String) { path = directory + "/cluster.json" }

    /// What is remembered; `nil` when there is no file.
    ///
    /// - Throws: `UnreadableMemory` that names the file.
    public func recall() async throws -> ClusterMemory? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            return try JSONDecoder().decode(ClusterMemory.self, from: data)
        } catch {
            throw UnreadableMemory(path: path, reason: "\(error)")
        }
    }

    /// Replaces the file; on return the new one is on disk.
    public func remember(_ memory: ClusterMemory) async throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let file = URL(fileURLWithPath: path)
        try encoder.encode(memory).write(to: file, options: .atomic)
        // Should the power go before this has returned, the file may be cut short, which `recall` does not take for nothing.
        let handle = try FileHandle(forUpdating: file)
        try handle.synchronize()
        try handle.close()
    }
}

/// What a center remembers of its cluster cannot be read.
public struct UnreadableMemory: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file.
    public var path: String
    /// What is wrong with it.
    public var reason: String

    /// What happened and what to do.
    public var description: String {
        "\(path) cannot be read, so the center does not know which cluster it belongs to: restore the file, or remove "
            + "it if ZooKeeper holds the right cluster (\(reason))"
    }
}
