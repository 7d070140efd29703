/// What of a request and its answer nobody should read in a log.
enum Secrecy {
    /// What stands for a secret.
    static let mask = "***"

    private static let words = [
        "auth", "cookie", "token", "secret", "password", "passwd", "key", "credential", "signature",
        "session",
    ]

    /// Whether the value of such a header field or parameter is probably a secret.
    static func isSecret(_ name: String) -> Bool {
        let name = name.lowercased()
        return name == "sig" || words.contains { name.contains($0) }
    }

    /// The value of a header field as a log has it.
    static func shown(_ name: String, _ value: String) -> String { isSecret(name) ? mask : value }

    /// An address as a log has it: without the values of parameters that are probably secrets.
    static func shown(_ address: String) -> String {
        guard let mark = address.firstIndex(of: "?") else { return address }
        let query = address[address.index(after: mark)...].split(
            separator: "&",
            omittingEmptySubsequences: false
        )
        let parts = query.map { part -> String in
            guard let equals = part.firstIndex(of: "="), isSecret(String(part[..<equals])) else {
                return String(part)
            }
            return part[...equals] + mask
        }
        return address[...mark] + parts.joined(separator: "&")
    }
}
