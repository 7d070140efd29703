public import Domain
public import Scheduling

/// What is known of a run beside its record.
public struct RunFacts: Sendable {
    /// The run.
    public var run: Run
    /// Its task as it is now; `nil` when it was deleted.
    public var definition: TaskDefinition?
    /// The present instant.
    public var now: Instant
    /// Whether the incarnation that has the last attempt lives.
    public var isAgentHere: Bool
    /// Other runs on the same agent, and of the same task, around the time it was due; some of them twice.
    public var neighbours: [Run]
    /// Runs that need the exclusive keys which it needs, its task's own included, around the time it was due.
    public var sharers: [PoolID: [Run]]
    /// How many attempts the agent runs at a time, if it is known.
    public var slots: Int?
    /// Runs that repeat it.
    public var retries: [RunID]
    /// Who has the task now, and why; `nil` when that is not known.
    public var place: Explanation.Finding?
    /// The agent that has the task now; `nil` when none has, or that is not known.
    public var owner: AgentID?
    /// Where all this is recorded.
    public var paths: ExplanationPaths

    /// Creates facts about a run of which nothing else is known.
    public init(
        run: Run,
        definition: TaskDefinition? = nil,
        now: Instant,
        isAgentHere: Bool = true,
        neighbours: [Run] = [],
        sharers: [PoolID: [Run]] = [:],
        slots: Int? = nil,
        retries: [RunID] = [],
        place: Explanation.Finding? = nil,
        owner: AgentID? = nil,
        paths: ExplanationPaths
    ) {
        self.run = run
        self.definition = definition
        self.now = now
        self.isAgentHere = isAgentHere
        self.neighbours = neighbours
        self.sharers = sharers
        self.slots = slots
        self.retries = retries
        self.place = place
        self.owner = owner
        self.paths = paths
    }
}

/// Answers "why did it (not) run, why there, why so late?" from the facts of a run; pure.
public enum RunExplainer {
    /// The facts that matter: what became of it, what it was for, why late, why there.
    public static func explain(_ facts: RunFacts) -> [Explanation.Finding] {
        var found = disposition(
            of: facts.run,
            isResident: facts.definition?.specification.residency != nil,
            facts.paths
        )
        if !facts.run.state.isFinal, !facts.isAgentHere, let agent = facts.run.attempts.last?.agent {
            found.insert(away(agent, facts), at: 0)
        }
        return found + origin(facts) + lateness(facts) + clocks(facts) + place(facts)
    }

    /// Why there: what has the task now is known, and what had it then only by name.
    private static func place(_ facts: RunFacts) -> [Explanation.Finding] {
        // What follows a start of an agent runs there whoever has the task.
        guard facts.run.origin?.start == nil, var place = facts.place else { return [] }
        guard let agent = facts.run.attempts.last?.agent else {
            place.fact = "As things are now: " + place.fact
            return [place]
        }
        if agent != facts.owner {
            place.fact =
                "It was given to agent \(agent), which had the task then; why that one did is not on record any more. "
                + "As things are now: " + place.fact
        }
        return [place]
    }

    /// How late a start may be before it is worth a word.
    static let lateMin = Duration.seconds(2)
    /// How far before its instant a start has to be for the clocks to differ.
    static let earlyMin = Duration.milliseconds(500)

