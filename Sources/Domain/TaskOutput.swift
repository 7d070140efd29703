/// An output of a task's run, as a run that comes after it names it.
public struct TaskOutput: Hashable, Comparable, Sendable {
    /// The task.
    public var task: TaskID
    /// The output's name.
    public var name: String

    /// Names an output.
    public init(task: TaskID, name: String) {
        self.task = task
        self.name = name
    }

    /// The output that the text `TASK.NAME` means to a task that comes after these: both may have dots, and the longest task counts.
    ///
    /// A step of a workflow names its other steps by their own names; the task that begins the workflow tells nothing.
    public init?(_ text: String, among tasks: [TaskID], in workflow: WorkflowPlace? = nil) {
        let text = workflow.map { "\($0.workflow)." + text } ?? text
        let fitting = tasks.filter { task in
            if let workflow, workflow.step(of: task) == nil { return false }
            return text.hasPrefix(task.text + ".")
                && OutputValue.isName(String(text.dropFirst(task.text.count + 1)))
        }
        guard let task = fitting.max(by: { $0.text.utf8.count < $1.text.utf8.count }) else { return nil }
        self.init(task: task, name: String(text.dropFirst(task.text.count + 1)))
    }

    /// The variable in which an attempt finds it.
    public var variable: String {
        let text = "\(task)_\(name)".uppercased().map { $0 == "-" || $0 == "." ? "_" : $0 }
        return "CLOUDTASK_OUTPUT_" + String(text)
    }

    /// Orders by task and name, for stable output.
    public static func < (left: TaskOutput, right: TaskOutput) -> Bool {
        (left.task, left.name) < (right.task, right.name)
    }
}

/// Outputs by the tasks that told them, as a run is given those of the runs it comes after.
public struct TaskOutputs: Hashable, Sendable {
    /// The values, by task and name; no task has none.
    public private(set) var values: [TaskID: [String: OutputValue]]

    /// Creates outputs; those of tasks without any are left out.
    public init(_ values: [TaskID: [String: OutputValue]] = [:]) {
        self.values = values.filter { !$0.value.isEmpty }
    }

    /// Most bytes that a run is given, names included: they stand in ZooKeeper until the run has ended.
    public static let bytesMax = 16 * 1_024

    /// Whether there are none.
    public var isEmpty: Bool { values.isEmpty }

    /// How large they are together.
    public var bytes: Int { values.values.reduce(0) { $0 + OutputValue.bytes(of: $1) } }

    /// All of them, sorted.
    public var all: [(output: TaskOutput, value: OutputValue)] {
        values.sorted { $0.key < $1.key }.flatMap { task, values in
            values.sorted { $0.key < $1.key }.map { (TaskOutput(task: task, name: $0.key), $0.value) }
        }
    }

    /// The value of an output; `nil` when there is none.
    public subscript(_ output: TaskOutput) -> OutputValue? { values[output.task]?[output.name] }

    /// Those of them that a run may be given: first what its task's templates need, then the smallest, as many as there is room for.
    public func fitting(first needed: Set<TaskOutput>) -> TaskOutputs {
        if bytes <= Self.bytesMax { return self }
        let sized = all.map {
            (output: $0.output, value: $0.value, bytes: OutputValue.bytes(of: $0.output.name, $0.value))
        }
        let ordered = sized.sorted { left, right in
            let (leftRank, rightRank) = (
                needed.contains(left.output) ? 0 : 1, needed.contains(right.output) ? 0 : 1
            )
            return (leftRank, left.bytes, left.output) < (rightRank, right.bytes, right.output)
        }
        var kept: [TaskID: [String: OutputValue]] = [:]
        var room = Self.bytesMax
        for entry in ordered where entry.bytes <= room {
            room -= entry.bytes
            kept[entry.output.task, default: [:]][entry.output.name] = entry.value
        }
        return TaskOutputs(kept)
    }
}

extension TaskOutputs: Codable {
    /// Decodes the value; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let named = try container.decode([String: [String: OutputValue]].self)
        var values: [TaskID: [String: OutputValue]] = [:]
        for (text, outputs) in named {
            guard let task = TaskID(text) else {
                throw DecodingError.dataCorruptedError(
                    in: container,
                    debugDescription: "\"\(text)\" is not the name of a task"
                )
            }
            values[task] = outputs
        }
        self.init(values)
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(Dictionary(uniqueKeysWithValues: values.map { ($0.key.text, $0.value) }))
    }
}

extension TaskSpecification {
    /// The outputs of other tasks that its templates need, sorted.
    public var neededOutputs: [TaskOutput] { Set(outputUses.map(\.output)).sorted() }

    /// Where its templates use outputs of other tasks: the field of each, and which.
    public var outputUses: [(field: String, output: TaskOutput)] {
        templateTexts.flatMap { field, text -> [(field: String, output: TaskOutput)] in
            // One that cannot be read is a problem of its own.
            guard text.contains("${{"), let template = try? Template(text) else { return [] }
            return template.fields.compactMap { used in
                guard case .output(let path) = used else { return nil }
                return output(named: path).map { (field: field, output: $0) }
            }
        }
    }

    /// Why a run that was given these outputs cannot be started; `nil` when its templates need no others.
    public func complaint(aboutOutputs given: TaskOutputs) -> String? {
        guard let first = neededOutputs.first(where: { given[$0] == nil }) else { return nil }
        let missing = localName(of: first)
        return
            "'${{ after.\(missing.task).\(missing.name) }}' has no value: no run of \(missing.task) that this one came after told an "
            + "output \(missing.name), or there was no room for it among the \(TaskOutputs.bytesMax) bytes of outputs that a run is given"
    }
}
