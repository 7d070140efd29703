import Domain
import Foundation

/// The keys of a request.
extension TaskReader {
    private static let httpKeys = [
        "url", "method", "headers", "body", "json", "timeout", "expect", "follow", "tls", "privateAddresses",
        "maxBody", "outputs",
    ]

    mutating func readHTTP(_ reader: inout FieldReader) -> HTTPCall? {
        guard let node = fields["http"],
            let fields = Fields(node, keys: Self.httpKeys, path: "http", what: "a request", &reader)
        else { return nil }
        for key in Self.httpKeys { places["http.\(key)"] = fields[key] ?? node }
        let headers = fields["headers"].flatMap { reader.textMap($0, "http.headers") }
        for (key, place) in headers?.keys ?? [:] { places["http.headers.\(key)"] = place }
        let body = readBody(fields, &reader)
        var call = HTTPCall(
            url: fields["url"].flatMap { reader.text($0, "http.url", "an address") } ?? "",
            method: fields["method"].flatMap { reader.text($0, "http.method", "a method such as POST") },
            headers: headers?.values ?? [:],
            body: body
        )
        readTimes(fields, into: &call, &reader)
        readExpectation(fields, into: &call, &reader)
        readTrust(fields, into: &call, &reader)
        readOutputs(fields, into: &call, &reader)
        if let node = fields["follow"] {
            call.redirectsMax = reader.integer(node, "http.follow", in: HTTPCall.redirectsRange) ?? 0
        }
        if let node = fields["privateAddresses"] {
            let choice: HTTPCall.PrivateAddresses? = reader.choice(node, "http.privateAddresses")
            call.allowsPrivateAddresses = choice == .allow
        }
        if let node = fields["maxBody"] {
            let range = HTTPCall.bodyBytesRange
            call.bodyBytesMax = reader.integer(node, "http.maxBody", in: range) ?? call.bodyBytesMax
        }
        return call
    }

    private func readBody(_ fields: Fields, _ reader: inout FieldReader) -> HTTPCall.Body? {
        if let json = fields["json"] {
            if fields["body"] != nil {
                reader.refuse(json, "http.json", "a request has a body or json, never both: remove one")
            }
            return .json(OutputValue(json))
        }
        return fields["body"].flatMap { reader.text($0, "http.body", "a text") }.map { .text($0) }
    }

    private mutating func readTimes(
        _ fields: Fields,
        into call: inout HTTPCall,
        _ reader: inout FieldReader
    ) {
        guard let node = fields["timeout"] else { return }
        places["http.timeout.total"] = node
        if node.scalar != nil {
            call.timeout = reader.duration(node, "http.timeout") ?? call.timeout
            return
        }
        let keys = ["connect", "total"]
        let what = "the timeouts of a request"
        guard let times = Fields(node, keys: keys, path: "http.timeout", what: what, &reader) else { return }
        for key in keys { places["http.timeout.\(key)"] = times[key] ?? node }
        if let node = times["connect"] {
            call.connectTimeout = reader.duration(node, "http.timeout.connect") ?? call.connectTimeout
        }
        if let node = times["total"] {
            call.timeout = reader.duration(node, "http.timeout.total") ?? call.timeout
        }
    }

    private mutating func readExpectation(
        _ fields: Fields,
        into call: inout HTTPCall,
        _ reader: inout FieldReader
    ) {
        guard let node = fields["expect"] else { return }
        let path = "http.expect"
        guard
            let expect = Fields(node, keys: ["status", "json"], path: path, what: "an expectation", &reader)
        else { return }
        if let node = expect["status"] {
            places["\(path).status"] = node
            call.statuses = elements(of: node).compactMap { element in
                guard let text = reader.text(element, "\(path).status", "a status such as 200-299") else {
                    return StatusRange.successful
                }
                if let range = StatusRange(text) { return range }
                let rule = "write a number from 100 to 599, or two of them such as 200-299"
                reader.refuse(element, "\(path).status", "'\(text.prefix(40))' is no status: \(rule)")
                return .successful
            }
        }
        guard let node = expect["json"] else { return }
        call.predicates = elements(of: node).compactMap { element in
            guard let text = reader.text(element, "\(path).json", "a text such as 'state == \"done\"'") else {
                return nil
            }
            do throws(JSONPath.Mistake) {
                return try JSONPredicate(text)
            } catch {
                reader.refuse(element, "\(path).json", error.message)
                return nil
            }
        }
    }

    /// The elements of a list, or the one value that stands for a list of it.
    private func elements(of node: SourceNode) -> [SourceNode] {
        if case .sequence(let elements) = node.content { elements } else { [node] }
    }

    private mutating func readTrust(
        _ fields: Fields,
        into call: inout HTTPCall,
        _ reader: inout FieldReader
    ) {
        guard let node = fields["tls"],
            let tls = Fields(node, keys: ["ca", "insecure"], path: "http.tls", what: "a TLS policy", &reader)
        else { return }
        places["http.tls.ca"] = tls["ca"] ?? node
        if let node = tls["ca"] { call.authority = reader.text(node, "http.tls.ca", "a path") }
        if let node = tls["insecure"] { call.isInsecure = reader.bool(node, "http.tls.insecure") ?? false }
    }

    private mutating func readOutputs(
        _ fields: Fields,
        into call: inout HTTPCall,
        _ reader: inout FieldReader
    ) {
        guard let node = fields["outputs"], let read = reader.textMap(node, "http.outputs") else { return }
        for (name, text) in read.values.sorted(by: { $0.key < $1.key }) {
            places["http.outputs.\(name)"] = read.keys[name]
            do throws(JSONPath.Mistake) {
                call.outputs[name] = try JSONPath(text)
            } catch {
                reader.refuse(read.keys[name] ?? node, "http.outputs.\(name)", error.message)
            }
        }
    }
}

extension OutputValue {
    /// A value of a document: what is not plainly a number or a truth value is a text.
    init(_ node: SourceNode) {
        switch node.content {
        case .sequence(let elements): self = .list(elements.map(Self.init))
        case .mapping(let entries):
            let members = entries.map { ($0.key.scalar?.text ?? "", Self($0.value)) }
            self = .object(Dictionary(members) { first, _ in first })
        case .scalar(let scalar):
            switch scalar.meaning {
            case .null: self = .null
            case .bool(let flag): self = .boolean(flag)
            case .text: self = .text(scalar.text)
            case .number:
                // What YAML takes for a number and JSON does not, such as 0644, is kept as it was written.
                let list = try? JSONDecoder().decode([OutputValue].self, from: Data("[\(scalar.text)]".utf8))
                self = list?.first ?? .text(scalar.text)
            }
        }
    }
}
