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
          grep -aqF "$1" /proc/$$/cmdline && kill -9 $$
        ) >/dev/null 2>&1 &
        exec "$@" </dev/null 3<&-
        """

    private let input = Pipe()

    /// Makes a process that is yet to be run start `words`.
    func attach(_ process: Process, _ words: [String]) {
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = ["-c", Self.script, "lifeline"] + words
        process.standardInput = input
    }

    /// Lets the watcher go, after the process has ended.
    func release() { try? input.fileHandleForWriting.close() }
}
