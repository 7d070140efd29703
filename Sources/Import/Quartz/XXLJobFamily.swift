import Documents
import Domain

/// Which jobs of XXL-JOB start which others when they have succeeded.
struct XXLJobFamily {
    private struct Parent {
        var task: TaskID
        var children: [String]
        var source: ImportSource
        var line: Int
    }

    private var parents: [Parent] = []
    /// The tasks by the numbers of their jobs.
    private var tasks: [String: TaskID] = [:]

    /// Notes a job and the task that was made of it, if one was.
    mutating func add(_ job: DocumentValue, _ task: TaskID?, _ source: ImportSource) {
        guard let task else { return }
        if let id = job["id"]?.text { tasks[id] = task }
        guard let node = job["childJobId"], let text = node.text else { return }
        let words = text.split { $0 == "," || $0.isWhitespace }.map(String.init)
        // XXL-JOB passes over the number of the job itself.
        let children = words.filter { $0 != "0" && $0 != job["id"]?.text }
        guard !children.isEmpty else { return }
        parents.append(Parent(task: task, children: children, source: source, line: node.line))
    }

    /// Writes `after` into the tasks of the children, and notes what that leaves out.
    func link(in draft: inout ImportDraft) {
        var counts: [TaskID: Int] = [:]
        for parent in parents {
            for child in parent.children {
                guard let task = tasks[child] else {
                    draft.note(.dependency, "childJobId \(child)", in: parent.source, line: parent.line)
                    continue
                }
                // Nobody counts the runs of a broadcast, so nothing can come after it.
                let isCounted = draft.tasks.first { $0.name == parent.task }?.isBroadcast == false
                let isDone =
                    isCounted
                    && draft.edit(task) { specification in
                        specification.after.edges.append(Dependencies.Edge(parent.task))
                        // There its parent starts it, stopped or not; here nothing follows if it is paused.
                        if specification.schedules.isEmpty { specification.isEnabled = true }
                        if specification.after.edges.count > 1 { specification.after.join = .any }
                    }
                guard isDone else {
                    note(.dropped, child, of: parent, task, Self.unfit, in: &draft)
                    continue
                }
                counts[task, default: 0] += 1
                if counts[task] == 2 { note(.changed, child, of: parent, task, Self.several, in: &draft) }
            }
        }
    }

    private typealias Words = (why: String, advice: String)

    private static let unfit: Words = (
        "what every agent runs neither comes after another task nor has others after it, and none comes twice",
        "let a task that runs once follow, or call both in one script"
    )
    private static let several: Words = (
        "the job comes after several, and on one occasion one run follows the first that succeeds, not each",
        "make a task for each of them if every end should start it"
    )

    private func note(
        _ kind: ImportRemark.Kind,
        _ child: String,
        of parent: Parent,
        _ task: TaskID,
        _ words: Words,
        in draft: inout ImportDraft
    ) {
        draft.note(
            ImportRemark(
                kind,
                file: parent.source.file,
                line: parent.line,
                task: task,
                what: "childJobId \(child)",
                why: words.why,
                advice: words.advice
            )
        )
    }
}
