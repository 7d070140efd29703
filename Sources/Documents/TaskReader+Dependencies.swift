import Domain

/// The keys about the tasks that one comes after.
extension TaskReader {
    mutating func readDependencies(into task: inout TaskSpecification, _ reader: inout FieldReader) {
        if let node = fields["join"] {
            places["join"] = node
            task.after.join = reader.choice(node, "join") ?? task.after.join
            if fields["after"] == nil {
                reader.refuse(
                    node,
                    "join",
                    "join says how several tasks count that this one comes after: add after"
                )
            }
        }
        guard let node = fields["after"] else { return }
        places["after"] = node
        let expected = "a list of \(kind)s such as [{\(kind): extract, on: succeeded}]"
        for (index, element) in (reader.elements(node, "after", expected) ?? []).enumerated() {
            let place = "after[\(task.after.edges.count)]"
            places["\(place).task"] = element
            places["\(place).exitCodes"] = element
            if let edge = edge(element, "after[\(index)]", &reader) { task.after.edges.append(edge) }
        }
    }

    /// What it comes after: steps of its workflow, or tasks.
    private var kind: String { place?.step == nil ? "task" : "step" }

    /// A task's name, or an object that says how its run has to end.
    private func edge(_ node: SourceNode, _ path: String, _ reader: inout FieldReader) -> Dependencies.Edge? {
        if node.scalar != nil {
            return parent(node, path, &reader).map { Dependencies.Edge($0) }
        }
        let keys = [kind, "on", "exitCodes"]
        guard let fields = Fields(node, keys: keys, path: path, what: "an entry of after", &reader) else {
            return nil
        }
        guard let name = fields[kind] else {
            let message = "the entry names no \(kind): write \(kind): extract, for example"
            reader.refuse(node, "\(path).\(kind)", message)
            return nil
        }
        let task = parent(name, "\(path).\(kind)", &reader)
        let condition = condition(fields, path, &reader)
        return task.flatMap { task in condition.map { Dependencies.Edge(task, on: $0) } }
    }

    /// The task that is named; a step is named as its workflow has it.
    private func parent(_ node: SourceNode, _ path: String, _ reader: inout FieldReader) -> TaskID? {
        guard let place, place.step != nil else { return reader.name(node, path, of: TaskKind.self) }
        guard let step = reader.name(node, path, of: StepKind.self) else { return nil }
        if let task = WorkflowPlace(place.workflow, step: step).task { return task }
        reader.refuse(
            node,
            path,
            "there is no step '\(step)' in workflow \(place.workflow): correct the name"
        )
        return nil
    }

    private func condition(_ fields: Fields, _ path: String, _ reader: inout FieldReader)
        -> Dependencies.Condition?
    {
        if let node = fields["exitCodes"] {
            if fields["on"] != nil {
                reader.refuse(node, "\(path).exitCodes", "write on or exitCodes, never both: remove one")
                return nil
            }
            let expected = "a list of numbers such as [0, 3]"
            let elements = reader.elements(node, "\(path).exitCodes", expected) ?? []
            let codes = elements.enumerated().compactMap { index, element in
                reader.integer(element, "\(path).exitCodes[\(index)]", in: 0...255).map(Int32.init)
            }
            return codes.count == elements.count ? .exitCodes(codes) : nil
        }
        guard let node = fields["on"] else { return .succeeded }
        let choice: DependencyEnd? = reader.choice(node, "\(path).on")
        return choice.flatMap { Dependencies.Condition(named: $0.rawValue) }
    }
}

/// How a run may have to end, as documents say it.
private enum DependencyEnd: String, CaseIterable {
    case succeeded, failed, finished
}
