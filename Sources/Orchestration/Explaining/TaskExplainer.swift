public import Domain
import Scheduling

/// Answers "why does it (not) run, and why there?" from the facts of a task; pure.
public enum TaskExplainer {
    /// The facts that matter, what keeps the task from running first.
    public static func explain(_ facts: TaskFacts) -> [Explanation.Finding] {
        let obstacles =
            leadership(facts) + pause(facts) + suspension(facts) + schedule(facts) + placement(facts)
            + row(facts) + runs(facts)
        let conditions = slots(facts) + clocks(facts)
        let healthy = obstacles.isEmpty && conditions.isEmpty ? [well(facts)] : []
        return obstacles + conditions + healthy + following(facts) + changes(facts) + next(facts)
            + place(facts)
    }

    /// How far ahead a next instant may be before it is worth a word.
    static let farAway = Duration.seconds(7 * 86_400)

    private static func leadership(_ facts: TaskFacts) -> [Explanation.Finding] {
        guard let reason = facts.leaderless else { return [] }
        return [
            .init(
                .noLeader,
                "Nobody leads the cluster: \(reason). Agents go on with what they own; nothing is placed, moved or changed.",
                in: "znode \(facts.paths.epoch)",
                advice:
                    "Look at \"cloudtask cluster status\" and \"cloudtask doctor\": start a center, or bring ZooKeeper back."
            )
        ]
    }

    private static func pause(_ facts: TaskFacts) -> [Explanation.Finding] {
        guard let pause = facts.definition.pause(at: facts.now) else { return [] }
        let end = pause.until.map { "it ends by itself at \($0)" } ?? "it does not end by itself"
        return [
            .init(
                .paused,
                "Its schedules do not count: it was paused at \(words(pause)); \(end).",
                in: "znode \(facts.paths.definition)",
                advice: "\"cloudtask task resume \(facts.definition.name)\" lets them count from then on; "
                    + "\"cloudtask task run \(facts.definition.name)\" works all the same."
            )
        ]
    }

    /// Since when, by whom and why.
    private static func words(_ pause: PauseRecord) -> String {
        "\(pause.since)" + (pause.author.map { " by \($0)" } ?? "") + (pause.reason.map { ": \($0)" } ?? "")
    }

    /// The pauses of its group and its runtime: either is enough.
    private static func suspension(_ facts: TaskFacts) -> [Explanation.Finding] {
        let specification = facts.definition.specification
        let pauses = [
            (facts.groupPause, "group", specification.group.text, facts.paths.group),
            (facts.runtimePause, "runtime", specification.runtime.text, facts.paths.runtime),
        ]
        return pauses.compactMap { pause, kind, name, path in
            guard let pause else { return nil }
            return .init(
                .suspended,
                "Its schedules do not count: \(kind) \(name) was paused at \(words(pause)).",
                in: "znode \(path)",
                advice: "\"cloudtask \(kind) resume \(name)\" lets them count from then on; "
                    + "\"cloudtask task run \(specification.name)\" works all the same."
            )
        }
    }

