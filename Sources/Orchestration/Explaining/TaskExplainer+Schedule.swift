import Domain
import Scheduling

/// What the schedules of a task say, and what keeps them from counting.
extension TaskExplainer {
    /// How far ahead a next instant may be before it is worth a word.
    static let farAway = Duration.seconds(7 * 86_400)

    static func pause(_ facts: TaskFacts) -> [Explanation.Finding] {
        guard let pause = facts.definition.pause(at: facts.now) else { return [] }
        let end = pause.until.map { "it ends by itself at \($0)" } ?? "it does not end by itself"
        let isResident = facts.definition.specification.residency != nil
        let what = isResident ? "It is not kept running" : "Its schedules do not count"
        let resume = "\"cloudtask task resume \(facts.definition.name)\""
        let run = "\"cloudtask task run \(facts.definition.name)\" works all the same."
        return [
            .init(
                .paused,
                "\(what): it was paused at \(words(pause)); \(end).",
                in: "znode \(facts.paths.definition)",
                advice: isResident
                    ? "\(resume) starts it." : "\(resume) lets them count from then on; \(run)"
            )
        ]
    }

    /// Since when, by whom and why.
    private static func words(_ pause: PauseRecord) -> String {
        "\(pause.since)" + (pause.author.map { " by \($0)" } ?? "") + (pause.reason.map { ": \($0)" } ?? "")
    }

    /// The pauses of its group and its runtime: either is enough.
    static func suspension(_ facts: TaskFacts) -> [Explanation.Finding] {
        let specification = facts.definition.specification
        let pauses = [
            (facts.groupPause, "group", specification.group.text, facts.paths.group),
            (facts.runtimePause, "runtime", specification.runtime.text, facts.paths.runtime),
        ]
        return pauses.compactMap { pause, kind, name, path in
            guard let pause else { return nil }
            let end = pause.until.map { "; that ends by itself at \($0)" } ?? ""
            return .init(
                .suspended,
                "Its schedules do not count: \(kind) \(name) was paused at \(words(pause))\(end).",
                in: "znode \(path)",
                advice: "\"cloudtask \(kind) resume \(name)\" lets them count from then on; "
                    + "\"cloudtask task run \(specification.name)\" works all the same."
            )
        }
    }

    static func schedule(_ facts: TaskFacts) -> [Explanation.Finding] {
        let definition = facts.definition
        if definition.specification.followsEvents, definition.nextDue(after: facts.now) == nil { return [] }
        guard !definition.specification.schedules.isEmpty else {
            return [
                .init(
                    .noSchedule,
                    "It has no schedules: it runs on request only.",
                    in: "znode \(facts.paths.definition)",
                    advice:
                        "Add schedules to its document, or ask for a run: \"cloudtask task run \(definition.name)\"."
                )
            ]
        }
        guard definition.counts(at: facts.now), definition.nextDue(after: facts.now) == nil else {
            return []
        }
        return [
            .init(
                .scheduleOver,
                "Its schedules have no instant after \(facts.now): they have ended, or their days are over.",
                in: "znode \(facts.paths.definition)",
                advice: "See \"cloudtask schedule explain\" for what they say, and save new ones."
            )
        ]
    }

    static func next(_ facts: TaskFacts) -> [Explanation.Finding] {
        let definition = facts.definition
        guard let due = definition.nextUnskippedDue(after: facts.now) else { return [] }
        var found = excluded(before: due, facts)
        if facts.now.duration(to: due) > farAway {
            found.append(
                .init(
                    .farAway,
                    "It is due next at \(due), in \(DurationText(wholeDays(facts.now.duration(to: due)))).",
                    in: "znode \(facts.paths.definition) (schedules)",
                    advice:
                        "\"cloudtask task next \(definition.name)\" lists the instants; \"cloudtask schedule explain\" says the schedules in words."
                )
            )
        } else {
            found.append(
                .init(
                    .stillToCome,
                    "It is due next at \(due).",
                    in: "znode \(facts.paths.definition) (schedules)"
                )
            )
        }
        return found
    }

    private static func wholeDays(_ duration: Duration) -> Duration {
        .seconds(duration.wholeMilliseconds / 86_400_000 * 86_400)
    }

    /// An instant before the next one that only exclusions leave out.
    private static func excluded(before due: Instant, _ facts: TaskFacts) -> [Explanation.Finding] {
        let definition = facts.definition
        guard facts.definition.counts(at: facts.now) else { return [] }
        for (index, schedule) in definition.specification.schedules.enumerated() where schedule.exclude != nil
        {
            var plain = schedule
            plain.exclude = nil
            guard let instant = plain.next(after: facts.now, in: definition.scheduleContext), instant < due
            else { continue }
            return [
                .init(
                    .excludedDay,
                    "It would be due at \(instant), but schedules[\(index)] leaves that day out\(calendars(of: schedule)).",
                    in: "znode \(facts.paths.definition) (schedules[\(index)].exclude)",
                    advice:
                        "Put the day in with \"include\", or ask for a run: \"cloudtask task run \(definition.name) --due \(instant)\"."
                )
            ]
        }
        return []
    }

    static func calendars(of schedule: Schedule) -> String {
        let names = schedule.exclude?.calendars ?? []
        return names.isEmpty ? "" : " (calendars \(names.joined(separator: ", ")))"
    }
}

extension TaskSpecification {
    /// Whether it runs because something happened: other runs have ended, its own or those of other tasks, or an agent has started.
    fileprivate var followsEvents: Bool {
        !after.edges.isEmpty || residency != nil
            || schedules.contains { schedule in
                switch schedule.timing {
                case .afterCompletion, .onAgentStart: true
                case .cron, .every, .once, .calendar: false
                }
            }
    }
}
