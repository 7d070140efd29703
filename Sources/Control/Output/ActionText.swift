import Domain
import Scheduling

/// Shows what a task executes.
enum ActionText {
    /// The lines about an action: what each is about, and its text.
    static func pairs(of action: TaskSpecification.Action) -> [(name: String, text: String)] {
        switch action {
        case .command(let words): return [("command", words.joined(separator: " "))]
        case .script(let text, let interpreter):
            let script = lines(of: text, as: "script")
            if interpreter.isEmpty { return script }
            return [(name: "interpreter", text: interpreter.joined(separator: " "))] + script
        case .plugin(let call): return [("plugin", call.name)]
        case .http(let call): return [("http", "\(call.method) \(call.url)")]
        case .phases(let phases):
            return phases.all.flatMap { name, phase in pairs(of: phase, name.rawValue) }
        }
    }

    /// The lines about a phase: those of what it executes, under its name.
    private static func pairs(of phase: Phase, _ name: String) -> [(name: String, text: String)] {
        var lines = pairs(of: phase.action)
        if let timeout = phase.timeout { lines.append((name: "timeout", text: DurationText(timeout).text)) }
        return lines.map { line in
            if line.name.isEmpty { return line }
            return (name: line.name == "command" ? name : "\(name) \(line.name)", text: line.text)
        }
    }

    /// A text as it was written, line by line under its name.
    private static func lines(of text: String, as name: String) -> [(name: String, text: String)] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        while lines.count > 1, lines.last?.isEmpty == true { lines.removeLast() }
        return lines.enumerated().map { (name: $0.offset == 0 ? name : "", text: $0.element) }
    }
}
