import Domain
import Scheduling

/// What saving a specification does to a task; pure.
struct TaskEdit: Hashable, Sendable {
    /// The definition to write; `nil` when the task is the same already.
    let definition: TaskDefinition?
    /// The definition whose content is superseded; `nil` when there is none.
    let superseded: TaskDefinition?
    /// What the caller is told.
    let outcome: SaveOutcome

    /// Decides what is to be saved; throws when the condition does not hold.
    init(
        _ specification: TaskSpecification,
        of present: TaskDefinition?,
        _ sources: TaskSources,
        _ request: SaveRequest,
        uid: TaskUID,
        now: Instant
    ) throws(CenterError) {
        switch (request.condition, present) {
        case (.absent, .some): throw CenterError.conflict("task \(specification.name) exists already")
        case (.revision, nil): throw CenterError.notFound(kind: "task", name: specification.name.text)
        case (.revision(let expected), let task?) where task.revision != expected:
            throw CenterError.conflict(
                "task \(specification.name) has revision \(task.revision), not \(expected): somebody else changed it"
            )
        default: break
        }
        guard let present else {
            let days = try Self.days(specification, sources)
            var created = TaskDefinition.created(
                specification,
                uid: uid,
                now: now,
                calendars: days,
                suspension: sources.suspension(of: specification, at: now)
            )
            created.note(request.note, now: now)
            self.init(
                definition: created,
                superseded: nil,
                outcome: SaveOutcome(task: specification.name, change: .created, revision: 1)
            )
            return
        }
        _ = try Self.days(specification, sources)
        self.init(specification, of: present, sources, request.note, now: now)
    }

    /// Decides what an edit of a task that is there saves; its calendars are known to exist.
    init(
        _ specification: TaskSpecification,
        of present: TaskDefinition,
        _ sources: TaskSources,
        _ note: ChangeNote = ChangeNote(),
        now: Instant
    ) {
        // A calendar that vanished beneath a task leaves it the days it has.
        let days = (try? sources.calendars(of: specification)) ?? present.calendars
        let suspension = sources.suspension(of: specification, at: now)
        let isSame =
            present.specification == specification && present.calendars == days
            && present.suspension(at: now) == suspension
        guard !isSame else {
            let outcome = SaveOutcome(task: present.name, change: .unchanged, revision: present.revision)
            self.init(definition: nil, superseded: nil, outcome: outcome)
            return
        }
        var edited = present.edited(specification, now: now, calendars: days, suspension: suspension)
        edited.note(note, now: now)
        self.init(
            definition: edited,
            superseded: present.specification == specification ? nil : present,
            outcome: SaveOutcome(task: present.name, change: .updated, revision: edited.revision)
        )
    }

    /// What a change of when a task's fires count saves; nothing without a next revision.
    init(_ present: TaskDefinition, becoming next: TaskDefinition?, _ note: ChangeNote, now: Instant) {
        guard var next else {
            let outcome = SaveOutcome(task: present.name, change: .unchanged, revision: present.revision)
            self.init(definition: nil, superseded: nil, outcome: outcome)
            return
        }
        let isSame = present.specification == next.specification
        if isSame {
            // What it says was said before, by somebody else perhaps.
            next.saved = TaskRevision(present).note
        } else {
            next.note(note, now: now)
        }
        self.init(
            definition: next,
            superseded: isSame ? nil : present,
            outcome: SaveOutcome(task: present.name, change: .updated, revision: next.revision)
        )
    }

    private init(definition: TaskDefinition?, superseded: TaskDefinition?, outcome: SaveOutcome) {
        self.definition = definition
        self.superseded = superseded
        self.outcome = outcome
    }

    private static func days(_ task: TaskSpecification, _ sources: TaskSources) throws(CenterError)
        -> CalendarDays
    {
        do throws(UnknownCalendars) {
            return try sources.calendars(of: task)
        } catch {
            throw CenterError.conflict(
                "task \(task.name) names calendar '\(error.names[0])', which was deleted meanwhile"
            )
        }
    }
}

extension TaskDefinition {
    /// Keeps who saved it; without an author or a message only the revision and the instant, which it has anyway unless it is paused.
    fileprivate mutating func note(_ note: ChangeNote, now: Instant) {
        saved =
            note == ChangeNote() && effectiveFrom == now
            ? nil
            : SaveNote(revision: revision, at: now, author: note.author, message: note.message)
    }
}
