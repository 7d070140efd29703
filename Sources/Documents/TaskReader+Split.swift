import Domain

/// The keys about how a fire is split into several runs.
extension TaskReader {
    mutating func readSplit(into task: inout TaskSpecification, _ reader: inout FieldReader) {
        if let node = fields["broadcast"] {
            places["broadcast"] = node
            task.isBroadcast = reader.bool(node, "broadcast") ?? task.isBroadcast
        }
        guard let node = fields["shards"] else { return }
        places["shards"] = node
        if node.scalar != nil {
            let range = 1...Shards.Limit.countMax
            task.shards = reader.integer(node, "shards", in: range).map { .count($0) }
            return
        }
        let expected = "a number such as 8, or a list of names such as [eu, us]"
        guard let elements = reader.elements(node, "shards", expected) else { return }
        let names = elements.enumerated().map { index, element in
            readShard(element, "shards[\(index)]", into: &task, &reader)
        }
        if !names.contains(nil) { task.shards = .names(names.compactMap(\.self)) }
    }

    /// A shard's name; its values, if it has some, go into the task.
    private mutating func readShard(
        _ node: SourceNode,
        _ path: String,
        into task: inout TaskSpecification,
        _ reader: inout FieldReader
    ) -> String? {
        places[path] = node
        guard case .mapping = node.content else {
            return reader.text(node, path, "a name such as eu, or {name: eu, parameters: {region: eu-west}}")
        }
        guard let fields = Fields(node, keys: Self.shardKeys, path: path, what: "a shard", &reader) else {
            return nil
        }
        guard let written = fields["name"] else {
            reader.refuse(node, "\(path).name", "the shard has no name: add one such as name: eu")
            return nil
        }
        let name = reader.text(written, "\(path).name", "a text")
        if let node = fields["parameters"] {
            let values = shardValues(node, "\(path).parameters", &reader)
            if let name, !values.isEmpty { task.shardParameters[name] = values }
        }
        return name
    }

    /// The values that a shard gives, by parameter.
    private mutating func shardValues(_ node: SourceNode, _ path: String, _ reader: inout FieldReader)
        -> [String: String]
    {
        places[path] = node
        guard case .mapping(let entries) = node.content else {
            let values: [String: String]? = reader.mismatch(node, path, "a mapping such as {region: eu-west}")
            return values ?? [:]
        }
        var values: [String: String] = [:]
        for entry in entries {
            guard let name = reader.text(entry.key, "\(path) key", "a text") else { continue }
            let field = "\(path).\(name)"
            places[field] = entry.value
            let value = value(entry.value, field, &reader)
            if values[name] != nil {
                reader.refuse(entry.key, field, "'\(name.prefix(80))' is given twice: keep one")
            }
            values[name] = value ?? values[name]
        }
        return values
    }

    private static let shardKeys = ["name", "parameters"]
}
