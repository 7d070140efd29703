import Domain
import Foundation

/// A request as it is sent, to one host.
struct OutgoingRequest: Sendable {
    var method: String
    var url: URL
    /// The host, in small letters, without brackets.
    var host: String
    var headers: [(name: String, value: String)]
    var body: Data?

    /// The request of a task, with what every request says of its attempt.
    init(_ call: HTTPCall, environment: [String: String]) throws(CallFailure) {
        (url, host) = try Self.address(call.url)
        method = call.method
        switch call.body {
        case .text(let text): body = Data(text.utf8)
        case .json(let value): body = Data(value.json.utf8)
        case nil: body = nil
        }
        headers = call.headers.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        var added = [(name: "User-Agent", value: "CloudTask")]
        if case .json = call.body { added.append(("Content-Type", "application/json")) }
        for (name, variable) in Self.facts {
            if let value = environment[variable] { added.append((name, value)) }
        }
        let given = Set(headers.map { $0.name.lowercased() })
        headers += added.filter { !given.contains($0.name.lowercased()) }
        for (name, value) in headers where value.unicodeScalars.contains(where: Self.isControl) {
            throw .malformed("the header \(name) contains a line break or another control character")
        }
    }

    /// What says of which attempt a request is, so that its receiver can know one that it has had.
    private static let facts = [
        ("CloudTask-Task", "CLOUDTASK_TASK"), ("CloudTask-Run", "CLOUDTASK_RUN"),
        ("CloudTask-Attempt", "CLOUDTASK_ATTEMPT"), ("CloudTask-Fence", "CLOUDTASK_FENCE"),
        ("traceparent", "TRACEPARENT"),
    ]

    /// The request that follows an answer which names another place; secrets stay with the host they are for.
    func redirected(to location: String, status: Int) throws(CallFailure) -> OutgoingRequest {
        guard let target = URL(string: location, relativeTo: url)?.absoluteString else {
            throw .redirects("the answer leads to '\(location.prefix(200))', which is no address")
        }
        var next = self
        (next.url, next.host) = try Self.address(target)
        if status == 303 && method != "HEAD" || (status == 301 || status == 302) && method == "POST" {
            next.method = "GET"
            next.body = nil
            next.headers.removeAll { $0.name.lowercased().hasPrefix("content-") }
        }
        if origin != next.origin { next.headers.removeAll { Secrecy.isSecret($0.name) } }
        return next
    }

    private var origin: [String] { [url.scheme ?? "", host, url.port.map { "\($0)" } ?? ""] }

    /// The host of an address of which nothing can be read in two ways.
    private static func address(_ text: String) throws(CallFailure) -> (URL, host: String) {
        guard var parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            ["http", "https"].contains(scheme), let host = parts.host?.lowercased(), !host.isEmpty,
            parts.user == nil, parts.password == nil, parts.port.map((1...65_535).contains) ?? true
        else {
            throw .malformed("'\(Secrecy.shown(text).prefix(200))' is no address such as https://example.com")
        }
        let plain = String(host.drop { $0 == "[" }.prefix { $0 != "]" })
        let isName = plain.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || "-._".utf8.contains($0)
        }
        guard isName || NetworkAddress(plain) != nil else {
            throw .malformed("'\(host.prefix(200))' is no name of a host")
        }
        let segments = parts.percentEncodedPath.lowercased().replacingOccurrences(of: "%2e", with: ".")
        guard !segments.split(separator: "/").contains(where: { $0 == "." || $0 == ".." }) else {
            throw .malformed("the path \(parts.percentEncodedPath.prefix(200)) has '.' or '..' in it")
        }
        parts.scheme = scheme
        parts.host = host
        parts.fragment = nil
        guard let url = parts.url else { throw .malformed("'\(text.prefix(200))' is no address") }
        return (url, plain)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 && scalar != "\t" || scalar.value == 0x7F
    }
}
