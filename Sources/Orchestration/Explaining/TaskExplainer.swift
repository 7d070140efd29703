public import Domain
import Scheduling

/// Answers "why does it (not) run, and why there?" from the facts of a task; pure.
public enum TaskExplainer {
    /// The facts that matter, what keeps the task from running first.
    public static func explain(_ facts: TaskFacts) -> [Explanation.Finding] {
        let obstacles =
            leadership(facts) + pause(facts) + suspension(facts) + schedule(facts) + placement(facts)
            + row(facts) + facts.unitWaits + runs(facts)
        let conditions = slots(facts) + clocks(facts)
        let isWell = obstacles.isEmpty && conditions.isEmpty && !isAtRest(facts)
        let healthy = isWell ? [well(facts)] : []
        return obstacles + conditions + healthy + following(facts) + changes(facts) + next(facts)
            + parts(facts) + place(facts)
    }

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
        if let max = concurrency.livingMax, livingOfPart(facts).count >= max,
            let run = livingOfPart(facts).first
        {
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

    /// Runs are counted for each part by itself.
    private static func livingOfPart(_ facts: TaskFacts) -> [Run] {
        facts.living.filter { $0.part == facts.part }
    }

    private static func latest(_ run: Run, _ facts: TaskFacts) -> [Explanation.Finding] {
        switch run.state {
        case .skipped, .missed, .lost, .failed, .timedOut:
            let isResident = facts.definition.specification.residency != nil
            let findings = RunExplainer.disposition(of: run, isResident: isResident, facts.paths)
            return findings.map { finding in
                var finding = finding
                finding.fact = "Its latest run, due at \(run.due): " + finding.fact
                return finding
            }
        case .waiting, .running, .retrying, .succeeded, .stopped: return []
        }
    }
}

extension TaskExplainer {
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

    /// Whether its process has succeeded, and is begun again after failures only.
    private static func isAtRest(_ facts: TaskFacts) -> Bool {
        guard let residency = facts.definition.activeResidency, facts.living.isEmpty,
            facts.definition.nextDue(after: facts.now) == nil, let life = facts.latest?.life
        else { return false }
        return residency.restart.next(after: life) == nil
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
        if specification.residency != nil {
            sentence = "It is kept running: when its process ends, the next one begins."
        }
        if let run = facts.living.last {
            sentence = "Its next run follows the end of run \(run.id), which lives."
        } else if let run = facts.latest, let life = run.life {
            if let next = facts.definition.next(after: life) {
                sentence = "Its next run is due at \(next.due), after the end of run \(run.id)."
            } else if specification.residency != nil {
                sentence = "Run \(run.id) has succeeded, and it is restarted after failures only."
            }
        }
        let place = specification.residency == nil ? "schedules" : "resident"
        let source = "znode \(facts.paths.definition) (\(place)); history"
        let advice =
            isAtRest(facts)
            ? "\"cloudtask task restart \(specification.name)\" begins it; with restart: {on: always} that happens by itself."
            : nil
        return found + [.init(.following, sentence, in: source, advice: advice)]
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
}
