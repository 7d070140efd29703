import Domain

/// Reads one `kind: Workflow` document: compiles it to the tasks it consists of.
struct WorkflowReader {
    /// The keys of a workflow's document, in the order they are written.
    static let keys = [
        "kind", "v", "name", "description", "schedule", "schedules", "misfire", "parameters", "enabled",
        "defaults", "steps",
    ]
    /// What may be said for all steps.
    static let defaultKeys = [
        "runtime", "group", "labels", "environment", "timeout", "killGrace", "delivery", "retry",
        "totalTimeout", "startDeadline", "concurrency", "exclusive", "pools", "priority", "placement",
    ]
    /// The keys of a step.
    static let stepKeys = ["description"] + actionKeys + ["after", "join", "enabled"] + defaultKeys
    /// What a step executes.
    static let actionKeys = [
        "command", "script", "interpreter", "setup", "run", "teardown", "http", "plugin",
    ]
    /// What only the workflow as a whole has.
    private static let foreignKeys = ["schedule", "schedules", "misfire", "parameters"]
    /// What makes several runs of one.
    private static let splitKeys = ["shards", "broadcast"]

    private let node: SourceNode
    private let fields: Fields
    private let name: WorkflowID
    private var defaults: [SourceNode.Entry] = []
    private var places: [String: SourceNode] = [:]

    /// The workflow; when `isValidated` it must also be fit to be saved.
    static func read(_ node: SourceNode, isValidated: Bool, _ reader: inout FieldReader) -> Workflow? {
        let problemCount = reader.problems.count
        defer { reader.removeRepeats(after: problemCount) }
        guard let fields = Fields(node, keys: keys, path: "", what: "a workflow", &reader) else { return nil }
        guard let nameNode = fields["name"] else {
            reader.refuse(node, "name", "the workflow has no name: add one such as name: nightly")
            return nil
        }
        guard let name = reader.name(nameNode, "name", of: WorkflowKind.self) else { return nil }
        var workflow = WorkflowReader(node: node, fields: fields, name: name)
        let read = workflow.read(isValidated: isValidated, &reader)
        return reader.problems.count == problemCount ? read : nil
    }

    private init(node: SourceNode, fields: Fields, name: WorkflowID) {
        self.node = node
        self.fields = fields
        self.name = name
    }

    /// What was read; also of what is wrong it is looked at how it hangs together.
    private mutating func read(isValidated: Bool, _ reader: inout FieldReader) -> Workflow? {
        if let node = fields["v"], node.scalar?.text != "1" {
            reader.refuse(node, "v", "v must be 1, the only version of workflow documents")
        }
        readDefaults(&reader)
        let head = readHead(isValidated: isValidated, &reader)
        let steps = readSteps(besides: head, isValidated: isValidated, &reader)
        guard let head, let steps, let workflow = Workflow(head: head, steps: steps) else { return nil }
        guard isValidated else { return workflow }
        // Nothing else can be wrong with what was read from a document and is not known yet.
        let counts = workflow.countProblems
        for problem in counts.isEmpty ? workflow.orderProblems : counts {
            reader.refuse(places[problem.field] ?? node, problem.field, problem.message)
        }
        return workflow
    }

    private mutating func readDefaults(_ reader: inout FieldReader) {
        guard let node = fields["defaults"],
            let fields = Fields(
                node,
                keys: Self.defaultKeys,
                path: "defaults",
                what: "the defaults of a workflow",
                &reader
            )
        else { return }
        defaults = Self.defaultKeys.compactMap { key in
            fields[key].map { .init(key: Self.text(key, at: $0), value: $0) }
        }
    }
}

extension WorkflowReader {
    /// The task that begins the workflow: it says what all steps have unless they say something else.
    private func readHead(isValidated: Bool, _ reader: inout FieldReader) -> TaskSpecification? {
        var entries = defaults
        entries.append(entry("name", Self.text(name.text, at: fields["name"] ?? node)))
        if case .script(let text, _) = Workflow.beginning {
            entries.append(entry("script", Self.text(text, at: node)))
        }
        for key in ["description", "schedules", "misfire", "parameters", "enabled"] {
            if let value = fields[key] { entries.append(entry(key, value)) }
        }
        if let schedule = fields["schedule"] {
            if let other = fields["schedules"] {
                reader.refuse(other, "schedules", "write schedule or schedules, never both: remove one")
            } else {
                let list = SourceNode(
                    content: .sequence([schedule]),
                    line: schedule.line,
                    column: schedule.column
                )
                entries.append(entry("schedules", list))
            }
        }
        var task = TaskReader(mapping(entries, at: node), in: WorkflowPlace(name), &reader)
        _ = task?.read(isValidated: isValidated, &reader)
        return task?.draft
    }

