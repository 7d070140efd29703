import Domain
import Payloads
import Scheduling

/// Shows tasks.
enum TaskTable {
    /// Many tasks, one a line.
    static func table(_ tasks: [TaskPayload], isWide: Bool, _ time: TimeText) -> Table {
        var columns: [Table.Column] = [
            .init(title: "NAME", isElastic: true), .init(title: "SCHEDULE", isElastic: true),
            .init(title: "NEXT"),
            .init(title: "LAST"), .init(title: "AGENT", isElastic: true),
        ]
        if isWide {
            columns += [
                .init(title: "RUNTIME"), .init(title: "GROUP"), .init(title: "REVISION", isNumber: true),
                .init(title: "DELIVERY"), .init(title: "CONCURRENCY"), .init(title: "NEXT DUE"),
            ]
        }
        var table = Table(columns)
        for task in tasks {
            let specification = task.specification
            var row: [Table.Cell] = [
                .init(specification.name.text), .init(schedules(of: specification)), next(task, time),
                last(task), owner(task),
            ]
            if isWide {
                row += [
                    .init(specification.runtime.text), .init(specification.group.text),
                    .init(String(task.revision)),
                    .init(specification.delivery.rawValue),
                    .init(specification.concurrency.policy.rawValue), .init(time.absolute(task.next)),
                ]
            }
            table.append(row)
        }
        return table
    }

    /// Everything about one task.
    static func details(of task: TaskPayload, _ time: TimeText) -> [(name: String, value: Table.Cell)] {
        let specification = task.specification
        var pairs: [(name: String, value: Table.Cell)] = [
            ("name", .init(specification.name.text, .strong)),
            ("state", state(of: task)),
        ]
        if let pause = task.pause { pairs.append(("pause", .init(words(pause, time)))) }
        if let description = specification.description { pairs.append(("description", .init(description))) }
        pairs += ActionText.pairs(of: specification.action).map { ($0.name, .init($0.text)) }
        for parameter in specification.parameters { pairs.append(("parameter", .init(words(parameter)))) }
        for schedule in specification.schedules { pairs.append(("schedule", .init(schedule.explained))) }
        pairs += residency(of: task, time)
        pairs += [
            ("next", .init(task.next.map { "\(time.absolute($0)) (\(time.relative($0)))" } ?? "-"))
        ]
        for fire in task.exceptions ?? [] where max(fire.due, fire.decidedAt) > time.now {
            pairs.append(("fire", .init("\(time.absolute(fire.due)) \(FireAnswer.words(fire, time))")))
        }
        if let split = split(of: specification) { pairs.append(("split", .init(split))) }
        for (name, values) in specification.shardParameters.sorted(by: { $0.key < $1.key }) {
            let texts = values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            pairs.append(("shard", .init("\(name): \(texts.joined(separator: ", "))")))
        }
        for owner in task.parts?.owners ?? [] where specification.shards != nil {
            let names = owner.parts.map { specification.shards?.name(of: $0) ?? String($0) }
            pairs.append(("shards", .init("\(names.joined(separator: ", ")) on \(owner.agent)")))
        }
        pairs += [
            ("last", last(task)),
            ("agent", owner(task)),
            ("runtime", .init(specification.runtime.text)),
            ("group", .init(specification.group.text)),
            ("workflow", .init(specification.workflow?.workflow.text ?? "-")),
            ("labels", .init(labels(of: specification))),
            ("delivery", .init(specification.delivery.rawValue)),
            ("concurrency", .init(concurrency(specification.concurrency))),
            ("units", .init(units(specification.demand))),
            ("after", .init(dependencies(specification.after))),
            ("timeout", .init(specification.timeout.map { DurationText($0).text } ?? "none")),
            ("kill grace", .init(DurationText(specification.killGrace).text)),
            ("revision", .init("\(task.revision) since \(time.absolute(task.effectiveFrom))")),
            ("created", .init(time.absolute(task.createdAt))),
            ("uid", .init(task.uid.description)),
        ]
        return pairs
    }

    /// How each fire is split; `nil` when it is not.
    private static func split(of specification: TaskSpecification) -> String? {
        switch specification.split {
        case .whole: nil
        case .shards(let shards): "\(shards.total) shards"
        case .broadcast: "broadcast: every agent that may run it"
        }
    }

    /// The schedules as they were written.
    static func schedules(of specification: TaskSpecification) -> String {
        let texts = specification.schedules.map { schedule in
            switch schedule.timing {
            case .cron(let cron): cron.expression.text
            case .every(let interval): "every \(DurationText(interval.every))"
            case .once(let due): "at \(due)"
            case .calendar, .afterCompletion, .onAgentStart: schedule.explained
            }
        }
        if specification.residency != nil { return "resident" }
        if texts.isEmpty, !specification.after.edges.isEmpty {
            return "after " + dependencies(specification.after)
        }
        return texts.isEmpty ? "on request" : texts.joined(separator: "; ")
    }

