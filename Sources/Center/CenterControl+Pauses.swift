import Cluster
import Domain
import Scheduling

/// Changes of when a task's fires count, beside those of its document.
extension CenterControl {
    func setEnabled(_ name: TaskID, _ isEnabled: Bool) async throws -> SaveOutcome {
        if !isEnabled { return try await pause(name, PauseWish()) }
        return try await redefine(name) { task, now in (task.resumed(now: now), ()) }.outcome
    }

    func pause(_ name: TaskID, _ wish: PauseWish) async throws -> SaveOutcome {
        var mistakes = RunTerms(note: wish.reason, requestedBy: wish.by).problems
        for index in mistakes.indices where mistakes[index].field == "note" {
            mistakes[index].field = "reason"
            mistakes[index].message = mistakes[index].message.replacing("note has", with: "the reason has")
        }
        let now = time.now
        if let until = wish.until, until <= now + Self.pauseMin {
            let message = "the pause would end at \(until), which is over or too near: name a later time"
            mistakes.append(ValidationProblem(field: "until", message: message))
        }
        guard mistakes.isEmpty else { throw CenterError.invalid(mistakes) }
        return try await redefine(name) { task, now in
            let pause = TaskPause(since: now, until: wish.until, reason: wish.reason, by: wish.by)
            if let present = task.pause(at: now) {
                var same = pause
                same.since = present.since
                // Who repeats a plain pause wants nothing but that it be paused.
                if same == present || (wish.until == nil && wish.reason == nil && present.until == nil) {
                    return (nil, ())
                }
            }
            return (task.paused(pause), ())
        }.outcome
    }

    func changeFires(of name: TaskID, _ change: FireChange) async throws -> [FireException] {
        try await redefine(name) { task, now in
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

    /// Saves what becomes of a task; `nil` when it is as wanted already.
    private func redefine<Value: Sendable>(
        _ name: TaskID,
        _ body: @Sendable (TaskDefinition, Instant) throws -> (TaskDefinition?, Value)
    ) async throws -> (outcome: SaveOutcome, value: Value) {
        try await change { leading in
            guard let task = state.store.catalog.tasks[name]?.value else {
                throw CenterError.notFound(kind: "task", name: name.text)
            }
            let (definition, value) = try body(task, time.now)
            guard let definition else {
                return (SaveOutcome(task: name, change: .unchanged, revision: task.revision), value)
            }
            try checkSizes([definition])
            if definition.specification != task.specification {
                try await leading.catalogWriter.record([task])
            }
            try await leading.catalogWriter.write([.save(definition)])
            return (SaveOutcome(task: name, change: .updated, revision: definition.revision), value)
        } rereading: { leading in
            try await leading.catalogWriter.reread([name])
        }
    }
}
