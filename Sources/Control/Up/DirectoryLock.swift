import Foundation

/// Keeps a second process from using the same data.
struct DirectoryLock: Sendable {
    private let handle: FileHandle

    /// Locks the directory; throws when another process has it.
    ///
    /// The kernel releases the lock when this process ends.
    init(_ directory: String) throws(ControlError) {
        let path = directory + "/lock"
        if !FileManager.default.fileExists(atPath: path) {
            // Whether it was made shows when it is opened.
            _ = FileManager.default.createFile(
                atPath: path,
                contents: nil,
                attributes: [.posixPermissions: 0o600]
            )
        }
        guard let handle = FileHandle(forUpdatingAtPath: path) else {
            throw ControlError("the file \(path) cannot be opened: check the directory's owner")
        }
        guard flock(handle.fileDescriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw ControlError(
                "another 'cloudtask up' uses \(directory): stop it, or give another --data",
                .conflict
            )
        }
        self.handle = handle
    }

    /// Releases the lock.
    func release() {
        try? handle.close()  // The kernel releases it at the end of the process anyway.
    }
}
