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
    /// Other runs on the same agent, and of the same task, around the time it was due.
    public var neighbours: [Run]
    /// How many attempts the agent runs at a time, if it is known.
    public var slots: Int?
    /// Runs that repeat it.
    public var retries: [RunID]
    /// Why its agent has the task; `nil` when that is not known.
    public var place: Explanation.Finding?
    /// Where all this is recorded.
    public var paths: ExplanationPaths

    /// Creates facts about a run of which nothing else is known.
    public init(
        run: Run,
        definition: TaskDefinition? = nil,
        now: Instant,
        isAgentHere: Bool = true,
        neighbours: [Run] = [],
        slots: Int? = nil,
        retries: [RunID] = [],
        place: Explanation.Finding? = nil,
        paths: ExplanationPaths
    ) {
        self.run = run
        self.definition = definition
        self.now = now
        self.isAgentHere = isAgentHere
        self.neighbours = neighbours
        self.slots = slots
        self.retries = retries
        self.place = place
        self.paths = paths
    }
}

/// Answers "why did it (not) run, why there, why so late?" from the facts of a run; pure.
public enum RunExplainer {
    /// The facts that matter: what became of it, what it was for, why late, why there.
    public static func explain(_ facts: RunFacts) -> [Explanation.Finding] {
        var found = disposition(of: facts.run, facts.paths)
        if !facts.run.state.isFinal, !facts.isAgentHere, let agent = facts.run.attempts.last?.agent {
            found.insert(away(agent, facts), at: 0)
        }
        return found + origin(facts) + lateness(facts) + clocks(facts) + (facts.place.map { [$0] } ?? [])
    }

    /// How late a start may be before it is worth a word.
    static let lateMin = Duration.seconds(2)
    /// How far before its instant a start has to be for the clocks to differ.
    static let earlyMin = Duration.milliseconds(500)

