import Domain
import Orchestration
import Payloads
import Scheduling

/// What `cluster plan` says, as it is printed.
struct PlanReport: Codable, Sendable {
    struct Agent: Codable, Sendable {
        var agent: AgentID
        var before: Int
        var gains: Int
        var losses: Int
        var after: Int
        var note: String?
    }

    struct Move: Codable, Sendable {
        var task: TaskID
        /// Absent for a task that nobody owns now.
        var from: AgentID?
        /// Absent for a task that nobody could own then.
        var to: AgentID?
        /// Why nobody could.
        var reason: String?
    }

    var runtime: RuntimeID
    var tasks: Int
    var agents: [Agent]
    /// Sorted by task.
    var moves: [Move]
    /// Tasks that nobody could own, whether or not somebody does now; sorted by task.
    var unplaceable: [Move]

    init(_ situation: PlanSituation, _ change: AllocationPreview.Change, now: Instant) {
        let preview = AllocationPreview(
            tasks: situation.tasks,
            agents: situation.agents,
            current: situation.current,
            change: change,
            now: now
        )
        runtime = situation.runtime
        tasks = situation.tasks.count
        let names = Dictionary(situation.tasks.map { ($0.part, $0.task) }) { first, _ in first }
        let joining = Set(change.joining.map(\.agent))
        agents = preview.balances.map { balance in
            Agent(
                agent: balance.agent,
                before: balance.before,
                gains: balance.gains,
                losses: balance.losses,
                after: balance.after,
                note: change.leaving.contains(balance.agent)
                    ? "leaves" : joining.contains(balance.agent) ? "joins" : situation.notes[balance.agent]
            )
        }
        let plan = preview.plan
        let reasons = Dictionary(plan.unplaceable.map { ($0.part, "\($0.reason)") }) { first, _ in first }
        let moved = plan.move.map { ($0.part, Optional($0.from), Optional($0.to)) }
        let assigned = plan.assign.map { ($0.part, AgentID?.none, Optional($0.agent)) }
        let released = plan.release.map { ($0.part, Optional($0.agent), AgentID?.none) }
        moves = (moved + assigned + released).compactMap { part, from, to in
            names[part].map { Move(task: $0, from: from, to: to, reason: reasons[part]) }
        }.sorted { $0.task < $1.task }
        unplaceable = plan.unplaceable.map { entry in
            Move(task: entry.task, from: situation.current[entry.part], to: nil, reason: "\(entry.reason)")
        }.sorted { $0.task < $1.task }
    }
}

/// A runtime as the planner sees it, from the answers of a center.
struct PlanSituation: Sendable {
    var runtime: RuntimeID
    var tasks: [PlannableTask]
    var agents: [PlannableAgent]
    var current: [TaskPart: AgentID]
    /// What is special about agents: drained, or gone.
    var notes: [AgentID: String] = [:]

    init(runtime: RuntimeID, tasks: [TaskPayload], nodes: [NodePayload]) {
        self.runtime = runtime
        // A broadcast is on every agent, and moves nowhere.
        let meant = tasks.filter {
            $0.specification.runtime == runtime && $0.specification.isEnabled && !$0.specification.isBroadcast
        }
        self.tasks = meant.flatMap { PlannableTask.parts(of: $0.specification, $0.uid, among: []) }
        current = [:]
        for task in meant {
            if let owner = task.owner { current[TaskPart(uid: task.uid)] = owner }
            for owner in task.parts?.owners ?? [] {
                for part in owner.parts { current[TaskPart(uid: task.uid, part: part)] = owner.agent }
            }
        }
        agents = []
        for node in nodes where node.runtime == runtime {
            if node.drained { notes[node.agent] = "drained" }
            guard node.online else {
                notes[node.agent] = "gone"
                continue
            }
            agents.append(
                PlannableAgent(
                    agent: node.agent,
                    runtime: runtime,
                    labels: node.labels ?? [:],
                    region: node.region,
                    zone: node.zone,
                    slots: node.slots ?? 1,
                    isDrained: node.drained
                )
            )
        }
    }

    /// So many agents that do not exist yet, like most of those there are.
    func newcomers(_ count: Int) -> [PlannableAgent] {
        let taken = Set(agents.map(\.agent))
        let sizes = Dictionary(agents.map { ($0.slots, 1) }, uniquingKeysWith: +)
        let slots = sizes.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key ?? Self.slotsStandard
        var newcomers: [PlannableAgent] = []
        var number = 1
        while newcomers.count < count {
            if let name = AgentID("new-\(number)"), !taken.contains(name) {
                newcomers.append(PlannableAgent(agent: name, runtime: runtime, slots: slots))
            }
            number += 1
        }
        return newcomers
    }

    /// What agents have unless told otherwise.
    private static let slotsStandard = 64
}

extension PlanReport {
    /// The report for people; at most `limit` tasks.
    func text(_ printer: Printer, isWide: Bool, limit: Int) -> String {
        let width = isWide ? Int.max : Terminal.columns
        var text = summary.text(width: width, style: printer.style) + "\n"
        let shown = moves.prefix(limit)
        if !shown.isEmpty {
            var table = Table([
                .init(title: "TASK", isElastic: true), .init(title: "FROM"), .init(title: "TO"),
                .init(title: "WHY NOWHERE", isElastic: true),
            ])
            for move in shown {
                table.append([
                    .init(move.task.text), .init(move.from?.text ?? "-"),
                    move.to.map { .init($0.text) } ?? .init("-", .bad), .init(move.reason ?? ""),
                ])
            }
            text += table.text(width: width, style: printer.style)
        }
        if moves.count > shown.count { text += "… and \(moves.count - shown.count) more: give --limit\n" }
        let stuck = unplaceable.filter { $0.from == nil }
        for task in stuck.prefix(limit) {
            text += "task \(task.task) is unplaceable already: \(task.reason ?? "")\n"
        }
        let nowhere = unplaceable.count - stuck.count
        text += "\n\(moves.count) of \(tasks) tasks would move"
        text += nowhere > 0 ? ", " + printer.style.paint("\(nowhere) of them nowhere", .bad) + ".\n" : ".\n"
        return text
    }

    private var summary: Table {
        var table = Table([
            .init(title: "AGENT", isElastic: true), .init(title: "NOW", isNumber: true),
            .init(title: "GAINS", isNumber: true), .init(title: "LOSES", isNumber: true),
            .init(title: "THEN", isNumber: true), .init(title: "NOTE"),
        ])
        for agent in agents {
            table.append([
                .init(agent.agent.text), .init("\(agent.before)"),
                .init(agent.gains > 0 ? "+\(agent.gains)" : "0"),
                .init(agent.losses > 0 ? "-\(agent.losses)" : "0"), .init("\(agent.after)"),
                .init(agent.note ?? ""),
            ])
        }
        return table
    }
}
