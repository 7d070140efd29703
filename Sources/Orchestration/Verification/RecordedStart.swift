public import Domain
public import Scheduling

/// A process start as the task itself recorded it, independent of everything that CloudTask believes.
public struct RecordedStart: Hashable, Sendable, Codable {
    /// The task's name.
    public var task: TaskID
    /// The run.
    public var run: RunID
    /// The due instant the process was told.
    public var due: Instant
    /// The attempt the process was told, from 1.
    public var attempt: Int
    /// The agent the process was told.
    public var node: AgentID
    /// When it started, by the clock of its machine.
    public var startedAt: Instant
    /// When it said it was done; `nil` if it never did.
    public var endedAt: Instant?

    /// Creates a start.
    public init(
        task: TaskID,
        run: RunID,
        due: Instant,
        attempt: Int,
        node: AgentID,
        startedAt: Instant,
        endedAt: Instant? = nil
    ) {
        self.task = task
        self.run = run
        self.due = due
        self.attempt = attempt
        self.node = node
        self.startedAt = startedAt
        self.endedAt = endedAt
    }
}

/// The file that tasks append to: a line when an attempt starts and another when it ends.
///
/// A line is `task run due attempt node epochMilliseconds`, separated by single spaces; the line of an end has ` end` appended. In a shell:
///
///     mark() { echo "$CLOUDTASK_TASK $CLOUDTASK_RUN $CLOUDTASK_DUE $CLOUDTASK_ATTEMPT $CLOUDTASK_NODE $(date +%s%3N)${1-}" >>"$FILE"; }
///     mark; work; mark " end"
///
/// Lines of this length reach the file whole, also when many processes append to it.
public struct RecordedStarts: Hashable, Sendable {
    /// The starts in the order of their lines.
    public private(set) var starts: [RecordedStart] = []
    /// Lines that are none of ours, and ends without a start; they may hide a second start, so none is harmless.
    public private(set) var unreadableLines: [String] = []

    /// Reads the text of one or more such files, one after the other.
    public init(parsing text: String) {
        var openStarts: [String: [Int]] = [:]
        for line in text.split(separator: "\n") {
            guard let record = Line(line) else {
                unreadableLines.append(String(line))
                continue
            }
            if !record.isEnd {
                openStarts[record.identity, default: []].append(starts.count)
                starts.append(record.start)
            } else if let index = openStarts[record.identity]?.popLast() {
                starts[index].endedAt = record.start.startedAt
            } else {
                unreadableLines.append(String(line))
            }
        }
    }

    /// What was marked when histories were about to be read, and what `later` adds of runs that are over by these histories.
    ///
    /// Runs may begin and end while histories are read. Marks from before know nothing of those; marks from afterwards alone would tell of starts
    /// that no history has yet.
    public func completed(by later: RecordedStarts, ofRunsThatAreOver runs: Set<RunID>) -> RecordedStarts {
        let known = Set(starts.map(Mark.init))
        var completed = later
        completed.starts = later.starts.filter { known.contains(Mark($0)) || runs.contains($0.run) }
        return completed
    }

    /// What stays the same of a start when its end is marked.
    private struct Mark: Hashable {
        var run: RunID
        var attempt: Int
        var node: AgentID
        var startedAt: Instant

        init(_ start: RecordedStart) {
            (run, attempt, node, startedAt) = (start.run, start.attempt, start.node, start.startedAt)
        }
    }

    private struct Line {
        var start: RecordedStart
        var isEnd: Bool
        /// What a start and its end have in common.
        var identity: String

        init?(_ line: Substring) {
            let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
            guard words.count == 6 || (words.count == 7 && words[6] == "end"),
                let task = TaskID(words[0]), let run = RunID(words[1]), let due = Instant(rfc3339: words[2]),
                let attempt = Int(words[3]), attempt >= 1, let node = AgentID(words[4]),
                let time = Int64(words[5])
            else { return nil }
            start = RecordedStart(
                task: task,
                run: run,
                due: due,
                attempt: attempt,
                node: node,
                startedAt: Instant(millisecondsSinceEpoch: time)
            )
            isEnd = words.count == 7
            identity = words.prefix(5).joined(separator: " ")
        }
    }
}
