/// A value of a YAML or JSON text with its line, for readers of documents that are not ours.
public struct DocumentValue: Hashable, Sendable {
    /// What the value is.
    public enum Content: Hashable, Sendable {
        /// Text, a number, a truth value or nothing.
        case scalar(String)
        /// A list.
        case list([DocumentValue])
        /// A mapping, in its order.
        case mapping([Entry])
    }

    /// A key of a mapping and its value.
    public struct Entry: Hashable, Sendable {
        /// The key's text.
        public var key: String
        /// The line of the key.
        public var line: Int
        /// The value.
        public var value: DocumentValue
    }

    /// What the value is.
    public var content: Content
    /// The line of its first character, from 1.
    public var line: Int
    /// Whether it stands for nothing, as `null` does.
    public var isNull: Bool

    init(_ node: SourceNode) {
        line = node.line
        isNull = node.isNull
        content =
            switch node.content {
            case .scalar(let scalar): .scalar(scalar.text)
            case .sequence(let elements): .list(elements.map(Self.init))
            case .mapping(let entries):
                .mapping(
                    entries.map {
                        Entry(
                            key: $0.key.scalar?.text ?? "",
                            line: $0.key.line,
                            value: Self($0.value)
                        )
                    }
                )
            }
    }

    /// Every value of a text, or what is wrong with it.
    public static func all(in text: String, file: String) throws(DocumentError) -> [DocumentValue] {
        var reader = FieldReader(file: file)
        let nodes = DocumentParser().nodes(of: text, &reader)
        guard reader.problems.isEmpty else { throw DocumentError(problems: reader.problems) }
        return nodes.map(Self.init)
    }
}

extension DocumentValue {
    /// The value of a key; `nil` when there is none or it is null.
    public subscript(_ key: String) -> DocumentValue? {
        guard case .mapping(let entries) = content, let value = entries.first(where: { $0.key == key })?.value
        else { return nil }
        return value.isNull ? nil : value
    }

    /// The text of a scalar.
    public var text: String? {
        if case .scalar(let text) = content, !isNull { text } else { nil }
    }

    /// The whole number a scalar is.
    public var number: Int? { text.flatMap { Int($0) } }

    /// The elements of a list; none of anything else.
    public var elements: [DocumentValue] {
        if case .list(let elements) = content { elements } else { [] }
    }

    /// The entries of a mapping that are not null; none of anything else.
    public var entries: [Entry] {
        if case .mapping(let entries) = content { entries.filter { !$0.value.isNull } } else { [] }
    }
}
