import Domain

/// The parameters of a task's runs.
extension TaskReader {
    private static let parameterKeys = [
        "name", "type", "default", "required", "choices", "min", "max", "pattern", "description",
    ]

    mutating func readParameters(into task: inout TaskSpecification, _ reader: inout FieldReader) {
        guard let node = fields["parameters"] else { return }
        places["parameters"] = node
        let expected = "a list of parameters such as [{name: day, type: date}]"
        guard let elements = reader.elements(node, "parameters", expected) else { return }
        for (index, element) in elements.enumerated() {
            guard let parameter = readParameter(element, "parameters[\(index)]", &reader) else { continue }
            task.parameters.append(parameter)
        }
    }

    private mutating func readParameter(
        _ node: SourceNode,
        _ path: String,
        _ reader: inout FieldReader
    ) -> Parameter? {
        guard let fields = Fields(node, keys: Self.parameterKeys, path: path, what: "a parameter", &reader)
        else { return nil }
        places[path] = node
        for key in Self.parameterKeys { places["\(path).\(key)"] = fields[key] ?? node }
        guard let name = fields["name"] else {
            reader.refuse(node, "\(path).name", "the parameter has no name: add one such as name: day")
            return nil
        }
        var parameter = Parameter(name: reader.text(name, "\(path).name", "a text") ?? "unnamed")
        if let node = fields["type"] {
            parameter.kind = reader.choice(node, "\(path).type") ?? parameter.kind
        }
        if let node = fields["required"] {
            parameter.isRequired = reader.bool(node, "\(path).required") ?? parameter.isRequired
        }
        parameter.defaultValue = fields["default"].flatMap { value($0, "\(path).default", &reader) }
        parameter.least = fields["min"].flatMap { value($0, "\(path).min", &reader) }
        parameter.greatest = fields["max"].flatMap { value($0, "\(path).max", &reader) }
        parameter.pattern = fields["pattern"].flatMap { reader.text($0, "\(path).pattern", "a text") }
        parameter.description = fields["description"].flatMap {
            reader.text($0, "\(path).description", "a text")
        }
        if let node = fields["choices"] {
            let elements = reader.elements(node, "\(path).choices", "a list such as [fast, full]") ?? []
            parameter.choices = elements.enumerated().compactMap { index, element in
                value(element, "\(path).choices[\(index)]", &reader)
            }
        }
        return parameter
    }

    /// A text, a number or a truth value, all of which are kept as text.
    func value(_ node: SourceNode, _ field: String, _ reader: inout FieldReader) -> String? {
        if let scalar = node.scalar, case .bool(let flag) = scalar.meaning { return String(flag) }
        return reader.text(node, field, "a text, a number, true or false")
    }
}
