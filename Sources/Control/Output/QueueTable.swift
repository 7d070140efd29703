import Domain
import Payloads

/// Shows what waits at an agent.
enum QueueTable {
    /// The queue in one sentence.
    static func summary(of queue: QueuePayload, at agent: AgentID) -> String {
        var text = "\(queue.running) of \(queue.slots) slots of agent \(agent) are taken"
        if let limit = queue.startsPerSecond {
            let rounded = (limit * 10).rounded() / 10
            let number = rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
            text += ", it starts at most \(number) a second"
        }
        text += queue.waiting == 0 ? ", nothing waits for a slot" : ", \(queue.waiting) wait for a slot"
        if let obstacle = queue.obstacle { text += " (\(obstacle))" }
        return text + (queue.held == 0 ? "" : ", \(queue.held) for something else")
    }

    /// What waits, one attempt a line.
    static func table(_ queue: QueuePayload, _ time: TimeText) -> Table {
        var table = Table([
            .init(title: "#", isNumber: true), .init(title: "RUN", isElastic: true),
            .init(title: "TASK", isElastic: true), .init(title: "GROUP"),
            .init(title: "PRIORITY", isNumber: true), .init(title: "DUE"),
            .init(title: "WAITS BECAUSE", isElastic: true),
        ])
        for entry in queue.entries {
            let run = entry.attempt == 1 ? "\(entry.run)" : "\(entry.run), attempt \(entry.attempt)"
            table.append([
                .init(entry.position.map(String.init) ?? "-"), .init(run), .init(entry.task.text),
                .init(entry.group?.text ?? "-"), .init(entry.priority.map(String.init) ?? "-"),
                .init(time.relative(entry.due)), .init(entry.reason),
            ])
        }
        return table
    }
}
