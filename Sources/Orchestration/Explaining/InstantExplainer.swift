public import Domain
import Foundation
public import Scheduling

/// Answers "what about this instant?": was the task due at all, by which schedule, and what kept it from being; pure.
public enum InstantExplainer {
    /// The facts about an instant; those of the run follow, if there is one.
    public static func explain(
        _ instant: Instant,
        of definition: TaskDefinition,
        now: Instant,
        run: [Explanation.Finding],
        _ paths: ExplanationPaths
    ) -> [Explanation.Finding] {
        if instant <= definition.earliestKnown {
            return run.isEmpty ? [early(instant, definition, paths)] : run
        }
        let exceptional = exception(at: instant, definition, paths)
        guard definition.nextDue(after: instant - .milliseconds(1)) == instant else {
            return run + exceptional + notDue(instant, definition, paths)
        }
        let due = schedules(at: instant, definition, paths)
        if instant > now {
            return [
                .init(
                    .stillToCome,
                    "It is due then, which is still to come.",
                    in: "znode \(paths.definition) (schedules)"
                )
            ]
                + exceptional + due
        }
        let record: [Explanation.Finding] =
            run.isEmpty
            ? [
                .init(
                    .unrecorded,
                    "It was due then, and this center's history has no record of it: it was decided a moment ago, is still to be decided "
                        + "by the next owner, or its record was pruned.",
                    in: "history (no run of that instant)",
                    advice:
                        "Ask again in a moment; \"cloudtask task explain \(definition.name)\" says what keeps it from running now."
                )
            ] : run
        // What is told of the run names its schedule already.
        return record + exceptional + due.filter { !record.contains($0) }
    }

    private static func early(
        _ instant: Instant,
        _ definition: TaskDefinition,
        _ paths: ExplanationPaths
    ) -> Explanation.Finding {
        let isBeforeCreation = instant <= definition.createdAt
        return .init(
            .tooEarly,
            isBeforeCreation
                ? "The task was created at \(definition.createdAt), after that instant."
                : "What the task's schedules were before \(definition.earliestKnown) is not known any more.",
            in: "znode \(paths.definition)"
        )
    }

    private static func exception(
        at instant: Instant,
        _ definition: TaskDefinition,
        _ paths: ExplanationPaths
    ) -> [Explanation.Finding] {
        definition.exceptions.filter { $0.due == instant || $0.shiftedTo == instant }.map { fire in
            let by = fire.author.map { " by \($0)" } ?? ""
            let reason = fire.reason.map { ": \($0)" } ?? ""
            let what =
                fire.isSkipped
                ? "to be skipped"
                : fire.shiftedTo.map { "to come at \($0) instead" } ?? "to have other parameters"
            return .init(
                .fireChanged,
                "The fire of \(fire.due) was made\(by) \(what)\(reason).",
                in: "znode \(paths.definition) (exceptions)"
            )
        }
    }

    /// Which schedules have the task due at an instant.
    static func schedules(
        at instant: Instant,
        _ definition: TaskDefinition?,
        _ paths: ExplanationPaths
    ) -> [Explanation.Finding] {
        guard let definition, instant > definition.earliestKnown else { return [] }
        let context = definition.scheduleContext
        let matching = definition.schedules(inForceAt: instant).filter {
            $0.next(atOrAfter: instant, in: context) == instant
        }
        return matching.map { schedule in
            .init(
                .due,
                "It was due by this schedule: \(schedule.explained)",
                in: "znode \(paths.definition) (schedules)"
            )
        }
    }

    private static func notDue(
        _ instant: Instant,
        _ definition: TaskDefinition,
        _ paths: ExplanationPaths
    ) -> [Explanation.Finding] {
        let source = "znode \(paths.definition) (schedules)"
        let schedules = definition.schedules(inForceAt: instant)
        var found: [Explanation.Finding] = []
        if schedules.isEmpty, !definition.specification.schedules.isEmpty {
            found.append(
                .init(
                    .paused,
                    "Its schedules did not count then: it was paused, or had none.",
                    in: "znode \(paths.definition) (supersededSchedules, pause)",
                    advice:
                        "To run it for that instant: \"cloudtask task run \(definition.name) --due \(instant)\"."
                )
            )
        }
        for schedule in schedules { found += wouldBeDue(instant, schedule, definition, source) }
        let next =
            definition.nextDue(after: instant).map { "; after that it is due at \($0)" }
            ?? "; after that it is never due"
        found.append(.init(.notDue, "It is not due at \(instant)\(next).", in: source))
        return found
    }

    /// What one schedule would have had due, but for what it leaves out.
    private static func wouldBeDue(
        _ instant: Instant,
        _ schedule: Schedule,
        _ definition: TaskDefinition,
        _ source: String
    ) -> [Explanation.Finding] {
        var found: [Explanation.Finding] = []
        var plain = schedule
        plain.exclude = nil
        if schedule.exclude != nil, plain.next(atOrAfter: instant, in: definition.scheduleContext) == instant
        {
            found.append(
                .init(
                    .excludedDay,
                    "It would be due, but that day is left out\(TaskExplainer.calendars(of: schedule)): \(schedule.explained)",
                    in: "\(source), exclude",
                    advice:
                        "Put the day in with \"include\", or \"cloudtask task run \(definition.name) --due \(instant)\"."
                )
            )
        }
        return found + clockChange(instant, schedule, definition, source)
    }
}

extension InstantExplainer {
    /// How close a change of clocks has to be to an instant to be worth a word.
    private static let nearMax = Duration.seconds(3 * 3_600)

    /// The change of clocks near an instant, in the zone of a schedule.
    private static func clockChange(
        _ instant: Instant,
        _ schedule: Schedule,
        _ definition: TaskDefinition,
        _ source: String
    ) -> [Explanation.Finding] {
        let zone = schedule.dayZone.timeZone
        guard let change = zone.nextDaylightSavingTimeTransition(after: (instant - nearMax).date),
            Instant(change) <= instant + nearMax
        else { return [] }
        let shift = zone.secondsFromGMT(for: change) - zone.secondsFromGMT(for: change.addingTimeInterval(-1))
        let by = DurationText(.seconds(abs(shift)))
        let what =
            shift > 0
            ? "they are put forward by \(by), local times in between are left out, and gap of the schedule says what comes of those"
            : "they are put back by \(by), local times in between come twice, and overlap of the schedule says which of them count"
        return [
            .init(
                .clockChange,
                "The clocks of \(schedule.dayZone) change at \(Instant(change)): \(what).",
                in: source,
                advice:
                    "\"cloudtask task next \(definition.name)\" and \"cloudtask schedule explain\" show what the schedule does."
            )
        ]
    }
}

extension TaskDefinition {
    /// Before this nothing is known of the schedules.
    var earliestKnown: Instant { supersededSchedules.first?.effectiveFrom ?? effectiveFrom }

    /// What its schedules are worked out with.
    var scheduleContext: ScheduleContext { ScheduleContext(task: name.text, calendars: calendars) }

    /// The schedules that decide about an instant.
    func schedules(inForceAt instant: Instant) -> [Schedule] {
        if instant > effectiveFrom { return activeSchedules }
        return supersededSchedules.last { $0.effectiveFrom < instant }?.schedules ?? []
    }
}
