import Domain
import Scheduling

/// Shows what a task executes.
enum ActionText {
    /// The lines about an action: what each is about, and its text.
    static func pairs(of action: TaskSpecification.Action) -> [(name: String, text: String)] {
        switch action {
        case .command(let words): return [("command", words.joined(separator: " "))]
        case .script(let text, let interpreter):
            let script = (name: "script", text: text)
            return interpreter.isEmpty
                ? [script] : [("interpreter", interpreter.joined(separator: " ")), script]
        case .plugin(let call): return [("plugin", call.name)]
        case .http(let call): return [("http", "\(call.method) \(call.url)")]
        case .phases(let phases):
            return phases.all.map { name, phase in (name.rawValue, text(of: phase)) }
        }
    }

    /// A phase in one text.
    private static func text(of phase: Phase) -> String {
        let texts = pairs(of: phase.action).map { $0.name == "command" ? $0.text : "\($0.name): \($0.text)" }
        let timeout = phase.timeout.map { ["timeout: \(DurationText($0).text)"] } ?? []
        return (texts + timeout).joined(separator: "; ")
    }
}
