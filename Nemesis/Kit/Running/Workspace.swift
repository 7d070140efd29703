public import Foundation

/// The directory of one run, all of which is kept except the copied program.
public struct Workspace: Sendable {
    /// The directory.
    public let folder: URL
    /// Whether the processes' data directories are small disks of their own.
    public let hasDisks: Bool

    /// Room for one process's data, in bytes: several times what a run needs.
    private static let diskBytes = 48 * 1_024 * 1_024

    /// Creates the directory.
    ///
    /// - Parameters:
    ///   - path: Where; it must not hold anything yet.
    ///   - hasDisks: Whether this process may mount, and nobody else sees it.
    /// - Throws: `NemesisError` when something is there already.
    public init(path: String, hasDisks: Bool) throws {
        folder = URL(fileURLWithPath: path)
        self.hasDisks = hasDisks
        let content = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        guard content.isEmpty else {
            throw NemesisError("\(path) is not empty: give another --directory")
        }
        for name in ["logs", "data", "faults"] {
            try FileManager.default.createDirectory(
                at: folder.appending(path: name),
                withIntermediateDirectories: true
            )
        }
    }

    /// A file of the run.
    public func file(_ name: String) -> String { folder.appending(path: name).path }

    /// Where a process keeps its data.
    public func data(_ process: String) -> String { file("data/\(process)") }

    /// The log of a process.
    public func log(_ process: String) -> String { file("logs/\(process).log") }

    /// Makes the data directory of a process, on a disk of its own if possible.
    func makeDataDirectory(_ process: String) async throws {
        try FileManager.default.createDirectory(
            atPath: data(process),
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        guard hasDisks else { return }
        let options = "size=\(Self.diskBytes),mode=0700"
        try await Tool.succeed(
            ["mount", "-t", "tmpfs", "-o", options, "none", data(process)],
            in: folder
        )
    }

    /// Keeps the data of the processes beyond the life of their disks.
    func keepData(of processes: [String]) async throws {
        guard hasDisks else { return }
        for process in processes {
            // Last: a copy that fails leaves all the evidence there was.
            _ = try await Tool.run(["cp", "-a", data(process), file("kept-\(process)")], in: folder)
        }
    }
}
