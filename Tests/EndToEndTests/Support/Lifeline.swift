import Foundation

/// Ties a process to this one: should the tests crash, nothing they started lives on.
///
/// A small shell leaves a watcher that kills the process when its standard input closes, which happens when this process
/// ends, however it ends, and then becomes the process: the process ID stays.
final class Lifeline: Sendable {
    /// The watcher closes what it inherits: Foundation takes a process for running as long as anybody has its descriptors.
    private static let script = """
        exec 3<&0
        (
          for file in /proc/$BASHPID/fd/*; do
            number=${file##*/}
            if [ "$number" -gt 3 ]; then eval "exec $number>&-"; fi
          done
          read -r _ <&3
          grep -aqF "$0" /proc/$$/cmdline && kill -9 $$
        ) >/dev/null 2>&1 &
        exec "$@" </dev/null 3<&-
        """

    private let input = Pipe()

    /// Makes a process that is yet to be run start `words`, by one of which it is recognised as long as it lives.
    func attach(_ process: Process, _ words: [String], mark: String = Binary.path) {
        precondition(words.contains(mark), "nothing would tell the process from another with its ID")
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = ["-c", Self.script, mark] + words
        process.standardInput = input
    }

    /// Lets the watcher go, after the process has ended.
    func release() { try? input.fileHandleForWriting.close() }
}

extension Process {
    /// Runs it with its output in files, which are closed here as soon as it has them: Foundation would keep them open for ever, and
    /// crashes when there are a thousand.
    func run(output: URL, errors: URL) throws {
        let files = [try FileHandle(forWritingTo: output), try FileHandle(forWritingTo: errors)]
        defer { for file in files { try? file.close() } }
        standardOutput = files[0]
        standardError = files[1]
        try run()
    }
}

/// Runs a program with all its arguments for the length of `body`; `mark` is one of the words.
func withCommand(
    _ words: [String],
    mark: String = Binary.path,
    in folder: TemporaryFolder,
    body: () async throws -> Void
) async throws {
    let (process, lifeline, log) = (Process(), Lifeline(), folder.file("command.log"))
    try Data().write(to: log)
    lifeline.attach(process, words, mark: mark)
    try process.run(output: log, errors: log)
    defer {
        kill(process.processIdentifier, SIGKILL)
        lifeline.release()
    }
    try await body()
}
