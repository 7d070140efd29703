/// The bearer token that the HTTP APIs ask for; never printed.
public struct AccessToken: Sendable, CustomStringConvertible, CustomReflectable {
    private let bytes: [UInt8]

    /// Shortest token: below it, guessing is a danger.
    public static let lengthMin = 16

    /// Accepts 16 or more visible ASCII characters, white space around them aside; `nil` for anything else.
    public init?(_ text: String) {
        let bytes = Array(text.drop(while: \.isWhitespace).utf8).dropLastWhitespace()
        guard bytes.count >= Self.lengthMin, bytes.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            return nil
        }
        self.bytes = bytes
    }

    /// Whether the value of an `Authorization` header carries this token; takes the same time wherever they differ.
    public func authorizes(_ header: String?) -> Bool {
        let scheme = Array("bearer ".utf8)
        guard let header = header.map({ Array($0.utf8) }), header.count > scheme.count else { return false }
        let isBearer = zip(header, scheme).allSatisfy { $0 | 0x20 == $1 | 0x20 }
        return isBearer && equals(header[scheme.count...])
    }

    /// The value of an `Authorization` header that carries the token.
    public var authorization: String { "Bearer \(text)" }

    /// The token itself, for a connection that must send it.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Says nothing of the token.
    public var description: String { "<token>" }

    /// Shows nothing of the token.
    public var customMirror: Mirror { Mirror(self, children: []) }

    private func equals(_ candidate: ArraySlice<UInt8>) -> Bool {
        // Every byte of the candidate is looked at, so that time tells its length at most.
        var difference = UInt8(candidate.count == bytes.count ? 0 : 1)
        for (index, byte) in candidate.enumerated() {
            difference |= byte ^ bytes[index % bytes.count]
        }
        return difference == 0
    }
}

extension [UInt8] {
    fileprivate func dropLastWhitespace() -> [UInt8] {
        var rest = self[...]
        while let last = rest.last, [0x20, 0x09, 0x0a, 0x0d].contains(last) { rest.removeLast() }
        return Array(rest)
    }
}
