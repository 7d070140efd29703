/// Finds how the tasks of a herd could be spread: with `H` in their cron fields, else with `jitter`.
///
/// Both are functions of the task's name, so all may have the same text.
struct HerdSpread {
    /// Whether minutes alone are too few places for the herd.
    private let needsSeconds: Bool
    private let jitter: Duration

    init(tasks: Int, startsPerSecondMax: Int) {
        // Half of the places are left empty, for a hash does not fill them evenly.
        needsSeconds = tasks > startsPerSecondMax * 30
        let seconds = 2 * tasks / startsPerSecondMax
        jitter = .seconds([60, 300, 900, 3_600].first { $0 >= seconds } ?? 3_600)
    }

    /// What to write instead of a schedule, or beside it; `nil` for one that time alone does not decide.
    func schedule(_ schedule: Schedule) -> String? {
        switch schedule.timing {
        case .afterCompletion, .onAgentStart: nil
        case .cron(let cron):
            self.cron(cron.expression).map { "cron: \"\($0)\"" } ?? "jitter: \(DurationText(jitter))"
        default: "jitter: \(DurationText(jitter))"
        }
    }

    /// The expression with a minute of the task's own, and a second where minutes do not do.
    private func cron(_ expression: CronExpression) -> String? {
        guard expression.options.dialect != .ocps else { return nil }
        var words = expression.text.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
        if words.count == 1 {
            let macros = ["@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *"]
            guard let long = macros[words[0].lowercased()] else { return nil }
            words = long.split(separator: " ").map(String.init)
        }
        guard (5...7).contains(words.count) else { return nil }
        let hasSeconds = words.count > 5
        let minute = moved(words[hasSeconds ? 1 : 0])
        if let minute { words[hasSeconds ? 1 : 0] = minute }
        guard needsSeconds || minute == nil else { return words.joined(separator: " ") }
        if !hasSeconds { return "H " + words.joined(separator: " ") }
        guard let second = moved(words[0]) else { return nil }
        words[0] = second
        return words.joined(separator: " ")
    }

    /// A single value or a step that begins where the name says; `nil` for what must stay.
    private func moved(_ field: String) -> String? {
        if Int(field) != nil { return "H" }
        let parts = field.split(separator: "/")
        guard parts.count == 2, parts[0] == "*" || parts[0] == "0" || parts[0] == "0-59",
            let step = Int(parts[1]), step > 1
        else { return nil }
        return "H/\(step)"
    }
}
