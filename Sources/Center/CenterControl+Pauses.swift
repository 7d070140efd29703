import Cluster
import Domain
import Scheduling

/// Changes of when a task's fires count, beside those of its document.
extension CenterControl {
    func pause(_ name: TaskID, until end: Instant?, _ note: ChangeNote) async throws -> SaveOutcome {
        try refuse(note.problems(message: "reason") + endProblems(end))
        return try await redefine(name, note) { task, now in
            let pause = PauseRecord(since: now, until: end, reason: note.message, author: note.author)
            if let present = task.pause(at: now) {
                var same = pause
                same.since = present.since
                // Who repeats a plain pause wants nothing but that it be paused.
                if same == present || (end == nil && note.message == nil && present.until == nil) {
                    return (nil, ())
                }
            }
            return (task.paused(pause), ())
        }.outcome
    }

    func resume(_ name: TaskID, _ note: ChangeNote, confirmed: Int?) async throws -> SaveOutcome {
        try refuse(note.problems(message: "reason"))
        return try await redefine(name, note, confirmed: confirmed) { task, now in
            (task.resumed(now: now), ())
        }.outcome
    }

    func restart(_ name: TaskID, _ note: ChangeNote) async throws -> SaveOutcome {
        try refuse(note.problems(message: "reason"))
        return try await redefine(name, note) { task, now in
            if let refusal = CenterError.refusal(toRestart: task, now: now) { throw refusal }
            return (task.restarted(now: now), ())
        }.outcome
    }

    func changeFires(of name: TaskID, _ change: FireChange) async throws -> [FireException] {
        // Why, and who wants it, stands with the fires: what the task says stays the same.
        try await redefine(name, ChangeNote()) { task, now in
            do throws(ValidationFailure) {
                let changed = try task.changed(by: change, now: now)
                return (changed.definition, changed.fires)
            } catch {
                throw CenterError.invalid(error.problems)
            }
        }.value
    }

    /// The shortest pause: its end has to reach the task's owner before it comes.
    private static let pauseMin = FireException.Limit.notice

    /// What is wrong with the end of a pause: that it is over, or too near.
    func endProblems(_ end: Instant?) -> [ValidationProblem] {
        guard let end, end <= time.now + Self.pauseMin else { return [] }
        let message = "the pause would end at \(end), which is over or too near: name a later time"
        return [ValidationProblem(field: "until", message: message)]
    }

    func refuse(_ problems: [ValidationProblem]) throws(CenterError) {
        if !problems.isEmpty { throw CenterError.invalid(problems) }
    }

    /// Saves what becomes of a task; `nil` when it is as wanted already.
    private func redefine<Value: Sendable>(
        _ name: TaskID,
        _ note: ChangeNote,
        confirmed: Int? = nil,
        _ body: @Sendable (TaskDefinition, Instant) throws -> (TaskDefinition?, Value)
    ) async throws -> (outcome: SaveOutcome, value: Value) {
        try await change { leading in
            guard let task = state.store.catalog.tasks[name]?.value else {
                throw CenterError.notFound(kind: "task", name: name.text)
            }
            let now = time.now
            let (next, value) = try body(task, now)
            let edit = TaskEdit(task, becoming: next, note, now: now)
            guard let definition = edit.definition else { return (edit.outcome, value) }
            try checkSizes([definition])
            let changes = ChangeGuard([], await catchUps(by: [definition], leading))
            if let objection = changes.objection(confirmed: confirmed) {
                throw CenterError.conflict(objection)
            }
            if let former = edit.superseded { try await leading.catalogWriter.record([former]) }
            try await recordWorkflows(of: [definition], note, leading.catalogWriter)
            try await leading.catalogWriter.write([.save(definition)])
            return (edit.outcome, value)
        } rereading: { leading in
            try await leading.catalogWriter.reread([name])
        }
    }
}
