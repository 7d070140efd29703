import Domain

/// The key that names a plugin.
extension TaskReader {
    mutating func readPlugin(_ reader: inout FieldReader) -> PluginCall? {
        guard let node = fields["plugin"],
            let fields = Fields(node, keys: ["name", "config"], path: "plugin", what: "a plugin", &reader)
        else { return nil }
        places["plugin.name"] = fields["name"] ?? node
        places["plugin.config"] = fields["config"] ?? node
        let name = fields["name"].flatMap { reader.text($0, "plugin.name", "a name") }
        guard let config = fields["config"] else { return PluginCall(name: name ?? "") }
        guard case .object(let values) = OutputValue(config) else {
            return reader.mismatch(config, "plugin.config", "a mapping such as {bucket: backups}")
        }
        return PluginCall(name: name ?? "", configuration: values)
    }
}
