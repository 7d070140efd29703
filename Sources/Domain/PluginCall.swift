/// Work that is done by a plugin: an executable of the agent's machine that speaks docs/plugins.md.
///
/// Its JSON form is an object with the keys `name` and `config`.
public struct PluginCall: Hashable, Sendable {
    /// The plugin's name: that of its file in the agent's folder of plugins.
    public var name: String
    /// What it is told, an object; texts in it may be templates.
    public var configuration: [String: OutputValue]

    /// Creates a call.
    public init(name: String, configuration: [String: OutputValue] = [:]) {
        self.name = name
        self.configuration = configuration
    }

    /// The texts in it that may be templates, each with the field it stands in.
    var templateTexts: [(field: String, text: String)] {
        OutputValue.object(configuration).texts.map { ("plugin.config", $0) }
    }

    /// How many bytes its texts have, roughly.
    var textBytes: Int { name.utf8.count + OutputValue.object(configuration).json.utf8.count + 64 }

    /// The call with the facts of an attempt filled in: what is filled in is text, whatever is in it.
    func rendered(_ facts: TemplateFacts) -> Self {
        let values = configuration.mapValues { $0.mapTexts { Template.render($0, facts) } }
        return PluginCall(name: name, configuration: values)
    }

    /// What is wrong with it.
    var problems: [ValidationProblem] {
        var problems: [ValidationProblem] = []
        if !NameRule.accepts(name) {
            let message = "'\(name.prefix(80))' is not a valid name of a plugin: \(NameRule.text)"
            problems.append(ValidationProblem(field: "plugin.name", message: message))
        }
        let limit = TaskSpecification.Limit.actionBytesMax
        if textBytes > limit {
            let message =
                "the configuration has \(textBytes) bytes, more than the \(limit) allowed; put it in a file"
            problems.append(ValidationProblem(field: "plugin.config", message: message))
        }
        return problems
    }
}

extension PluginCall: Codable {
    private enum Key: String, CodingKey {
        case name, config
    }

    /// Decodes the value; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        self.init(
            name: try container.decode(String.self, forKey: .name),
            configuration: try container.decodeIfPresent([String: OutputValue].self, forKey: .config) ?? [:]
        )
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(name, forKey: .name)
        if !configuration.isEmpty { try container.encode(configuration, forKey: .config) }
    }
}
