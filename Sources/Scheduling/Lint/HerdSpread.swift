/// Finds other instants for the tasks of a herd: a function of the task's name, the same wherever it is computed.
struct HerdSpread {
    /// Whether minutes alone are too few places for the herd.
    private let needsSeconds: Bool

    init(tasks: Int, startsPerSecondMax: Int) {
        // Half of the places are left empty, for a hash does not fill them evenly.
        needsSeconds = tasks > startsPerSecondMax * 30
    }

    /// What to write instead of a schedule; `nil` for one that cannot move.
    func schedule(_ schedule: Schedule, for name: String) -> String? {
        switch schedule {
        case .cron(let cron): self.cron(cron.expression, name).map { "cron: \"\($0)\"" }
        case .every(let interval): every(interval, name)
        default: nil
        }
    }

    /// An interval counted from another instant.
    private func every(_ interval: IntervalSchedule, _ name: String) -> String? {
        let milliseconds = UInt64(interval.every.wholeMilliseconds)
        guard milliseconds >= 2_000 else { return nil }
        let places = milliseconds / 1_000
        let start = (interval.start ?? .epoch) + .seconds(Int(Self.hash(name) % places))
        return "every: \(DurationText(interval.every)) with start: \(start)"
    }

    /// The expression with another minute, and another second where minutes do not do.
    private func cron(_ expression: CronExpression, _ name: String) -> String? {
        var words = expression.text.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
        if words.count == 1 {
            let macros = ["@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *"]
            guard let long = macros[words[0].lowercased()] else { return nil }
            words = long.split(separator: " ").map(String.init)
        }
        let hash = Self.hash(name)
        guard (5...7).contains(words.count) else { return nil }
        let hasSeconds = words.count > 5
        let minute = moved(words[hasSeconds ? 1 : 0], hash)
        if let minute { words[hasSeconds ? 1 : 0] = minute }
        guard needsSeconds || minute == nil else { return words.joined(separator: " ") }
        let second = hash / 3_600 % 60
        if !hasSeconds { return "\(second) " + words.joined(separator: " ") }
        guard let moved = moved(words[0], hash / 3_600) else { return nil }
        words[0] = moved
        return words.joined(separator: " ")
    }

    /// A single value or a step that begins elsewhere; `nil` for what must stay.
    private func moved(_ field: String, _ hash: UInt64) -> String? {
        if Int(field) != nil { return "\(hash % 60)" }
        let parts = field.split(separator: "/")
        guard parts.count == 2, parts[0] == "*" || parts[0] == "0" || parts[0] == "0-59",
            let step = UInt64(parts[1]), step > 1
        else { return nil }
        return "\(hash % step)-59/\(step)"
    }

    /// FNV-1a, 64 bits, mixed once more so that names that differ in their last digit differ everywhere.
    private static func hash(_ name: String) -> UInt64 {
        let hash = name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return (hash ^ hash >> 32) &* 0x9e37_79b9_7f4a_7c15 >> 16
    }
}
