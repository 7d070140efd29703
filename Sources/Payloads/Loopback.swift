/// What counts as this machine talking to itself.
///
/// Until accounts exist the HTTP APIs serve nobody else.
public enum Loopback {
    /// Whether a server may listen on this address: `127.0.0.0/8`, `::1` or `localhost`.
    public static func isAddress(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || isIPv4Loopback(host)
    }

    /// Whether a `Host` header names this machine.
    ///
    /// Anything else is refused: a web page whose name was made to resolve to 127.0.0.1 sends its own name here.
    public static func accepts(hostHeader: String?) -> Bool {
        guard let hostHeader else { return false }
        return isAddress(name(in: hostHeader.lowercased()))
    }

    /// The name or address in `name:port` or `[address]:port`.
    private static func name(in header: String) -> String {
        if header.hasPrefix("[") {
            return String(header.dropFirst().prefix { $0 != "]" })
        }
        return String(header.prefix { $0 != ":" })
    }

    private static func isIPv4Loopback(_ host: String) -> Bool {
        let pieces = host.split(separator: ".", omittingEmptySubsequences: false)
        return pieces.count == 4 && pieces[0] == "127" && pieces.allSatisfy { UInt8($0) != nil }
    }
}
