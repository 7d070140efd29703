import Domain
import Scheduling

/// Who has a task, why that agent, and what keeps it from running there.
extension TaskExplainer {
    static func placement(_ facts: TaskFacts) -> [Explanation.Finding] {
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

    static func row(_ facts: TaskFacts) -> [Explanation.Finding] {
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

    static func slots(_ facts: TaskFacts) -> [Explanation.Finding] {
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

    static func clocks(_ facts: TaskFacts) -> [Explanation.Finding] {
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

    static func place(_ facts: TaskFacts) -> [Explanation.Finding] {
        // Every agent has its own part of a broadcast.
        guard !facts.definition.specification.isBroadcast, let order = PlacementOrder(facts) else {
            return []
        }
        return [
            .init(
                .place,
                order.sentence(owner: facts.owner),
                in: "computed, as the leader does, from znode \(facts.paths.agents)"
            )
        ]
    }
}

extension TaskExplainer {
    /// Which agents have the parts of a task that has several.
    static func parts(_ facts: TaskFacts) -> [Explanation.Finding] {
        guard let parts = facts.parts else { return [] }
        let specification = facts.definition.specification
        var sentence: String
        if specification.isBroadcast {
            let agents = parts.owners.map(\.agent.text).joined(separator: ", ")
            sentence =
                parts.owners.isEmpty
                ? "No agent may run this broadcast now."
                : "Each fire runs once on every agent that may run it, now \(agents)."
        } else {
            let owners = parts.owners.map {
                "agent \($0.agent) has \($0.parts.map(String.init).joined(separator: ", "))"
            }
            sentence = "Each fire is split into \(parts.total) shards: \(owners.joined(separator: "; "))"
            if let unplaced = parts.unplaced {
                sentence +=
                    "\(owners.isEmpty ? "" : "; ")nobody has \(unplaced.map(String.init).joined(separator: ", "))"
            }
            sentence += ". What is said of agents and slots here is about shard \(facts.part)."
        }
        return [
            .init(
                .parts,
                sentence,
                in: "znodes \(facts.paths.row) and others beside it"
            )
        ]
    }
}