    /// What became of a run.
    static func disposition(
        of run: Run,
        isResident: Bool,
        _ paths: ExplanationPaths
    ) -> [Explanation.Finding] {
        let record = paths.history(of: run)
        let count =
            run.count > 1
            ? " It stands for \(run.count) due instants\(run.since.map { " from \($0)" } ?? "")." : ""
        switch run.state {
        case .skipped: return [skipped(run, isResident, record, count)]
        case .missed: return [missed(run, isResident, record, count)]
        case .lost:
            return [
                .init(
                    .lost,
                    "Nobody knows how it ended: \(run.attempts.last?.result?.message ?? "its agent went away").",
                    in: record,
                    advice: isResident
                        ? "Its next process begins by itself."
                        : "Look at what it was to do, then \"cloudtask run retry \(run.id)\"; "
                            + "delivery: at-least-once would have it attempted again."
                )
            ]
        case .retrying:
            let result = run.attempts.last?.result
            return [
                .init(
                    .retrying,
                    "Attempt \(run.attempts.count) \(result?.outcome.rawValue ?? "failed"); the next one is due "
                        + "\(result?.retryAt.map { "at \($0)" } ?? "soon").",
                    in: "\(record); the attempt waits in the inbox of its agent",
                    advice: "\"cloudtask run stop \(run.id)\" ends it for good."
                )
            ]
        case .waiting:
            let agent = agent(run)
            return [
                .init(
                    .waiting,
                    "It is due, and waits on agent \(agent) for a slot, for what it needs, or for its turn.",
                    in: record,
                    advice: "\"cloudtask node queue \(agent)\" says for what; "
                        + "\"cloudtask run stop \(run.id)\" takes it out."
                )
            ]
        case .running:
            let attempt = run.attempts.last
            return [
                .init(
                    .living,
                    "It runs\(attempt.map { " on agent \($0.agent)" } ?? "")\(attempt?.startedAt.map { " since \($0)" } ?? "").",
                    in: record
                )
            ]
        case .failed, .timedOut, .stopped:
            return [failed(run, isResident, record)]
        case .succeeded:
            return [.init(.ran, "It ran on agent \(agent(run)) and succeeded.", in: record)]
        }
    }

    private static func agent(_ run: Run) -> String { run.attempts.last?.agent.text ?? "(unknown)" }

    private static func failed(_ run: Run, _ isResident: Bool, _ record: String) -> Explanation.Finding {
        let result = run.attempts.last?.result
        var how = run.state.rawValue
        if let code = result?.exitCode { how += " with exit code \(code)" }
        if let signal = result?.signal { how += " by signal \(signal)" }
        if let message = result?.message { how += " (\(message))" }
        let reason = run.reason.map { " No further attempt: \($0)." } ?? ""
        let next =
            isResident
            ? "and its next process begins by itself" : "\"cloudtask run retry \(run.id)\" repeats it"
        let story =
            run.attempts.last?.startedAt == nil
            ? "It was to run on agent \(agent(run)) and was not started: \(result?.message ?? how)"
            : "It ran on agent \(agent(run)) and \(how), attempt \(run.attempts.count)"
        return .init(
            .failed,
            "\(story).\(reason)",
            in: record,
            advice: "\"cloudtask run logs \(run.id)\" shows what it wrote, \(next)."
        )
    }

    /// How what did not run is run after all; what is resident is begun again and not repeated.
    private static func afterAll(_ run: Run, _ isResident: Bool) -> String {
        isResident
            ? "\"cloudtask task restart \(run.task)\" begins its process."
            : "To run it after all: \"cloudtask task run \(run.task) --due \(run.due)\"."
    }

    private static func skipped(
        _ run: Run,
        _ isResident: Bool,
        _ record: String,
        _ count: String
    ) -> Explanation.Finding {
        let reason = run.reason ?? "for a reason that is not recorded"
        let isByConcurrency = reason.contains("(concurrency")
        return .init(
            isByConcurrency ? .concurrency : .skipped,
            "It was skipped: \(reason).\(count)",
            in: record,
            advice: isByConcurrency
                ? "concurrency: queue-one would let the latest such fire wait; a timeout ends runs that hang."
                : afterAll(run, isResident)
        )
    }

    private static func missed(
        _ run: Run,
        _ isResident: Bool,
        _ record: String,
        _ count: String
    ) -> Explanation.Finding {
        let reason = run.reason ?? run.attempts.last?.result?.message ?? "late"
        return .init(
            .missed,
            "Nobody started it in time: \(reason).\(count)",
            in: record,
            advice: "\(missedAdvice(reason)) \(afterAll(run, isResident))"
        )
    }

