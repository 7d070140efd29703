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
        for (index, element) in elements.enumerated() { places["shards[\(index)]"] = element }
        task.shards = reader.texts(node, "shards", expected).map { .names($0) }
    }
}
