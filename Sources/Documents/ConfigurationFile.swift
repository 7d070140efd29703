/// A configuration file of a process: YAML with nested keys, flattened to dotted ones.
public struct ConfigurationFile: Hashable, Sendable {
    /// A value as it was written, and where.
    public struct Value: Hashable, Sendable {
        /// The text of the value.
        public var text: String
        /// Where it stands, to begin a message with: `conf/agent.yaml:12:9`.
        public var origin: String

        /// Creates a value.
        public init(text: String, origin: String) {
            self.text = text
            self.origin = origin
        }
    }

    /// The values by their dotted keys, such as `zookeeper.hosts`.
    public private(set) var values: [String: Value] = [:]

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - text: The content of the file.
    ///   - file: What to call it in messages.
    ///   - keys: The dotted keys it may have; `labels.*` allows any key below `labels`.
    /// - Throws: `DocumentError` with everything that is wrong: unknown, doubled and wrongly typed keys.
    public init(parsing text: String, file: String, keys: [String]) throws(DocumentError) {
        var reader = FieldReader(file: file)
        var yaml = YAMLReader()
        for outcome in yaml.readAll(text) {
            switch outcome {
            case .success(let node): read(node, path: "", keys: keys, &reader)
            case .failure(let failure):
                reader.refuse(line: failure.line, column: failure.column, "", failure.message)
            }
        }
        guard reader.problems.isEmpty else { throw DocumentError(problems: reader.problems) }
    }

    private mutating func read(_ node: SourceNode, path: String, keys: [String], _ reader: inout FieldReader)
    {
        let prefix = path.isEmpty ? "" : path + "."
        let below = keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
        if below == ["*"] {
            readMap(node, path: path, &reader)
            return
        }
        let names = Array(Set(below.compactMap { $0.split(separator: ".").first.map(String.init) })).sorted()
        let what = path.isEmpty ? "the configuration" : path
        guard let fields = Fields(node, keys: names, path: path, what: what, &reader) else { return }
        for name in names {
            guard let value = fields[name] else { continue }
            if below.contains(name) {
                readValue(value, key: prefix + name, &reader)
            } else {
                read(value, path: prefix + name, keys: keys, &reader)
            }
        }
    }

    private mutating func readMap(_ node: SourceNode, path: String, _ reader: inout FieldReader) {
        guard let map = reader.textMap(node, path) else { return }
        for (key, text) in map.values {
            let place = map.keys[key] ?? node
            values["\(path).\(key)"] = Value(text: text, origin: Self.origin(of: place, reader))
        }
    }

    private mutating func readValue(_ node: SourceNode, key: String, _ reader: inout FieldReader) {
        guard let text = reader.text(node, key, "a text") else { return }
        values[key] = Value(text: text, origin: Self.origin(of: node, reader))
    }

    private static func origin(of node: SourceNode, _ reader: FieldReader) -> String {
        "\(SourceLocation(file: reader.file, line: node.line, column: node.column))"
    }
}