    private static func missedAdvice(_ reason: String) -> String {
        switch reason {
        case MissedReason.restored, MissedReason.restoredUncounted:
            "The cluster was restored from a snapshot; what was due before then may have run."
        case MissedReason.deadline, MissedReason.deadlineUncounted:
            "Its startDeadline is what a start may be late at most: raise it, or add agents."
        case MissedReason.totalTimeout: "Its totalTimeout ended its waiting: raise it, or add agents."
        case MissedReason.noSlot: "Add slots or agents, or spread the schedules (jitter, H)."
        case MissedReason.noUnits: "\"cloudtask pool list\" shows what so many wait for, and who holds it."
        case MissedReason.noStorage: "Look at the disk of the agent."
        case MissedReason.leaseEnded, MissedReason.incarnationEnded:
            "The agent lost touch with ZooKeeper: look at its log and at the network."
        default:
            "misfire: once or all makes up for fires that nobody could start; see \"cloudtask node list\" for who was there."
        }
    }

    private static func away(_ agent: AgentID, _ facts: RunFacts) -> Explanation.Finding {
        .init(
            .agentAway,
            "The agent that has it, \(agent), is away: it or its session has ended since.",
            in: "znode \(facts.paths.agents) (no node of that start of \(agent))",
            advice:
                "The leader decides what becomes of the run once the runtime's rejoin grace is over; nothing is to be done."
        )
    }
}

extension RunExplainer {
    /// What it was for: which schedule, or who asked.
    private static func origin(_ facts: RunFacts) -> [Explanation.Finding] {
        let run = facts.run
        let terms = run.terms
        var found: [Explanation.Finding] = []
        if run.trigger == .request {
            let by = terms?.requestedBy.map { " by \($0)" } ?? ""
            let note = terms?.note.map { ": \($0)" } ?? ""
            let start = terms?.startsAt.map { " to start at \($0)" } ?? ""
            let retry = terms?.retryOf.map { "; it repeats run \($0)" } ?? ""
            let meant = terms?.meantFor.map { "; it is meant for \($0)" } ?? ""
            found.append(
                .init(
                    .requested,
                    "It was asked for at \(terms?.askedAt ?? run.due)\(start)\(by)\(note)\(retry)\(meant).",
                    in: facts.paths.history(of: run)
                )
            )
        } else if let backfill = run.origin?.backfill {
            let meant = terms?.meantFor.map { " at \($0)" } ?? ""
            let sentence =
                "It makes up for the fire\(meant), as backfill \(backfill) was asked to; 'cloudtask backfill get' shows how far that is."
            found.append(.init(.requested, sentence, in: facts.paths.history(of: run)))
        } else if let start = run.origin?.start {
            let sentence = "It followed a start of agent \(start.agent), and only that process may run it."
            found.append(.init(.following, sentence, in: facts.paths.history(of: run)))
        } else if let parents = run.origin?.parents, !parents.isEmpty {
            let names = parents.map(\.text).joined(separator: ", ")
            found.append(
                .init(
                    .following,
                    "It followed the end\(parents.count == 1 ? "" : "s") of \(names).",
                    in: facts.paths.history(of: run)
                )
            )
        } else {
            found += InstantExplainer.schedules(
                at: terms?.shiftedFrom ?? run.due,
                facts.definition,
                facts.paths
            )
            if let instant = terms?.shiftedFrom {
                found.append(
                    .init(
                        .fireChanged,
                        "Its fire was due at \(instant) and was shifted to \(run.due)\(terms?.requestedBy.map { " by \($0)" } ?? "")"
                            + "\(terms?.note.map { ": \($0)" } ?? "").",
                        in: facts.paths.history(of: run)
                    )
                )
            }
        }
        if !facts.retries.isEmpty {
            let names = facts.retries.prefix(3).map(\.text).joined(separator: ", ")
            found.append(.init(.requested, "It was repeated by \(names).", in: facts.paths.history(of: run)))
        }
        return found
    }

    private static func clocks(_ facts: RunFacts) -> [Explanation.Finding] {
        guard let first = facts.run.attempts.first, let startedAt = first.startedAt,
            startedAt.duration(to: facts.run.due) > earlyMin
        else { return [] }
        return [
            .init(
                .clockDiffers,
                "It started at \(startedAt) by the clock of agent \(first.agent), before it was due or asked for at \(facts.run.due): "
                    + "the clocks of the two machines differ.",
                in: facts.paths.history(of: facts.run),
                advice: "Let both machines follow the same time servers."
            )
        ]
    }
}
