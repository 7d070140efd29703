/// The fields of one mapping, checked against the keys it may have.
struct Fields {
    private var values: [String: SourceNode] = [:]

    /// Reads the fields of `node`; unknown, doubled and wrongly typed ones are noted and left out.
    ///
    /// - Parameters:
    ///   - node: The mapping.
    ///   - keys: The keys it may have.
    ///   - path: The field the mapping stands in; empty for a document.
    ///   - what: What it describes, for messages: "a task".
    ///   - reader: Where problems go.
    init?(_ node: SourceNode, keys: [String], path: String, what: String, _ reader: inout FieldReader) {
        guard case .mapping(let entries) = node.content else {
            let subject = path.isEmpty ? "a document" : path
            reader.refuse(node, path, "\(subject) must be a mapping of keys to values, not \(node.sort)")
            return nil
        }
        for entry in entries {
            guard let key = entry.key.scalar?.text else {
                reader.refuse(entry.key, path, "a key must be a text, not \(entry.key.sort)")
                continue
            }
            let field = path.isEmpty ? key : "\(path).\(key)"
            if !keys.contains(key) {
                let hint =
                    key == "<<"
                    ? "merge keys are not supported, write the keys out"
                    : Nearest.suggestion(for: key, among: keys)
                reader.refuse(entry.key, field, "unknown key '\(key.prefix(80))' in \(what): \(hint)")
            } else if let first = values[key] {
                reader.refuse(
                    entry.key,
                    field,
                    "'\(key)' is given twice, first on line \(first.line): keep one"
                )
            } else {
                values[key] = entry.value
            }
        }
    }

    /// The value of a key; `nil` when it is absent.
    subscript(key: String) -> SourceNode? { values[key] }
}
