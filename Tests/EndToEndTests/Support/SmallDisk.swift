import Foundation
import Testing

/// A disk of two megabytes under the data directory of one process, in a mount namespace of its own: it is gone with the process.
struct SmallDisk: Sendable {
    let path: String

    /// The words that start a program with the disk mounted.
    ///
    /// Who is not root makes a namespace of users first, in which mounting is allowed.
    var launcher: [String] {
        let script = "mount -t tmpfs -o size=2m none '\(path)' && exec \"$@\""
        let users = geteuid() == 0 ? [] : ["--user", "--map-root-user"]
        return ["/usr/bin/unshare", "--mount"] + users + ["/bin/sh", "-c", script, "sh"]
    }

    init(_ name: String, in folder: TemporaryFolder) throws {
        path = folder.file(name).path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// Fills what is free, as seen by the process.
    func fill(of process: LoneProcess) throws {
        let file = filler(of: process)
        try Data().write(to: file)
        let handle = try FileHandle(forWritingTo: file)
        defer { try? handle.close() }
        for size in [65_536, 4_096, 64] {
            while (try? handle.write(contentsOf: Data(repeating: 0, count: size))) != nil {}
        }
    }

    /// Gives the space back.
    func free(of process: LoneProcess) throws { try FileManager.default.removeItem(at: filler(of: process)) }

    private func filler(of process: LoneProcess) -> URL {
        URL(filePath: "/proc/\(process.processID)/root\(path)/filler")
    }
}
