/// An address of the internet protocol, as bytes.
struct NetworkAddress: Hashable, Sendable {
    /// Four bytes, or sixteen.
    let bytes: [UInt8]

    /// Reads `192.0.2.1` or `2001:db8::1`; `nil` when the text is neither.
    init?(_ text: String) {
        guard let bytes = text.contains(":") ? Self.sixteen(text) : Self.four(text[...]) else { return nil }
        self.bytes = bytes
    }

    private static func four(_ text: Substring) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let bytes = parts.compactMap { isDecimal($0) ? UInt8($0) : nil }
        return parts.count == 4 && bytes.count == 4 ? bytes : nil
    }

    /// Others take a number that begins with 0 for an octal one: what can be read in two ways is no address.
    private static func isDecimal(_ part: Substring) -> Bool {
        part.utf8.allSatisfy { (0x30...0x39).contains($0) } && (part.count == 1 || part.first != "0")
    }

    private static func sixteen(_ text: String) -> [UInt8]? {
        guard let gap = text.firstRange(of: "::") else {
            let bytes = groups(text[...])
            return bytes?.count == 16 ? bytes : nil
        }
        guard let head = groups(text[..<gap.lowerBound]), let tail = groups(text[gap.upperBound...]),
            head.count + tail.count <= 14
        else { return nil }
        return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }

    /// The bytes of groups with colons in between, the last of which may be written like an address of four bytes.
    private static func groups(_ text: Substring) -> [UInt8]? {
        if text.isEmpty { return [] }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var bytes: [UInt8] = []
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, part.contains(".") {
                guard let last = four(part) else { return nil }
                return bytes + last
            }
            guard (1...4).contains(part.count), let group = UInt16(part, radix: 16) else { return nil }
            bytes += [UInt8(group >> 8), UInt8(group & 0xFF)]
        }
        return bytes
    }

    /// Whether it is of the public internet: not of a private network, of this machine, of a link (where clouds tell their machines
    /// secrets), of several receivers, or of a range that stands for one of these or is reserved.
    var isPublic: Bool {
        if bytes.count == 16 {
            if let inner { return inner.isPublic }
            return !Self.privateSixteen.contains(where: contains)
        }
        return !Self.privateFour.contains(where: contains)
    }

    /// The address of four bytes that one of sixteen stands for: mapped, translated (SIIT, NAT64) or tunnelled (6to4).
    private var inner: NetworkAddress? {
        for (prefix, start) in Self.translations where bytes.starts(with: prefix) {
            return NetworkAddress(bytes[start..<start + 4].map(String.init).joined(separator: "."))
        }
        return nil
    }

    private func contains(_ network: (address: String, bits: Int)) -> Bool {
        guard let other = NetworkAddress(network.address)?.bytes, other.count == bytes.count else {
            return false
        }
        let whole = network.bits / 8
        let mask = UInt8(truncatingIfNeeded: 0xFF00 >> (network.bits % 8))
        guard bytes[..<whole] == other[..<whole] else { return false }
        return whole == bytes.count || (bytes[whole] ^ other[whole]) & mask == 0
    }

    /// The special-purpose registries of IANA.
    private static let privateFour: [(address: String, bits: Int)] = [
        ("0.0.0.0", 8), ("10.0.0.0", 8), ("100.64.0.0", 10), ("127.0.0.0", 8), ("169.254.0.0", 16),
        ("172.16.0.0", 12), ("192.0.0.0", 24), ("192.0.2.0", 24), ("192.168.0.0", 16), ("198.18.0.0", 15),
        ("198.51.100.0", 24), ("203.0.113.0", 24), ("224.0.0.0", 4), ("240.0.0.0", 4),
    ]
    private static let privateSixteen: [(address: String, bits: Int)] = [
        ("::", 96), ("64:ff9b:1::", 48), ("100::", 64), ("2001::", 23), ("2001:db8::", 32), ("3fff::", 20),
        ("5f00::", 16), ("fc00::", 7), ("fe80::", 10), ("fec0::", 10), ("ff00::", 8),
    ]
    private static let translations: [(prefix: [UInt8], start: Int)] = [
        ([UInt8](repeating: 0, count: 10) + [0xFF, 0xFF], 12),
        ([UInt8](repeating: 0, count: 8) + [0xFF, 0xFF, 0, 0], 12),
        ([0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0], 12),
        ([0x20, 0x02], 2),
    ]
}
