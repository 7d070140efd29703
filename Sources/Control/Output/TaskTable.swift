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
        if let description = specification.description { pairs.append(("description", .init(description))) }
        switch specification.action {
        case .command(let words): pairs.append(("command", .init(words.joined(separator: " "))))
        case .script(let text): pairs.append(("script", .init(text)))
        }
        for schedule in specification.schedules { pairs.append(("schedule", .init(schedule.explained))) }
        pairs += [
            ("next", .init(task.next.map { "\(time.absolute($0)) (\(time.relative($0)))" } ?? "-")),
            ("last", last(task)),
            ("agent", owner(task)),
            ("runtime", .init(specification.runtime.text)),
            ("group", .init(specification.group.text)),
            ("labels", .init(labels(of: specification))),
            ("delivery", .init(specification.delivery.rawValue)),
            ("concurrency", .init(concurrency(specification.concurrency))),
            ("timeout", .init(specification.timeout.map { DurationText($0).text } ?? "none")),
            ("kill grace", .init(DurationText(specification.killGrace).text)),
            ("revision", .init("\(task.revision) since \(time.absolute(task.effectiveFrom))")),
            ("created", .init(time.absolute(task.createdAt))),
            ("uid", .init(task.uid.description)),
        ]
        return pairs
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
        return texts.isEmpty ? "on request" : texts.joined(separator: "; ")
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

    private static func next(_ task: TaskPayload, _ time: TimeText) -> Table.Cell {
        if !task.specification.isEnabled { return .init("paused", .warning) }
        return task.suspended == true ? .init("suspended", .warning) : .init(time.relative(task.next))
    }

    /// Whether its schedules count, and if not, who decided so.
    private static func state(of task: TaskPayload) -> Table.Cell {
        if !task.specification.isEnabled { return .init("paused", .warning) }
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
        return task.unplacedReason.map { .init("none: \($0)", .warning) } ?? "-"
    }
}
