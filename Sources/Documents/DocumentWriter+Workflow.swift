public import Domain
import Foundation

/// Writes workflows: what all steps have stands with the beginning task, and each step says what it has beyond that.
extension DocumentWriter {
    /// The YAML document of a workflow.
    public static func yaml(_ workflow: Workflow) throws -> String {
        YAMLWriter.text(of: try node(of: workflow))
    }

    /// The JSON document of a workflow, on one line.
    public static func json(_ workflow: Workflow) throws -> String { try node(of: workflow).json }

    private static func node(of workflow: Workflow) throws -> SourceNode {
        let head = try WrittenTask(workflow.head)
        let plain = try WrittenTask(TaskSpecification(name: workflow.head.name, action: Workflow.beginning))
        var entries = [
            entry("kind", text(Document.Kind.workflow.rawValue)), entry("name", text(workflow.name.text)),
        ]
        entries += head.entries(["description"])
        if case .sequence(let schedules)? = head["schedules"]?.content {
            if schedules.count == 1 { entries.append(entry("schedule", ordered(schedules[0]))) }
            if schedules.count > 1 { entries += head.entries(["schedules"]) }
        }
        entries += head.entries(["misfire", "parameters"]) + head.entries(["enabled"], unless: "true")
        let defaults = head.difference(from: plain)
        if !defaults.isEmpty { entries.append(entry("defaults", mapping(defaults))) }
        let steps = try workflow.steps.map { step in
            entry(step.workflow?.step?.text ?? step.name.text, mapping(try self.entries(of: step, head)))
        }
        return mapping(entries + [entry("steps", mapping(steps))])
    }

    /// What a step says itself.
    private static func entries(of step: TaskSpecification, _ head: WrittenTask) throws -> [SourceNode.Entry]
    {
        let written = try WrittenTask(step)
        var entries = written.entries(["description"] + WorkflowReader.actionKeys)
        entries += written.difference(from: head)
        if step.after.edges.contains(where: { step.workflow?.step(of: $0.task) != nil }) {
            entries += [entry("after", try edges(of: step))] + written.entries(["join"])
        }
        return entries + written.entries(["enabled"], unless: "true")
    }

    /// The steps that a step comes after: names where they have to succeed.
    private static func edges(of step: TaskSpecification) throws -> SourceNode {
        let elements = try step.after.edges.map { edge -> SourceNode in
            let name = step.workflow?.step(of: edge.task)?.text ?? edge.task.text
            if edge.condition == .succeeded { return text(name) }
            guard case .mapping(let entries) = try node(json: edge.written).content else { return text(name) }
            let others = entries.filter { $0.key.scalar?.text != "task" }
            return ordered(mapping([entry("step", text(name))] + others))
        }
        return SourceNode(content: .sequence(elements), line: 1, column: 1)
    }

    static func entry(_ key: String, _ value: SourceNode) -> SourceNode.Entry {
        .init(key: text(key), value: value)
    }

    static func mapping(_ entries: [SourceNode.Entry]) -> SourceNode {
        SourceNode(content: .mapping(entries), line: 1, column: 1)
    }
}

/// A task's document by its keys, with those that have their defaults and may be said for all steps of a workflow.
private struct WrittenTask {
    private var values: [String: SourceNode] = [:]

    init(_ task: TaskSpecification) throws {
        let defaults = try [
            "retry": Retry().written, "concurrency": Concurrency().written, "priority": "0",
            "placement": "{}", "exclusive": "[]", "pools": "{}",
        ]
        for (key, json) in defaults { values[key] = try DocumentWriter.node(json: json) }
        guard case .mapping(let entries) = try DocumentWriter.node(json: task.written).content else { return }
        for entry in entries { values[entry.key.scalar?.text ?? ""] = entry.value }
    }

    subscript(key: String) -> SourceNode? { values[key] }

    /// The entries of these keys, as far as they are there and say something else than `word`.
    func entries(_ keys: [String], unless word: String? = nil) -> [SourceNode.Entry] {
        keys.compactMap { key in
            guard let value = values[key], word == nil || value.scalar?.text != word else { return nil }
            return DocumentWriter.entry(key, DocumentWriter.ordered(value))
        }
    }

    /// What it says otherwise than another about what may be said for all steps; of labels and variables those that differ.
    func difference(from other: WrittenTask) -> [SourceNode.Entry] {
        WorkflowReader.defaultKeys.compactMap { key in
            guard var value = values[key] else { return nil }
            let shared = other.values[key]
            guard value.json != shared?.json else { return nil }
            if key == "labels" || key == "environment", case .mapping(let own) = value.content {
                var known: [String: String] = [:]
                if case .mapping(let entries)? = shared?.content {
                    for entry in entries { known[entry.key.scalar?.text ?? ""] = entry.value.json }
                }
                let differing = own.filter { known[$0.key.scalar?.text ?? ""] != $0.value.json }
                guard !differing.isEmpty else { return nil }
                value.content = .mapping(differing)
            }
            return DocumentWriter.entry(key, DocumentWriter.ordered(value))
        }
    }
}

extension Encodable {
    /// The value as JSON, the same for equal values.
    fileprivate var written: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            // In a list, because not every encoder takes a scalar alone.
            return String(String(decoding: try encoder.encode([self]), as: UTF8.self).dropFirst().dropLast())
        }
    }
}
