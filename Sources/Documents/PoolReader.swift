import Domain

/// Reads one `kind: Pool` document.
enum PoolReader {
    /// The keys of a pool's document, in the order they are written.
    static let keys = ["kind", "v", "name", "description", "units"]

    static func read(_ node: SourceNode, _ reader: inout FieldReader) -> Pool? {
        let problemCount = reader.problems.count
        guard let fields = Fields(node, keys: keys, path: "", what: "a pool", &reader) else { return nil }
        guard let nameNode = fields["name"] else {
            reader.refuse(node, "name", "the pool has no name: add one such as name: license")
            return nil
        }
        guard let name = reader.name(nameNode, "name", of: PoolKind.self) else { return nil }
        if let node = fields["v"], node.scalar?.text != "1" {
            reader.refuse(node, "v", "v must be 1, the only version of pool documents")
        }
        var pool = Pool(name: name, units: 1)
        if let node = fields["description"] {
            pool.description = reader.text(node, "description", "a text")
        }
        if let node = fields["units"] {
            pool.units = reader.integer(node, "units", in: 1...UnitDemand.Limit.unitsMax) ?? pool.units
        } else {
            reader.refuse(node, "units", "the pool does not say how many units there are: add units: 5")
        }
        if let problem = pool.problems.first {
            reader.refuse(fields[problem.field] ?? node, problem.field, problem.message)
        }
        return reader.problems.count == problemCount ? pool : nil
    }
}
