import Domain

/// Reads one `kind: Task` document, or a task of a `kind: Workflow` document.
struct TaskReader {
    /// The keys of a task's document, in the order they are written.
    static let keys = [
        "kind", "v", "name", "runtime", "group", "labels", "description", "command", "script", "environment",
        "process", "parameters", "schedules",
        "timeout", "killGrace", "delivery", "retry", "totalTimeout", "misfire", "startDeadline",
        "concurrency", "exclusive", "pools", "priority", "shards", "broadcast", "after", "join", "resident",
        "placement", "enabled",
    ]
    private static let placementKeys = ["agents", "labels", "regions", "zones"]

    private let node: SourceNode
    /// Which workflow it belongs to; `nil` for a document of its own.
    let place: WorkflowPlace?
    let fields: Fields
    /// What was read, also when something of it is wrong.
    private(set) var draft: TaskSpecification?
    /// The nodes that the validation of the whole may find fault with, by field.
    var places: [String: SourceNode] = [:]

    init?(_ node: SourceNode, in place: WorkflowPlace? = nil, _ reader: inout FieldReader) {
        guard let fields = Fields(node, keys: Self.keys, path: "", what: "a task", &reader) else {
            return nil
        }
        self.node = node
        self.place = place
        self.fields = fields
    }

    /// The specification; `nil` when something is wrong, which the reader then knows.
    ///
    /// When `isValidated` it must also be fit to be saved.
    mutating func read(isValidated: Bool, _ reader: inout FieldReader) -> TaskSpecification? {
        let problemCount = reader.problems.count
        let name = name(&reader)
        let action = action(&reader)
        // What stands in for a missing part is never returned: it only lets the other parts be validated too.
        guard let standIn = TaskID("unnamed") else { return nil }
        var task = TaskSpecification(
            name: name ?? standIn,
            action: action ?? .command(["true"]),
            workflow: place
        )
        readPlain(into: &task, &reader)
        readProcess(into: &task, &reader)
        readParameters(into: &task, &reader)
        readSchedules(into: &task, &reader)
        readMisfire(into: &task, &reader)
        readRetry(into: &task, &reader)
        readConcurrency(into: &task, &reader)
        readDemand(into: &task, &reader)
        readSplit(into: &task, &reader)
        readDependencies(into: &task, &reader)
        if let beginning = place.flatMap({ TaskID($0.workflow.text) }), place?.step != nil,
            task.after.edges.isEmpty
        {
            task.after.edges = [Dependencies.Edge(beginning)]
        }
        readResidency(into: &task, &reader)
        readPlacement(into: &task, &reader)
        draft = task
        if isValidated { validate(task, &reader) }
        return reader.problems.count == problemCount ? task : nil
    }

    /// What it is, for messages.
    private var what: String { place?.step == nil ? "task" : "step" }

    private func name(_ reader: inout FieldReader) -> TaskID? {
        guard let value = fields["name"] else {
            reader.refuse(node, "name", "the task has no name: add one such as name: nightly-report")
            return nil
        }
        return reader.name(value, "name", of: TaskKind.self)
    }

    private mutating func action(_ reader: inout FieldReader) -> TaskSpecification.Action? {
        switch (fields["command"], fields["script"]) {
        case (nil, nil):
            reader.refuse(
                node,
                "command",
                "the \(what) has neither a command nor a script: add one such as command: [date, -u]"
            )
            return nil
        case (_?, let script?):
            reader.refuse(script, "script", "a \(what) has a command or a script, never both: remove one")
            return nil
        case (let command?, nil):
            places["command"] = command
            if let text = command.scalar, case .text = text.meaning {
                let words = text.text.split(separator: " ").joined(separator: ", ")
                let hint = "write command: [\(words)], or use script: to have a shell read it"
                reader.refuse(command, "command", "command must be a list of words, not a text: \(hint)")
                return nil
            }
            return reader.texts(command, "command", "a list of words such as [date, -u]").map { .command($0) }
        case (nil, let script?):
            places["script"] = script
            return reader.text(script, "script", "a text").map { .script($0) }
        }
    }

