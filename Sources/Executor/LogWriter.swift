import Agent
import Domain
import Glibc
import Scheduling

/// Opens the log files of attempts that start; remembers the folder of the last one, for most starts share it.
struct LogWriter {
    private let files: LogFiles
    private var folder = ""
    private var directory: Int32 = -1

    init(files: LogFiles) { self.files = files }

    /// Opens both log files of an attempt, to be closed by the caller.
    mutating func open(
        _ attempt: AttemptID,
        due: Instant
    ) throws(ExecutorError) -> (output: Int32, error: Int32) {
        let folder = LogFiles.folder(of: due)
        try enter(folder)
        do throws(ExecutorError) {
            return try openBoth(attempt)
        } catch {
            // The folder may have been removed as a whole, with its day, since it was entered.
            guard error.code == ENOENT else { throw error }
            close()
            try enter(folder)
            return try openBoth(attempt)
        }
    }

    /// Where an attempt's standard output goes.
    func path(of attempt: AttemptID, due: Instant) -> String { files.path(of: attempt, due: due, .out) }

    /// Closes the folder.
    mutating func close() {
        if directory >= 0 { Glibc.close(directory) }
        directory = -1
        folder = ""
    }

    private func openBoth(_ attempt: AttemptID) throws(ExecutorError) -> (output: Int32, error: Int32) {
        let output = try open(LogFiles.name(of: attempt, .out))
        do throws(ExecutorError) {
            return (output, try open(LogFiles.name(of: attempt, .err)))
        } catch {
            Glibc.close(output)
            throw error
        }
    }

    private func open(_ name: String) throws(ExecutorError) -> Int32 {
        try Descriptor.open(name, in: directory, O_WRONLY | O_CREAT | O_APPEND)
    }

    private mutating func enter(_ folder: String) throws(ExecutorError) {
        if folder == self.folder { return }
        close()
        let path = files.root + "/" + folder
        try Descriptor.makeDirectory(path)
        directory = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
        self.folder = folder
    }
}
