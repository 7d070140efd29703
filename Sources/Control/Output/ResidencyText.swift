import Domain
import Payloads
import Scheduling

/// What `task get` says of a resident task.
extension TaskTable {
    /// How it is kept running, and how its process is.
    static func residency(of task: TaskPayload, _ time: TimeText) -> [(name: String, value: Table.Cell)] {
        guard let residency = task.specification.residency else { return [] }
        var pairs: [(name: String, value: Table.Cell)] = [
            ("resident", .init(words(residency.restart)))
        ]
        if let probe = residency.probe { pairs.append(("probe", .init(words(probe)))) }
        pairs.append(("process", process(of: task, time)))
        if let restarts = task.restarts { pairs.append(("restarts", .init("\(restarts) in the last hour"))) }
        if residency.probe != nil { pairs.append(("health", health(task.last?.health, time))) }
        if let status = task.last?.status {
            pairs.append(("status", .init("\(status.text) (\(time.relative(status.at)))")))
        }
        return pairs
    }

    /// When the next process follows the end of the one before.
    static func words(_ restart: Restart) -> String {
        let (delay, most) = (DurationText(restart.delay).text, DurationText(restart.maxDelay).text)
        let pause = restart.delay == restart.maxDelay ? "after \(delay)" : "after \(delay) to \(most)"
        let which = restart.on == .always ? "whenever it ends" : "when it fails"
        return "restarted \(which), \(pause); counted anew after \(DurationText(restart.resetAfter).text)"
    }

    /// What a probe asks, how often, and what it stands.
    static func words(_ probe: HealthProbe) -> String {
        let question =
            switch probe.check {
            case .command(let words): words.joined(separator: " ")
            case .http(let address): "GET \(address)"
            }
        let (every, timeout) = (DurationText(probe.every).text, DurationText(probe.timeout).text)
        return "\(question) every \(every), within \(timeout), at most \(probe.failures) bad in a row"
    }

    /// What a probe found last.
    static func health(_ health: RunHealth?, _ time: TimeText) -> Table.Cell {
        guard let health else { return .init("not known", .quiet) }
        let name = health.isHealthy ? "healthy" : "unhealthy"
        let text = "\(name): \(health.answer) (\(time.relative(health.at)))"
        if health.isHealthy, health.failures > 0 {
            return .init("\(text), \(health.failures) bad in a row", .warning)
        }
        return .init(text, health.isHealthy ? .good : .bad)
    }

    private static func process(of task: TaskPayload, _ time: TimeText) -> Table.Cell {
        guard let last = task.last, let attempt = last.attempts.last else { return "none yet" }
        if let start = attempt.startedAt, attempt.endedAt == nil {
            let since = "\(time.absolute(start)) (\(time.relative(start)))"
            return .init("running since \(since) on \(attempt.agent)", .good)
        }
        guard let end = attempt.endedAt else { return "starting" }
        let message = attempt.message.map { ": \($0)" } ?? ""
        let text = "\(last.state.rawValue) at \(time.absolute(end)) (\(time.relative(end)))\(message)"
        return .init(text, RunTable.tone(of: last.state))
    }
}