    /// The tasks it comes after, and how their runs have to end.
    static func dependencies(_ after: Dependencies) -> String {
        let texts = after.edges.map { edge in
            edge.condition == .succeeded ? edge.task.text : "\(edge.task) (\(edge.condition.name))"
        }
        return texts.isEmpty ? "none" : texts.joined(separator: after.join == .all ? " and " : " or ")
    }

    /// What happens to runs that would overlap, with the limit that the policy has.
    static func concurrency(_ concurrency: Concurrency) -> String {
        let name = concurrency.policy.rawValue
        switch concurrency.policy {
        case .allow: return concurrency.max.map { "\(name), at most \($0) at a time" } ?? name
        case .queueAll: return "\(name), at most \(concurrency.cap) wait"
        case .forbid, .queueOne, .replace: return name
        }
    }

    /// What its runs share with those of other tasks.
    static func units(_ demand: UnitDemand) -> String {
        let texts = demand.units.keys.sorted().map { source in
            switch source {
            case .key(let name): "exclusive \(name)"
            case .pool(let name): "\(demand.pools[name] ?? 0) of pool \(name)"
            }
        }
        return texts.isEmpty ? "none" : texts.joined(separator: ", ")
    }

    private static func next(_ task: TaskPayload, _ time: TimeText) -> Table.Cell {
        if !task.isPaused, task.suspended == true { return .init("suspended", .warning) }
        guard task.isPaused else { return .init(time.relative(task.next)) }
        let limit = task.pause?.until.map { " until \(time.absolute($0))" } ?? ""
        let reason = task.pause?.reason.map { ": \($0)" } ?? ""
        return .init("paused" + limit + reason, .warning)
    }

    /// Since when and until when a task is paused, why, and by whom.
    static func words(_ pause: PauseRecord, _ time: TimeText) -> String {
        var text = "paused since \(time.absolute(pause.since))"
        if let by = pause.author { text += " by \(by)" }
        text +=
            pause.until.map { ", until \(time.absolute($0)) (\(time.relative($0)))" }
            ?? ", until it is resumed"
        return text + (pause.reason.map { ": \($0)" } ?? "")
    }

    /// A parameter in a line.
    static func words(_ parameter: Parameter) -> String {
        var text = "\(parameter.name), \(parameter.kind.rawValue)"
        if !parameter.choices.isEmpty { text += " of \(parameter.choices.joined(separator: ", "))" }
        if let least = parameter.least { text += ", from \(least)" }
        if let greatest = parameter.greatest { text += ", to \(greatest)" }
        if let pattern = parameter.pattern { text += ", matching \(pattern)" }
        if let value = parameter.defaultValue { text += ", default \(value)" }
        if parameter.isRequired { text += ", required" }
        return text + (parameter.description.map { ": \($0)" } ?? "")
    }

    /// Whether its schedules count, and if not, who decided so.
    private static func state(of task: TaskPayload) -> Table.Cell {
        if task.isPaused { return .init("paused", .warning) }
        guard task.suspended == true else { return .init("enabled", .good) }
        return .init("suspended" + (task.unplacedReason.map { ": \($0)" } ?? ""), .warning)
    }

    /// `env=prod, team=data`.
    static func labels(of task: TaskSpecification) -> String {
        let texts = task.labels.keys.sorted().map { "\($0)=\(task.labels[$0] ?? "")" }
        return texts.isEmpty ? "-" : texts.joined(separator: ", ")
    }

    private static func last(_ task: TaskPayload) -> Table.Cell {
        task.last.map { .init($0.state.rawValue, RunTable.tone(of: $0.state)) } ?? "-"
    }

    private static func owner(_ task: TaskPayload) -> Table.Cell {
        if let owner = task.owner { return .init(owner.text) }
        if let parts = task.parts, parts.unplaced == nil, !parts.owners.isEmpty {
            let shown = parts.owners.prefix(3).map(\.agent.text).joined(separator: ", ")
            return .init(parts.owners.count > 3 ? "\(shown) and \(parts.owners.count - 3) more" : shown)
        }
        return task.unplacedReason.map { .init("none: \($0)", .warning) } ?? "-"
    }
}

extension TaskPayload {
    /// Whether its schedules do not count now.
    fileprivate var isPaused: Bool { pause != nil || !specification.isEnabled }
}
