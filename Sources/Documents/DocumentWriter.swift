public import Domain
import Foundation
public import Scheduling

/// Writes documents that read back as the same values.
public enum DocumentWriter {
    /// The YAML document of a task.
    public static func yaml(_ specification: TaskSpecification) throws -> String {
        try yaml(specification, kind: .task)
    }

    /// The YAML document of a runtime.
    public static func yaml(_ settings: RuntimeSettings) throws -> String {
        try yaml(settings.documented, kind: .runtime)
    }

    /// The YAML document of a calendar.
    public static func yaml(_ calendar: DayCalendar) throws -> String {
        try yaml(calendar, kind: .calendar)
    }

    /// The YAML document of a pool.
    public static func yaml(_ pool: Pool) throws -> String {
        try yaml(pool, kind: .pool)
    }

    /// The YAML document of a definition.
    public static func yaml(_ definition: Definition) throws -> String {
        switch definition {
        case .calendar(let calendar): try yaml(calendar)
        case .workflow(let workflow): try yaml(workflow)
        case .pool(let pool): try yaml(pool)
        case .runtime(let settings): try yaml(settings)
        }
    }

    /// The YAML of schedules as it stands in the document of a task, the key `schedules` included.
    public static func yaml(_ schedules: [Schedule]) throws -> String {
        let json = String(decoding: try JSONEncoder().encode(["schedules": schedules]), as: UTF8.self)
        return YAMLWriter.text(of: ordered(try node(json: json)))
    }

    /// The JSON document of a task, on one line, with sorted keys.
    public static func json(_ specification: TaskSpecification) throws -> String {
        try json(specification, kind: .task)
    }

    /// The JSON document of a runtime, on one line, with sorted keys.
    public static func json(_ settings: RuntimeSettings) throws -> String {
        try json(settings.documented, kind: .runtime)
    }

    /// The JSON document of a calendar, on one line, with sorted keys.
    public static func json(_ calendar: DayCalendar) throws -> String {
        try json(calendar, kind: .calendar)
    }

    /// The JSON document of a pool, on one line, with sorted keys.
    public static func json(_ pool: Pool) throws -> String {
        try json(pool, kind: .pool)
    }

    private static func json(_ value: some Encodable, kind: Document.Kind) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let body = String(decoding: try encoder.encode(value), as: UTF8.self)
        return "{\"kind\":\"\(kind.rawValue)\"," + body.dropFirst()
    }

    /// Any JSON value as YAML; the order of keys is kept.
    public static func yaml(json: String) throws(DocumentError) -> String {
        YAMLWriter.text(of: try node(json: json))
    }

    private static func yaml(_ value: some Encodable, kind: Document.Kind) throws -> String {
        let json = String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
        guard case .mapping(let entries) = try node(json: json).content else { return "" }
        let head = SourceNode.Entry(key: text("kind"), value: text(kind.rawValue))
        return YAMLWriter.text(of: ordered(.init(content: .mapping([head] + entries), line: 1, column: 1)))
    }

    static func node(json: String) throws(DocumentError) -> SourceNode {
        var reader = JSONReader("[" + json + "]")
        do throws(JSONReader.Failure) {
            return try reader.readAll().first ?? text("")
        } catch {
            let location = SourceLocation(file: "-", line: error.line, column: error.column)
            throw DocumentError(problems: [.init(location: location, field: "", message: error.message)])
        }
    }

    static func text(_ text: String) -> SourceNode {
        SourceNode(content: .scalar(Scalar(text: text, isPlain: false)), line: 1, column: 1)
    }

    /// Sorts keys as documentation names them; others follow by name.
    static func ordered(_ node: SourceNode) -> SourceNode {
        var node = node
        switch node.content {
        case .scalar: break
        case .sequence(let elements): node.content = .sequence(elements.map(ordered))
        case .mapping(let entries):
            let sorted = entries.sorted { rank($0.key) < rank($1.key) }
            node.content = .mapping(sorted.map { .init(key: $0.key, value: ordered($0.value)) })
        }
        return node
    }

    private static func rank(_ key: SourceNode) -> (Int, String) {
        let text = key.scalar?.text ?? ""
        return (order.firstIndex(of: text) ?? order.count, text)
    }

    private static let order =
        TaskReader.keys + [
            "rejoinGrace", "flapStarts", "flapWindow", "rejoinDelay", "massChangePercent", "catchUpsMax",
            "startsPerSecond", "shares",
            "drained",
        ]
        + ["units"]
        + ["calendar", "daily", "weekly", "weeks", "monthly", "months", "afterCompletion", "onAgentStart"]
        + ["cron", "from", "to", "every", "at", "windows"]
        + ["timeZone", "days", "gap", "overlap", "dialect", "start", "end", "jitter", "exclude", "include"]
        + ["maxRuns", "dates", "weekdays", "yearly", "calendars", "ical"]
        + ["type", "default", "required", "choices", "min", "pattern"]
        + ["policy", "grace", "window", "max", "cap"]
        + ["task", "step", "on", "exitCodes"]
        + ["restart", "probe", "failures", "startDelay"]
        + ["workingDirectory", "user", "groups", "umask", "nice", "io", "limits"]
        + ["memory", "cpu", "cpuTime", "processes", "openFiles", "fileSize", "core"]
        + ["url", "method", "headers", "body", "json", "connect", "total", "expect", "status", "follow"]
        + ["tls", "ca", "insecure", "privateAddresses", "maxBody", "outputs", "config"]
}

extension RuntimeSettings {
    /// Without what is no part of a document: whether it is paused now.
    fileprivate var documented: RuntimeSettings {
        var settings = self
        settings.pause = nil
        return settings
    }
}