    private static func schedule(_ facts: TaskFacts) -> [Explanation.Finding] {
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

    private static func placement(_ facts: TaskFacts) -> [Explanation.Finding] {
        guard facts.owner == nil, facts.place != .unknown, facts.definition.specification.isEnabled else {
            return []
        }
        guard let reason = facts.reason else {
            return [
                .init(
                    .placing,
                    "No agent has it yet: it is about to be placed.",
                    in: "znode \(facts.paths.row)",
                    advice: "Ask again in a moment; if it stays so, look at \"cloudtask cluster verify\"."
                )
            ]
        }
        let runtime = facts.definition.specification.runtime
        let sentence = "Nobody has it: \(reason)."
        return switch reason {
        case .noLiveAgent:
            [
                .init(
                    .noAgent,
                    sentence,
                    in: "znode \(facts.paths.agents)",
                    advice: "Start an agent: \"cloudtask agent --runtime \(runtime)\"."
                )
            ]
        case .onlyDrained:
            [
                .init(
                    .drained,
                    sentence,
                    in: "znode \(facts.paths.runtime)",
                    advice: "\"cloudtask node undrain\" one of them, or start another agent."
                )
            ]
        case .onlyWithoutSlots:
            [
                .init(
                    .noSlots,
                    sentence,
                    in: "znode \(facts.paths.agents)",
                    advice: "Give one of them slots, or start another agent."
                )
            ]
        default:
            [
                .init(
                    .placement,
                    sentence,
                    in: "znode \(facts.paths.definition) (placement) and \(facts.paths.agents)",
                    advice: "Widen the task's placement, or start an agent that meets it."
                )
            ]
        }
    }

    private static func row(_ facts: TaskFacts) -> [Explanation.Finding] {
        var found: [Explanation.Finding] = []
        if let owner = facts.owner, !facts.agents.contains(where: { $0.agent == owner }) {
            found.append(
                .init(
                    .agentAway,
                    "Agent \(owner), which has it, is away: its session is over, or about to be replaced.",
                    in: "znode \(facts.paths.agents) (no node of a usable agent \(owner))",
                    advice: "Another agent takes over by itself, if one may; to have this one back, start it."
                )
            )
        }
        guard let row = facts.row else { return found }
        if row.state == .revoked {
            found.append(
                .init(
                    .revoked,
                    "Its row was revoked: the agent starts nothing of it while the leader moves it or brings it up to date.",
                    in: "znode \(facts.paths.row)",
                    advice: "That takes a moment; if it stays so, look at \"cloudtask cluster verify\"."
                )
            )
        }
        if let hold = row.hold, !hold.isEmpty { found += held(hold, facts) }
        return found
    }

    private static func held(_ hold: RowHold, _ facts: TaskFacts) -> [Explanation.Finding] {
        let named = hold.attempts.prefix(3).map { "\($0.attempt) on agent \($0.agent)" }.joined(
            separator: ", "
        )
        let attempts =
            hold.attempts.isEmpty
            ? "" : "Attempts of a former owner are not known to be over: \(named). "
        let cutOffs =
            hold.cutOffs == 0
            ? ""
            : "\(hold.cutOffs) former owners were cut off: what they had running is waited for until it must be dead. "
        return [
            .init(
                .onHold,
                attempts + cutOffs + "They count as living runs (concurrency).",
                in: "znode \(facts.paths.row) (hold)",
                advice: hold.attempts.first.map {
                    "To end one at once: \"cloudtask run kill \($0.attempt.run)\"."
                }
            )
        ]
    }

    private static func runs(_ facts: TaskFacts) -> [Explanation.Finding] {
        let concurrency = facts.definition.specification.concurrency
        var found: [Explanation.Finding] = []
        for run in facts.living.prefix(3) where run.state == .retrying {
            let last = run.attempts.last?.result
            found.append(
                .init(
                    .retrying,
                    "Run \(run.id) is between two attempts: attempt \(run.attempts.count) \(last?.outcome.rawValue ?? "failed"), "
                        + "the next one is due \(last?.retryAt.map { "at \($0)" } ?? "soon").",
                    in: facts.paths.history(of: run),
                    advice: "\"cloudtask run stop \(run.id)\" ends it for good."
                )
            )
        }
        if let max = concurrency.livingMax, facts.living.count >= max, let run = facts.living.first {
            let what =
                concurrency.waitingMax > 0
                ? "waits for its end" : concurrency.policy == .replace ? "stops it" : "is skipped"
            found.append(
                .init(
                    concurrency.waitingMax > 0 ? .queued : .living,
                    "Run \(run.id) lives\(run.attempts.last.map { " on agent \($0.agent)" } ?? ""): a fire that comes meanwhile \(what) "
                        + "(concurrency: \(concurrency.policy.rawValue)).",
                    in: facts.paths.history(of: run),
                    advice:
                        "Wait for it, or \"cloudtask run stop \(run.id)\"; a timeout would end a run that hangs."
                )
            )
        }
        return found + (facts.latest.map { latest($0, facts) } ?? [])
    }

    private static func latest(_ run: Run, _ facts: TaskFacts) -> [Explanation.Finding] {
        switch run.state {
        case .skipped, .missed, .lost, .failed, .timedOut:
            let findings = RunExplainer.disposition(of: run, facts.paths)
            return findings.map { finding in
                var finding = finding
                finding.fact = "Its latest run, due at \(run.due): " + finding.fact
                return finding
            }
        case .running, .retrying, .succeeded, .stopped: return []
        }
    }
}

extension TaskExplainer {
    private static func slots(_ facts: TaskFacts) -> [Explanation.Finding] {
        var found: [Explanation.Finding] = []
        if let owner = facts.owner, let agent = facts.agents.first(where: { $0.agent == owner }),
            let running = facts.running[owner], running >= agent.slots
        {
            found.append(
                .init(
                    .slotsFull,
                    "All \(agent.slots) slots of agent \(owner) are taken: a fire waits until one is free.",
                    in: "history (runs of agent \(owner) in state running)",
                    advice: "Give the agent more slots, or start further agents of the runtime."
                )
            )
        }
        for agent in facts.agents {
            guard let from = agent.acceptsFrom, from > facts.now else { continue }
            found.append(
                .init(
                    .heldBack,
                    "Agent \(agent.agent) started too often lately: until \(from) it gets no tasks it does not have.",
                    in: "the leading center, from the starts it saw; limits in znode \(facts.paths.runtime)",
                    advice:
                        "Find out why the agent restarts; flapStarts, flapWindow and rejoinDelay of the runtime set the limits."
                )
            )
        }
        return found
    }

