import Foundation
import Glibc

/// The right to use a data directory, held as long as this value lives and given up by the kernel when the process dies.
public final class DirectoryLock: Sendable {
    private let file: FileHandle

    /// Creates the directory if need be (for this user only) and locks it.
    ///
    /// - Parameters:
    ///   - directory: The data directory.
    ///   - name: The lock file's name in it; it will hold this process's number.
    /// - Throws: `DataDirectoryError` that names the process which has it.
    public init(directory: String, name: String) throws(DataDirectoryError) {
        let path = directory + "/" + name
        do {
            try FileManager.default.createDirectory(
                atPath: directory,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw .unusable(path: directory, reason: error.localizedDescription)
        }
        if !FileManager.default.fileExists(atPath: path) {
            // Two processes may both get here; the lock below decides.
            _ = FileManager.default.createFile(
                atPath: path,
                contents: nil,
                attributes: [.posixPermissions: 0o600]
            )
        }
        guard let file = FileHandle(forUpdatingAtPath: path) else {
            throw .unusable(path: directory, reason: "\(path) cannot be opened for writing")
        }
        // A child process must not keep the lock alive.
        _ = fcntl(file.fileDescriptor, F_SETFD, FD_CLOEXEC)
        guard flock(file.fileDescriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw .inUse(path: directory, holder: Self.holder(in: file))
        }
        do {
            try file.truncate(atOffset: 0)
            try file.write(contentsOf: Data("\(ProcessInfo.processInfo.processIdentifier)\n".utf8))
        } catch {
            throw .unusable(path: directory, reason: "\(path) cannot be written")
        }
        self.file = file
    }

    /// Gives the directory back.
    public func release() throws {
        // Closing alone would leave the lock to a child process that has not yet closed what it inherited.
        _ = flock(file.fileDescriptor, LOCK_UN)
        try file.close()
    }

    private static func holder(in file: FileHandle) -> String {
        // Whatever keeps the file from being read, the lock is taken; then the sentence says less.
        let text = (try? file.readToEnd()).map { String(decoding: $0, as: UTF8.self) }
        let processID = text?.split(separator: "\n").first.flatMap { Int($0) }
        return processID.map { "the process \($0)" } ?? "another process"
    }
}
