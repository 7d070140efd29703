import Domain

/// The keys about what a task's runs share with those of others.
extension TaskReader {
    mutating func readDemand(into task: inout TaskSpecification, _ reader: inout FieldReader) {
        if let node = fields["exclusive"] {
            places["exclusive"] = node
            let elements = reader.elements(node, "exclusive", "a list of names such as [db-main]") ?? []
            for (index, element) in elements.enumerated() {
                places["exclusive[\(task.demand.keys.count)]"] = element
                if let key = reader.name(element, "exclusive[\(index)]", of: PoolKind.self) {
                    task.demand.keys.append(key)
                }
            }
        }
        guard let node = fields["pools"] else { return }
        places["pools"] = node
        for (pool, place, units) in units(node, &reader) {
            places["pools.\(pool)"] = place
            task.demand.pools[pool] = units
        }
    }

    /// How many units of each pool, with the nodes of the pools' names.
    private func units(_ node: SourceNode, _ reader: inout FieldReader) -> [(PoolID, SourceNode, Int)] {
        guard case .mapping(let entries) = node.content else {
            let expected = "a mapping of pools to units such as {license: 2}"
            return reader.mismatch(node, "pools", expected) ?? []
        }
        var found: [(pool: PoolID, place: SourceNode, units: Int)] = []
        for entry in entries {
            guard let pool = reader.name(entry.key, "pools key", of: PoolKind.self) else { continue }
            if found.contains(where: { $0.pool == pool }) {
                reader.refuse(entry.key, "pools.\(pool)", "'\(pool)' is given twice: keep one")
            }
            let range = 1...UnitDemand.Limit.unitsMax
            guard let units = reader.integer(entry.value, "pools.\(pool)", in: range) else { continue }
            found.append((pool, entry.key, units))
        }
        return found
    }
}