    /// The steps, as far as they have names: what else is wrong with one is told, and the others are still looked at.
    private mutating func readSteps(
        besides head: TaskSpecification?,
        isValidated: Bool,
        _ reader: inout FieldReader
    ) -> [TaskSpecification]? {
        guard let node = fields["steps"] else {
            reader.refuse(
                self.node,
                "steps",
                "workflow \(name) has no steps: add some such as steps: {extract: {command: [date]}}"
            )
            return nil
        }
        places["steps"] = node
        guard case .mapping(let entries) = node.content else {
            return reader.mismatch(
                node,
                "steps",
                "a mapping of names to steps such as {extract: {command: [date]}}"
            )
        }
        var seen: [StepID: SourceNode] = [:]
        var steps: [TaskSpecification] = []
        for entry in entries {
            guard let step = stepName(entry.key, &reader) else { continue }
            if let first = seen.updateValue(entry.key, forKey: step) {
                let message = "step '\(step)' is given twice, first on line \(first.line): rename one"
                reader.refuse(entry.key, "steps.\(step)", message)
                continue
            }
            let task = readStep(step, entry, isValidated: isValidated, &reader)
            if let task = task ?? head.flatMap({ Self.unread(step, $0) }) { steps.append(task) }
        }
        return steps.isEmpty && !entries.isEmpty ? nil : steps
    }

    /// What stands in for a step that could not be read, so that others may come after it.
    private static func unread(_ step: StepID, _ head: TaskSpecification) -> TaskSpecification? {
        let place = head.workflow.map { WorkflowPlace($0.workflow, step: step) }
        guard let place, let name = place.task else { return nil }
        let edges = [Dependencies.Edge(head.name)]
        return TaskSpecification(
            name: name,
            action: head.action,
            after: Dependencies(edges),
            workflow: place
        )
    }

    private func stepName(_ node: SourceNode, _ reader: inout FieldReader) -> StepID? {
        guard let step = reader.name(node, "steps key", of: StepKind.self) else { return nil }
        if WorkflowPlace(name, step: step).task != nil { return step }
        let message =
            step.text.contains(".")
            ? "'\(step)' cannot be the name of a step: dots separate workflows from their steps, write hyphens"
            : "'\(name).\(step)' would be the name of the step's task and has more than \(NameRule.lengthMax) characters: shorten it"
        reader.refuse(node, "steps.\(step)", message)
        return nil
    }

    private mutating func readStep(
        _ step: StepID,
        _ entry: SourceNode.Entry,
        isValidated: Bool,
        _ reader: inout FieldReader
    ) -> TaskSpecification? {
        let path = "steps.\(step)"
        places[path] = entry.value
        guard let own = ownFields(entry.value, path, &reader) else { return nil }
        var entries = defaults.filter { own[$0.key.scalar?.text ?? ""] == nil }
        for key in Self.stepKeys {
            guard let value = own[key] else { continue }
            entries.append(self.entry(key, merged(value, key)))
        }
        let place = WorkflowPlace(name, step: step)
        entries.append(self.entry("name", Self.text(place.task?.text ?? "", at: entry.key)))
        if let parameters = fields["parameters"] { entries.append(self.entry("parameters", parameters)) }
        guard var task = TaskReader(mapping(entries, at: entry.value), in: place, &reader) else { return nil }
        _ = task.read(isValidated: isValidated, &reader)
        for (field, node) in task.places { places["\(path).\(field)"] = node }
        return task.draft
    }

    /// What a step says itself, without what only the workflow as a whole may say, and what none may.
    private func ownFields(_ node: SourceNode, _ path: String, _ reader: inout FieldReader) -> Fields? {
        guard case .mapping(let entries) = node.content else {
            return reader.mismatch(node, path, "a mapping such as {command: [date]}")
        }
        var own = node
        own.content = .mapping(
            entries.filter { entry in
                guard let key = entry.key.scalar?.text, let message = Self.objection(to: key) else {
                    return true
                }
                reader.refuse(entry.key, "\(path).\(key)", message)
                return false
            }
        )
        return Fields(own, keys: Self.stepKeys, path: path, what: "a step", &reader)
    }

    /// Why a key of tasks cannot stand in a step; `nil` when there is another reason, or none.
    private static func objection(to key: String) -> String? {
        if foreignKeys.contains(key) {
            return "a step has no '\(key)', the workflow as a whole has: move it beside steps"
        }
        guard splitKeys.contains(key) else { return nil }
        return
            "a step cannot have '\(key)', because what comes after others is one run: write several steps instead"
    }

    /// Labels and variables of a step are added to those of all.
    private func merged(_ value: SourceNode, _ key: String) -> SourceNode {
        guard key == "labels" || key == "environment", case .mapping(let own) = value.content,
            case .mapping(let shared)? = defaults.first(where: { $0.key.scalar?.text == key })?.value.content
        else { return value }
        let names = Set(own.compactMap(\.key.scalar?.text))
        var merged = value
        merged.content = .mapping(shared.filter { !names.contains($0.key.scalar?.text ?? "") } + own)
        return merged
    }

    private func entry(_ key: String, _ value: SourceNode) -> SourceNode.Entry {
        .init(key: Self.text(key, at: value), value: value)
    }

    private func mapping(_ entries: [SourceNode.Entry], at node: SourceNode) -> SourceNode {
        SourceNode(content: .mapping(entries), line: node.line, column: node.column)
    }

    private static func text(_ text: String, at node: SourceNode) -> SourceNode {
        SourceNode(content: .scalar(Scalar(text: text, isPlain: false)), line: node.line, column: node.column)
    }
}
