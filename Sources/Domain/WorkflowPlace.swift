/// Kind of a workflow's name.
public enum WorkflowKind: Sendable {}
/// Kind of a step's name.
public enum StepKind: Sendable {}

/// A workflow's name, which is also that of the task that begins it.
public typealias WorkflowID = Name<WorkflowKind>
/// A step's name, unique in its workflow; it has no dots.
public typealias StepID = Name<StepKind>

/// Which workflow a task belongs to, and as what.
public struct WorkflowPlace: Hashable, Sendable {
    /// The workflow.
    public var workflow: WorkflowID
    /// Which step of it the task is; `nil` for the task that begins it.
    public var step: StepID?
    /// Whether the workflow is half saved, which its beginning task says: nothing begins it then.
    public var isIncomplete: Bool

    /// Names a place.
    public init(_ workflow: WorkflowID, step: StepID? = nil, isIncomplete: Bool = false) {
        self.workflow = workflow
        self.step = step
        self.isIncomplete = isIncomplete
    }

    /// The name of the task that has this place; `nil` when it would be too long, or the step's name has a dot.
    ///
    /// What stands behind the last dot is the step, so that no two places share a name by which both could be meant.
    public var task: TaskID? {
        guard let step else { return TaskID(workflow.text) }
        return step.text.contains(".") ? nil : TaskID("\(workflow).\(step)")
    }

    /// The step that a task of this workflow is; `nil` for other tasks.
    public func step(of task: TaskID) -> StepID? {
        let prefix = workflow.text + "."
        guard task.text.hasPrefix(prefix) else { return nil }
        let step = StepID(String(task.text.dropFirst(prefix.count)))
        return step.flatMap { $0.text.contains(".") ? nil : $0 }
    }
}

extension WorkflowPlace: Codable {
    private enum Key: String, CodingKey {
        case workflow = "name"
        case step
        case isIncomplete = "incomplete"
    }

    /// Decodes the value; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        self.init(
            try container.decode(WorkflowID.self, forKey: .workflow),
            step: try container.decodeIfPresent(StepID.self, forKey: .step),
            isIncomplete: try container.decodeIfPresent(Bool.self, forKey: .isIncomplete) ?? false
        )
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(workflow, forKey: .workflow)
        try container.encodeIfPresent(step, forKey: .step)
        if isIncomplete { try container.encode(isIncomplete, forKey: .isIncomplete) }
    }
}

extension TaskSpecification {
    /// The output of another task that the text `TASK.NAME` means in a template; a step names other steps of its workflow by their own names.
    public func output(named text: String) -> TaskOutput? {
        TaskOutput(text, among: after.edges.map(\.task), in: workflow)
    }

    /// An output of another task, named as this one's templates and variables name it.
    public func localName(of output: TaskOutput) -> TaskOutput {
        guard let step = workflow?.step(of: output.task), let name = TaskID(step.text) else { return output }
        return TaskOutput(task: name, name: output.name)
    }
}
