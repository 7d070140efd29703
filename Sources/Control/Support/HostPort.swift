import Foundation

/// An address as people write it.
struct HostPort: Hashable, Sendable, CustomStringConvertible {
    var host: String
    var port: Int

    /// `host:port`.
    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (1...65_535).contains(port)
        else { return nil }
        let host = text[..<colon]
        guard !host.isEmpty else { return nil }
        self.host = String(host)
        self.port = port
    }

    /// The address in `http://host:port/…`.
    init?(url: String) {
        guard let parts = URLComponents(string: url), parts.scheme == "http", let host = parts.host,
            !host.isEmpty
        else { return nil }
        self.host = host
        port = parts.port ?? 80
    }

    /// The servers in `host:port,host:port/chroot`; those that cannot be read are left out.
    static func list(_ hosts: String) -> [HostPort] {
        hosts.prefix { $0 != "/" }.split(separator: ",").compactMap { HostPort(String($0)) }
    }

    var description: String { "\(host):\(port)" }
}