    private mutating func readPlain(into task: inout TaskSpecification, _ reader: inout FieldReader) {
        if let node = fields["v"], node.scalar?.text != "1" {
            reader.refuse(node, "v", "v must be 1, the only version of task documents")
        }
        if let node = fields["runtime"] {
            task.runtime = reader.name(node, "runtime", of: RuntimeKind.self) ?? task.runtime
        }
        if let node = fields["group"] {
            task.group = reader.name(node, "group", of: GroupKind.self) ?? task.group
        }
        if let node = fields["labels"], let read = reader.textMap(node, "labels") {
            task.labels = read.values
            places["labels"] = node
            for (key, place) in read.keys { places["labels.\(key)"] = place }
        }
        if let node = fields["description"] { task.description = reader.text(node, "description", "a text") }
        if let node = fields["environment"], let read = reader.textMap(node, "environment") {
            task.environment = read.values
            places["environment"] = node
            for (key, place) in read.keys { places["environment.\(key)"] = place }
        }
        if let node = fields["priority"] {
            task.priority =
                reader.integer(node, "priority", in: TaskSpecification.Limit.priorityRange) ?? task.priority
        }
        if let node = fields["timeout"] {
            places["timeout"] = node
            task.timeout = reader.duration(node, "timeout")
        }
        if let node = fields["killGrace"] {
            places["killGrace"] = node
            task.killGrace = reader.duration(node, "killGrace") ?? task.killGrace
        }
        if let node = fields["delivery"] { task.delivery = reader.choice(node, "delivery") ?? task.delivery }
        if let node = fields["enabled"] { task.isEnabled = reader.bool(node, "enabled") ?? task.isEnabled }
    }

    private mutating func readSchedules(into task: inout TaskSpecification, _ reader: inout FieldReader) {
        guard let node = fields["schedules"] else { return }
        places["schedules"] = node
        let expected = "a list of schedules such as [{every: 90s}]"
        guard let elements = reader.elements(node, "schedules", expected) else { return }
        for (index, element) in elements.enumerated() {
            guard let read = ScheduleReader.read(element, "schedules[\(index)]", &reader) else { continue }
            places["schedules[\(task.schedules.count)]"] = read.place
            task.schedules.append(read.schedule)
        }
    }

    private func readPlacement(into task: inout TaskSpecification, _ reader: inout FieldReader) {
        guard let node = fields["placement"],
            let fields = Fields(
                node,
                keys: Self.placementKeys,
                path: "placement",
                what: "a placement",
                &reader
            )
        else { return }
        if let node = fields["agents"] {
            let elements = reader.elements(node, "placement.agents", "a list of agents' names") ?? []
            task.placement.agents = elements.enumerated().compactMap { index, element in
                reader.name(element, "placement.agents[\(index)]", of: AgentKind.self)
            }
            if case .sequence(let elements) = node.content, elements.isEmpty {
                let message =
                    "placement.agents names no agent: name one, or remove it to let every agent run the task"
                reader.refuse(node, "placement.agents", message)
            }
        }
        if let node = fields["labels"] {
            task.placement.labels = reader.textMap(node, "placement.labels")?.values ?? [:]
        }
        if let node = fields["regions"] {
            task.placement.regions = reader.texts(node, "placement.regions", "a list of regions") ?? []
        }
        if let node = fields["zones"] {
            task.placement.zones = reader.texts(node, "placement.zones", "a list of zones") ?? []
        }
    }

    private func validate(_ task: TaskSpecification, _ reader: inout FieldReader) {
        for problem in task.problems {
            // A part of a value, such as a word of the command, is where the value is.
            let key = problem.field.prefix { $0 != "." && $0 != "[" }
            let place = places[problem.field] ?? fields[String(key)] ?? node
            reader.refuse(place, problem.field, problem.message, at: problem.position)
        }
    }
}
