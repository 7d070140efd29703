import Domain

/// Reads one `kind: Runtime` document.
enum RuntimeReader {
    /// The keys of a runtime's document, in the order they are written.
    static let keys = [
        "kind", "v", "name", "description", "rejoinGrace", "flapStarts", "flapWindow", "rejoinDelay",
        "massChangePercent", "catchUpsMax", "startsPerSecond", "shares", "drained",
    ]

    static func read(_ node: SourceNode, _ reader: inout FieldReader) -> (
        settings: RuntimeSettings, statesDrained: Bool
    )? {
        let problemCount = reader.problems.count
        guard let fields = Fields(node, keys: keys, path: "", what: "a runtime", &reader) else { return nil }
        guard let nameNode = fields["name"] else {
            reader.refuse(node, "name", "the runtime has no name: add one such as name: default")
            return nil
        }
        guard let name = reader.name(nameNode, "name", of: RuntimeKind.self) else { return nil }
        var settings = RuntimeSettings(name: name)
        if let node = fields["v"], node.scalar?.text != "1" {
            reader.refuse(node, "v", "v must be 1, the only version of runtime documents")
        }
        if let node = fields["description"] {
            settings.description = reader.text(node, "description", "a text")
        }
        if let node = fields["rejoinGrace"] {
            settings.rejoinGrace = reader.duration(node, "rejoinGrace") ?? settings.rejoinGrace
        }
        if let node = fields["flapStarts"] {
            settings.flapStarts = reader.integer(node, "flapStarts", in: 1...1_000) ?? settings.flapStarts
        }
        if let node = fields["flapWindow"] {
            settings.flapWindow = reader.duration(node, "flapWindow") ?? settings.flapWindow
        }
        if let node = fields["rejoinDelay"] {
            settings.rejoinDelay = reader.duration(node, "rejoinDelay") ?? settings.rejoinDelay
        }
        if let node = fields["massChangePercent"] {
            settings.massChangePercent =
                reader.integer(node, "massChangePercent", in: 1...100) ?? settings.massChangePercent
        }
        if let node = fields["catchUpsMax"] {
            settings.catchUpsMax =
                reader.integer(node, "catchUpsMax", in: RuntimeSettings.catchUpsMaxRange)
                ?? settings.catchUpsMax
        }
        if let node = fields["startsPerSecond"] {
            settings.startsPerSecond =
                reader.integer(node, "startsPerSecond", in: RuntimeSettings.startsPerSecondRange)
        }
        if let node = fields["shares"] { settings.shares = shares(node, &reader) }
        if let node = fields["drained"] {
            let elements = reader.elements(node, "drained", "a list of agents' names") ?? []
            let agents = elements.enumerated().compactMap { index, element in
                reader.name(element, "drained[\(index)]", of: AgentKind.self)
            }
            settings.drained = agents.sorted()
        }
        return reader.problems.count == problemCount ? (settings, fields["drained"] != nil) : nil
    }

    private static func shares(_ node: SourceNode, _ reader: inout FieldReader) -> [GroupID: Int] {
        guard case .mapping(let entries) = node.content else {
            return reader.mismatch(node, "shares", "a mapping of groups to weights such as {reports: 300}")
                ?? [:]
        }
        var shares: [GroupID: Int] = [:]
        for entry in entries {
            guard let group = reader.name(entry.key, "shares key", of: GroupKind.self) else { continue }
            if shares[group] != nil {
                reader.refuse(entry.key, "shares.\(group)", "'\(group)' is given twice: keep one")
            }
            shares[group] = reader.integer(
                entry.value,
                "shares.\(group)",
                in: RuntimeSettings.weightRange
            )
        }
        return shares
    }
}
