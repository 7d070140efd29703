import Foundation

extension FieldReader {
    /// A value decoded from a node; what the decoder finds fault with is noted at its place.
    mutating func decode<Value: Decodable>(_ node: SourceNode, _ field: String, as type: Value.Type) -> Value?
    {
        do {
            // In a list, because not every JSON decoder takes a scalar alone.
            return try JSONDecoder().decode([Value].self, from: Data("[\(node.json)]".utf8)).first
        } catch let error as DecodingError {
            refuse(node, field, error)
        } catch {
            refuse(node, field, "\(field) cannot be read: \(error)")
        }
        return nil
    }

    private mutating func refuse(_ node: SourceNode, _ field: String, _ error: DecodingError) {
        let (context, expected): (DecodingError.Context, String?) =
            switch error {
            case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
                (context, Self.name(of: type))
            case .keyNotFound(let key, let context): (context, "a mapping with '\(key.stringValue)'")
            case .dataCorrupted(let context): (context, nil)
            @unknown default: (.init(codingPath: [], debugDescription: "\(error)"), nil)
            }
        let (place, path) = node.place(of: context.codingPath.dropFirst(), field)
        if case .keyNotFound(let key, _) = error, case .mapping = place.content {
            return refuse(place, path, "\(path) has no '\(key.stringValue)': add it")
        }
        let message = expected.map { "\(path) must be \($0), not \(place.sort)" } ?? context.debugDescription
        refuse(place, path, message)
    }

    private static func name(of type: any Any.Type) -> String {
        switch type {
        case is Int.Type: "a whole number"
        case is Bool.Type: "true or false"
        case is String.Type: "a text"
        case is [Any].Type: "a list"
        default: "a mapping"
        }
    }
}

extension SourceNode {
    /// The node as JSON: what is not plainly a number or a truth value is a text.
    var json: String {
        switch content {
        case .sequence(let elements): return "[" + elements.map(\.json).joined(separator: ",") + "]"
        case .mapping(let entries):
            let members = entries.map { Self.quoted($0.key.scalar?.text ?? "") + ":" + $0.value.json }
            return "{" + members.joined(separator: ",") + "}"
        case .scalar(let scalar):
            switch scalar.meaning {
            case .null: return "null"
            case .bool(let flag): return flag ? "true" : "false"
            case .number: return Int(scalar.text).map { "\($0)" } ?? Self.quoted(scalar.text)
            case .text: return Self.quoted(scalar.text)
            }
        }
    }

    private static func quoted(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        // A text always encodes.
        return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }

    /// The node a coding path leads to, and its field; a path to what is not there ends where it should be.
    fileprivate func place(of path: some Sequence<any CodingKey>, _ field: String) -> (SourceNode, String) {
        var (node, field) = (self, field)
        for key in path {
            switch node.content {
            case .sequence(let elements):
                guard let index = key.intValue, elements.indices.contains(index) else { return (node, field) }
                node = elements[index]
                field += "[\(index)]"
            case .mapping(let entries):
                field += field.isEmpty ? key.stringValue : ".\(key.stringValue)"
                guard let entry = entries.first(where: { $0.key.scalar?.text == key.stringValue }) else {
                    return (node, field)
                }
                node = entry.value
            case .scalar: return (node, field)
            }
        }
        return (node, field)
    }
}