    private static func clocks(_ facts: TaskFacts) -> [Explanation.Finding] {
        facts.registrations.filter { $0.startedAt > facts.now + .seconds(1) }.map { agent in
            .init(
                .clockDiffers,
                "The clock of agent \(agent.agent) on \(agent.host) is ahead of this center's: it says that it started at "
                    + "\(agent.startedAt), and it is \(facts.now) here.",
                in: "znode \(facts.paths.agents)/\(agent.agent)",
                advice:
                    "Let both machines follow the same time servers: fires are launched by the agent's clock."
            )
        }
    }

    private static func well(_ facts: TaskFacts) -> Explanation.Finding {
        if case .unknown = facts.place {
            return .init(
                .healthy,
                "Nothing that this center knows keeps it from running; who has it only the leader knows.",
                in: "znode \(facts.paths.definition)",
                advice: "Ask again when a center leads."
            )
        }
        return .init(
            .healthy,
            "Nothing keeps it from running\(facts.owner.map { " on agent \($0)" } ?? "").",
            in: "znodes \(facts.paths.definition) and \(facts.paths.row)"
        )
    }

    /// The ends of runs that it waits for: those of other tasks, and its own.
    private static func following(_ facts: TaskFacts) -> [Explanation.Finding] {
        let specification = facts.definition.specification
        var found: [Explanation.Finding] = []
        if !specification.after.edges.isEmpty {
            let edges = specification.after.edges.map { "\($0.task) (\($0.condition.name))" }
            let parents = edges.joined(separator: specification.after.join == .all ? " and " : " or ")
            found.append(
                .init(
                    .following,
                    "It comes after the runs of \(parents).",
                    in: "znode \(facts.paths.definition) (after)"
                )
            )
        }
        if facts.definition.nextStartDue(after: facts.now) != nil {
            found.append(
                .init(
                    .following,
                    "It runs on each agent that starts and may run it.",
                    in: "znode \(facts.paths.definition) (schedules)"
                )
            )
        }
        guard facts.definition.firstCompletionDue != nil, facts.definition.nextDue(after: facts.now) == nil
        else { return found }
        var sentence = "Its next run follows the end of the one before."
        if let run = facts.living.last {
            sentence = "Its next run follows the end of run \(run.id), which lives."
        } else if let run = facts.latest, let ended = run.attempts.last?.result?.endedAt,
            let due = facts.definition.nextCompletionDue(after: ended)
        {
            sentence = "Its next run is due at \(due), after the end of run \(run.id)."
        }
        let source = "znode \(facts.paths.definition) (schedules); history"
        return found + [.init(.following, sentence, in: source)]
    }

    private static func changes(_ facts: TaskFacts) -> [Explanation.Finding] {
        facts.definition.exceptions(after: facts.now).prefix(3).map { fire in
            let by = fire.author.map { " by \($0)" } ?? ""
            let reason = fire.reason.map { ": \($0)" } ?? ""
            let what =
                fire.isSkipped
                ? "is skipped" : fire.shiftedTo.map { "comes at \($0)" } ?? "has other parameters"
            return .init(
                .fireChanged,
                "The fire of \(fire.due) was changed\(by)\(reason); it \(what).",
                in: "znode \(facts.paths.definition) (exceptions)",
                advice:
                    "\"cloudtask task skip \(facts.definition.name) --due \(fire.decidedAt) --undo\" takes it back."
            )
        }
    }

    private static func next(_ facts: TaskFacts) -> [Explanation.Finding] {
        let definition = facts.definition
        guard let due = definition.nextDue(after: facts.now) else { return [] }
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

    private static func place(_ facts: TaskFacts) -> [Explanation.Finding] {
        guard let order = PlacementOrder(facts) else { return [] }
        return [
            .init(
                .place,
                order.sentence(owner: facts.owner),
                in: "computed, as the leader does, from znode \(facts.paths.agents)"
            )
        ]
    }
}

extension TaskSpecification {
    /// Whether it runs because something happened: other runs have ended, its own or those of other tasks, or an agent has started.
    fileprivate var followsEvents: Bool {
        !after.edges.isEmpty
            || schedules.contains { schedule in
                switch schedule.timing {
                case .afterCompletion, .onAgentStart: true
                case .cron, .every, .once, .calendar: false
                }
            }
    }
}
