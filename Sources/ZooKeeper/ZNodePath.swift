/// An absolute znode path that is known to be valid.
///
/// The C library aborts the process when a `multi` carries an invalid path, and is laxer than the server about
/// what is valid, so no unchecked string ever reaches it: every call takes a `ZNodePath`.
public struct ZNodePath: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The path as ZooKeeper spells it: starts with a slash and, but for the root, does not end with one.
    public let text: String

    /// The root of the tree (or of the chroot of a session).
    public static let root = ZNodePath(unchecked: "/")

    /// Longest accepted path in UTF-8 bytes.
    ///
    /// ZooKeeper has no limit of its own; this one keeps the packets of watches and close-session
    /// transactions far below the server's `jute.maxbuffer`.
    public static let lengthBytesMax = 1_024

    /// Creates a path from untrusted text.
    ///
    /// - Throws: `ZooKeeperError` with code `.badArguments` that names the text and the reason.
    public init(_ text: String) throws(ZooKeeperError) {
        if let reason = ZNodePath.defect(of: text) {
            throw ZooKeeperError(.badArguments, path: text, detail: reason)
        }
        self.init(unchecked: text)
    }

    private init(unchecked text: String) {
        self.text = text
    }

    /// The text that people and logs see.
    public var description: String { text }

    /// Orders by identity, for stable output.
    public static func < (left: ZNodePath, right: ZNodePath) -> Bool { left.text < right.text }
}

extension ZNodePath {
    /// The path of a child of this node.
    ///
    /// - Throws: `ZooKeeperError` with code `.badArguments` when `name` is not one valid path component.
    public func child(_ name: String) throws(ZooKeeperError) -> ZNodePath {
        if let reason = ZNodePath.defect(ofComponent: name) {
            throw ZooKeeperError(.badArguments, path: text + "/" + name, detail: reason)
        }
        let joined = text == "/" ? "/" + name : text + "/" + name
        if joined.utf8.count > ZNodePath.lengthBytesMax {
            throw ZooKeeperError(
                .badArguments,
                path: joined,
                detail: "longer than \(ZNodePath.lengthBytesMax) bytes"
            )
        }
        return ZNodePath(unchecked: joined)
    }

    /// The path of the parent; `nil` for the root.
    public var parent: ZNodePath? {
        guard text != "/", let slash = text.lastIndex(of: "/") else { return nil }
        return slash == text.startIndex ? .root : ZNodePath(unchecked: String(text[..<slash]))
    }

    /// The last component; empty for the root.
    public var name: String {
        guard let slash = text.lastIndex(of: "/") else { return text }
        return String(text[text.index(after: slash)...])
    }

    /// The components from the root downwards.
    public var components: [String] {
        text.split(separator: "/").map(String.init)
    }

    /// Why `text` is not a valid absolute path; `nil` when it is one.
    private static func defect(of text: String) -> String? {
        if text == "/" { return nil }
        if text.utf8.first != UInt8(ascii: "/") { return "must start with /" }
        if text.utf8.count > lengthBytesMax { return "longer than \(lengthBytesMax) bytes" }
        for component in text.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            if let reason = defect(ofComponent: String(component)) { return reason }
        }
        return nil
    }

    /// Why `name` cannot be one component; the union of what the C library and the server refuse.
    private static func defect(ofComponent name: String) -> String? {
        if name.isEmpty { return "has an empty component" }
        if name == "." || name == ".." { return "has a relative component" }
        for scalar in name.unicodeScalars where !isAllowed(scalar) {
            return
                "contains the character U+\(String(scalar.value, radix: 16, uppercase: true)), which ZooKeeper refuses"
        }
        return nil
    }

    /// The server refuses U+0000–U+001F, U+007F–U+009F, surrogates, private use U+E000–U+F8FF and U+FFF0–U+FFFF.
    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x2F, 0x00...0x1F, 0x7F...0x9F, 0xD800...0xF8FF, 0xFFF0...0xFFFF: false
        default: true
        }
    }
}