    /// What became of a run.
    static func disposition(of run: Run, _ paths: ExplanationPaths) -> [Explanation.Finding] {
        let record = paths.history(of: run)
        let count =
            run.count > 1
            ? " It stands for \(run.count) due instants\(run.since.map { " from \($0)" } ?? "")." : ""
        switch run.state {
        case .skipped: return [skipped(run, record, count)]
        case .missed: return [missed(run, record, count)]
        case .lost:
            return [
                .init(
                    .lost,
                    "Nobody knows how it ended: \(run.attempts.last?.result?.message ?? "its agent went away").",
                    in: record,
                    advice: "Look at what it was to do, then \"cloudtask run retry \(run.id)\"; "
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
                    advice: "\"cloudtask node queue \(agent)\" says for what; \"cloudtask run stop \(run.id)\" takes it out."
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
            return [failed(run, record)]
        case .succeeded:
            return [.init(.ran, "It ran on agent \(agent(run)) and succeeded.", in: record)]
        }
    }

    private static func agent(_ run: Run) -> String { run.attempts.last?.agent.text ?? "(unknown)" }

    private static func failed(_ run: Run, _ record: String) -> Explanation.Finding {
        let result = run.attempts.last?.result
        var how = run.state.rawValue
        if let code = result?.exitCode { how += " with exit code \(code)" }
        if let signal = result?.signal { how += " by signal \(signal)" }
        if let message = result?.message { how += " (\(message))" }
        let reason = run.reason.map { " No further attempt: \($0)." } ?? ""
        return .init(
            .failed,
            "It ran on agent \(agent(run)) and \(how), attempt \(run.attempts.count).\(reason)",
            in: record,
            advice:
                "\"cloudtask run logs \(run.id)\" shows what it wrote, \"cloudtask run retry \(run.id)\" repeats it."
        )
    }

    private static func skipped(_ run: Run, _ record: String, _ count: String) -> Explanation.Finding {
        let reason = run.reason ?? "for a reason that is not recorded"
        let isByConcurrency = reason.contains("(concurrency")
        return .init(
            isByConcurrency ? .concurrency : .skipped,
            "It was skipped: \(reason).\(count)",
            in: record,
            advice: isByConcurrency
                ? "concurrency: queue-one would let the latest such fire wait; a timeout ends runs that hang."
                : "To run it after all: \"cloudtask task run \(run.task) --due \(run.due)\"."
        )
    }

    private static func missed(_ run: Run, _ record: String, _ count: String) -> Explanation.Finding {
        let reason = run.reason ?? run.attempts.last?.result?.message ?? "late"
        return .init(
            .missed,
            "Nobody started it in time: \(reason).\(count)",
            in: record,
            advice:
                "\(missedAdvice(reason)) To run it after all: \"cloudtask task run \(run.task) --due \(run.due)\"."
        )
    }

    private static func missedAdvice(_ reason: String) -> String {
        switch reason {
        case MissedReason.restored, MissedReason.restoredUncounted:
            "The cluster was restored from a snapshot; what was due before then may have run."
        case MissedReason.deadline:
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
            let retry = terms?.retryOf.map { "; it repeats run \($0)" } ?? ""
            let meant = terms?.meantFor.map { "; it is meant for \($0)" } ?? ""
            found.append(
                .init(
                    .requested,
                    "It was asked for at \(run.due)\(by)\(note)\(retry)\(meant).",
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

    /// Why it started late.
    private static func lateness(_ facts: RunFacts) -> [Explanation.Finding] {
        let run = facts.run
        guard let first = run.attempts.first, let startedAt = first.startedAt,
            run.due.duration(to: startedAt) > lateMin
        else { return [] }
        let late = DurationText(.seconds(run.due.duration(to: startedAt).wholeMilliseconds / 1_000))
        let (why, source, advice) = reason(of: facts, first.agent, startedAt)
        return [.init(.late, "It started \(late) after it was due: \(why).", in: source, advice: advice)]
    }

    private static func reason(
        of facts: RunFacts,
        _ agent: AgentID,
        _ startedAt: Instant
    ) -> (why: String, source: String, advice: String?) {
        let run = facts.run
        let concurrency = facts.definition?.specification.concurrency ?? Concurrency()
        if concurrency.livingMax != nil, let earlier = blocker(facts, until: startedAt) {
            return (
                "it waited for the end of run \(earlier.id) (concurrency: \(concurrency.policy.rawValue))",
                facts.paths.history(of: earlier), "A timeout would end a run that takes too long."
            )
        }
        if let slots = facts.slots {
            let busy = facts.neighbours.filter {
                $0.id != run.id && $0.isBusy(on: agent, at: startedAt - .milliseconds(1))
            }
            if busy.count >= slots {
                return (
                    "all \(slots) slots of agent \(agent) were taken",
                    "history (runs of agent \(agent) at the time)",
                    "Add slots or agents, or spread the schedules (jitter, H)."
                )
            }
        }
        let grace = facts.definition?.specification.misfire.grace ?? .zero
        if run.trigger == .schedule, run.due.duration(to: startedAt) > grace {
            return (
                "nobody could start it in time, and the task's misfire policy made up for it",
                "history; znode \(facts.paths.definition) (misfire)", nil
            )
        }
        return (
            "the task had no owner that could start it in time: an agent was away, or had just taken it over",
            "history; the log of the leading center says who left when", nil
        )
    }

    /// The run of the same task whose end made way.
    private static func blocker(_ facts: RunFacts, until startedAt: Instant) -> Run? {
        facts.neighbours.filter { other in
            guard other.uid == facts.run.uid, other.id != facts.run.id,
                let ended = other.attempts.last?.result?.endedAt
            else { return false }
            return ended >= facts.run.due && ended <= startedAt + .seconds(1)
        }.max {
            ($0.attempts.last?.result?.endedAt ?? .epoch) < ($1.attempts.last?.result?.endedAt ?? .epoch)
        }
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

extension Run {
    /// Whether an attempt of it ran on an agent at an instant.
    fileprivate func isBusy(on agent: AgentID, at instant: Instant) -> Bool {
        attempts.contains { attempt in
            guard attempt.agent == agent, let startedAt = attempt.startedAt, startedAt <= instant else {
                return false
            }
            return attempt.result.map { $0.endedAt >= instant } ?? true
        }
    }
}
