import Scheduling

extension HTTPCall: Codable {
    private enum Key: String, CodingKey {
        case url, method, headers, body, json, timeout, expect, follow, tls, privateAddresses, maxBody,
            outputs
    }
    private enum TimeoutKey: String, CodingKey { case connect, total }
    private enum ExpectKey: String, CodingKey { case status, json }
    private enum TrustKey: String, CodingKey { case ca, insecure }

    /// Whether addresses that are not public may be asked.
    public enum PrivateAddresses: String, Codable, Hashable, Sendable, CaseIterable {
        /// They may.
        case allow
        /// They may not.
        case deny
    }

    /// Decodes the value; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        var body = try container.decodeIfPresent(String.self, forKey: .body).map { Body.text($0) }
        if container.contains(.json) {
            guard body == nil else {
                throw DecodingError.dataCorruptedError(
                    forKey: .json,
                    in: container,
                    debugDescription: "a request has body or json, one of the two"
                )
            }
            body = .json(try container.decode(OutputValue.self, forKey: .json))
        }
        self.init(
            url: try container.decode(String.self, forKey: .url),
            method: try container.decodeIfPresent(String.self, forKey: .method),
            headers: try container.decodeIfPresent([String: String].self, forKey: .headers) ?? [:],
            body: body
        )
        if container.contains(.timeout) {
            let times = try container.nestedContainer(keyedBy: TimeoutKey.self, forKey: .timeout)
            let connect = try times.decodeIfPresent(DurationText.self, forKey: .connect)
            connectTimeout = connect?.duration ?? connectTimeout
            timeout = try times.decodeIfPresent(DurationText.self, forKey: .total)?.duration ?? timeout
        }
        if container.contains(.expect) {
            let expect = try container.nestedContainer(keyedBy: ExpectKey.self, forKey: .expect)
            statuses = try expect.decodeIfPresent([StatusRange].self, forKey: .status) ?? statuses
            predicates = try expect.decodeIfPresent([JSONPredicate].self, forKey: .json) ?? []
        }
        if container.contains(.tls) {
            let tls = try container.nestedContainer(keyedBy: TrustKey.self, forKey: .tls)
            authority = try tls.decodeIfPresent(String.self, forKey: .ca)
            isInsecure = try tls.decodeIfPresent(Bool.self, forKey: .insecure) ?? false
        }
        redirectsMax = try container.decodeIfPresent(Int.self, forKey: .follow) ?? 0
        let addresses = try container.decodeIfPresent(PrivateAddresses.self, forKey: .privateAddresses)
        allowsPrivateAddresses = addresses == .allow
        bodyBytesMax = try container.decodeIfPresent(Int.self, forKey: .maxBody) ?? bodyBytesMax
        outputs = try container.decodeIfPresent([String: JSONPath].self, forKey: .outputs) ?? [:]
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(url, forKey: .url)
        try container.encode(method, forKey: .method)
        if !headers.isEmpty { try container.encode(headers, forKey: .headers) }
        switch body {
        case .text(let text): try container.encode(text, forKey: .body)
        case .json(let value): try container.encode(value, forKey: .json)
        case nil: break
        }
        var times = container.nestedContainer(keyedBy: TimeoutKey.self, forKey: .timeout)
        try times.encode(DurationText(connectTimeout), forKey: .connect)
        try times.encode(DurationText(timeout), forKey: .total)
        if statuses != [.successful] || !predicates.isEmpty {
            var expect = container.nestedContainer(keyedBy: ExpectKey.self, forKey: .expect)
            try expect.encode(statuses, forKey: .status)
            if !predicates.isEmpty { try expect.encode(predicates, forKey: .json) }
        }
        if redirectsMax != 0 { try container.encode(redirectsMax, forKey: .follow) }
        if authority != nil || isInsecure {
            var tls = container.nestedContainer(keyedBy: TrustKey.self, forKey: .tls)
            try tls.encodeIfPresent(authority, forKey: .ca)
            if isInsecure { try tls.encode(isInsecure, forKey: .insecure) }
        }
        if allowsPrivateAddresses {
            try container.encode(PrivateAddresses.allow, forKey: .privateAddresses)
        }
        if bodyBytesMax != Self.bodyBytesDefault { try container.encode(bodyBytesMax, forKey: .maxBody) }
        if !outputs.isEmpty { try container.encode(outputs, forKey: .outputs) }
    }
}

extension StatusRange: Codable {
    /// Decodes a number or a text such as `200-299`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text =
            if let number = try? container.decode(Int.self) { String(number) } else {
                try container.decode(String.self)
            }
        guard let range = StatusRange(text) else {
            let message = "a status is a number from 100 to 599, or two of them such as 200-299"
            throw DecodingError.dataCorruptedError(in: container, debugDescription: message)
        }
        self = range
    }

    /// Encodes a single status as a number, others as a text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if range.count == 1 { try container.encode(range.lowerBound) } else { try container.encode(text) }
    }
}

extension JSONPath: Codable {
    /// Decodes the text of a path.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do throws(Mistake) {
            try self.init(try container.text())
        } catch {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.message)
        }
    }

    /// Encodes the text of the path.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

extension JSONPredicate: Codable {
    /// Decodes the text of a predicate.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do throws(JSONPath.Mistake) {
            try self.init(try container.text())
        } catch {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.message)
        }
    }

    /// Encodes the text of the predicate.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

extension SingleValueDecodingContainer {
    fileprivate func text() throws(JSONPath.Mistake) -> String {
        do { return try decode(String.self) } catch { throw JSONPath.Mistake(message: "it is no text") }
    }
}
