/// Durations as systemd writes them: `90`, `5min 20s`, `1h30m`, `1.5 days`.
enum TimeSpan {
    /// The duration; `nil` when the text is none, or `infinity`.
    static func duration(_ text: String) -> Duration? {
        var rest = text[...].drop(while: \.isWhitespace)
        guard !rest.isEmpty else { return nil }
        var total = 0.0
        while !rest.isEmpty {
            let number = rest.prefix { $0.isNumber || $0 == "." }
            guard let count = Double(number) else { return nil }
            rest = rest.dropFirst(number.count).drop(while: \.isWhitespace)
            let unit = rest.prefix(while: \.isLetter)
            guard let seconds = secondsPerUnit[String(unit)] else { return nil }
            rest = rest.dropFirst(unit.count).drop(while: \.isWhitespace)
            total += count * seconds
        }
        guard total < 3e9 else { return nil }
        return .milliseconds(Int64((total * 1_000).rounded()))
    }

    private static let secondsPerUnit: [String: Double] = {
        let units: [(names: [String], seconds: Double)] = [
            (["us", "µs", "usec"], 0.000_001), (["ms", "msec"], 0.001),
            (["", "s", "sec", "second", "seconds"], 1), (["m", "min", "minute", "minutes"], 60),
            (["h", "hr", "hour", "hours"], 3_600), (["d", "day", "days"], 86_400),
            (["w", "week", "weeks"], 604_800), (["M", "month", "months"], 2_629_800),
            (["y", "year", "years"], 31_557_600),
        ]
        var seconds: [String: Double] = [:]
        for unit in units {
            for name in unit.names { seconds[name] = unit.seconds }
        }
        return seconds
    }()
}
