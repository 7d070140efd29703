/// The number of a leadership: the data version of the `/epoch` node.
///
/// Never goes back within a timeline.
public struct Epoch: RawRepresentable, Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// The number, from 0.
    public let rawValue: Int32

    /// Creates an epoch.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// The text that people and logs see.
    public var description: String { String(rawValue) }

    /// Orders by identity, for stable output.
    public static func < (left: Epoch, right: Epoch) -> Bool { left.rawValue < right.rawValue }
}
