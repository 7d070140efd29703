import Foundation
import Scheduling

/// What tasks of a test write down about themselves: one line for each start.
///
/// `task run due attempt node startMilliseconds`; a line shorter than a pipe's atomic write is never torn.
struct Marks: Sendable {
    struct Mark: Hashable, Sendable {
        var task: String
        var run: String
        var due: Instant
        var attempt: Int
        var node: String
        var start: Instant

        var lateness: Duration { start - due }
    }

    let file: URL

    init(in folder: TemporaryFolder, name: String = "marks") throws {
        file = folder.file(name)
        try Data().write(to: file)
    }

    /// A script that writes the line, then goes on with `rest`.
    func script(then rest: String = "") -> String {
        line(suffix: "") + (rest.isEmpty ? "" : "\n" + rest)
    }

    /// A script that writes that the attempt ends.
    var scriptOfEnd: String { line(suffix: " end") }

    private func line(suffix: String) -> String {
        let identity = "$CLOUDTASK_TASK $CLOUDTASK_RUN $CLOUDTASK_DUE $CLOUDTASK_ATTEMPT $CLOUDTASK_NODE"
        return "echo \"\(identity) $(date +%s%3N)\(suffix)\" >> \(file.path)"
    }

    func all() throws -> [Mark] {
        try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap { line in
            let pieces = line.split(separator: " ").map(String.init)
            guard pieces.count == 6, let due = Instant(rfc3339: pieces[2]), let attempt = Int(pieces[3]),
                let start = Int64(pieces[5])
            else { return nil }
            return Mark(
                task: pieces[0],
                run: pieces[1],
                due: due,
                attempt: attempt,
                node: pieces[4],
                start: Instant(millisecondsSinceEpoch: start)
            )
        }
    }
}

/// A task document that runs a script at fixed intervals.
func taskDocument(_ name: String, every: String, script: String, extra: String = "") -> String {
    let indented = script.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
    return
        "kind: Task\nname: \(name)\nschedules: [{every: \(every)}]\nscript: |\n\(indented)\n\(extra)\n---\n"
}

extension Instant {
    /// The wall clock, which end-to-end tests share with the processes they start.
    static var now: Instant { Instant(Date()) }
}
