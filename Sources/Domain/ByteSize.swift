/// A number of bytes as people write it: `512MiB`, `2GB`, or a plain number.
public struct ByteSize: Hashable, Comparable, Sendable {
    /// The number of bytes.
    public var bytes: Int

    /// Creates a size.
    public init(_ bytes: Int) { self.bytes = bytes }

    private static let units: [(name: String, bytes: Int)] = [
        ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10),
        ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000), ("B", 1),
    ]

    /// How a size is written, for messages.
    public static let rule = "write a whole number of bytes, or one with a unit such as 64KiB, 512MiB or 2GiB"

    /// Reads a size; `nil` when `text` is none, or too many bytes to count.
    public init?(_ text: String) {
        let unit = Self.units.first { text.hasSuffix($0.name) }
        let digits = text.dropLast(unit?.name.count ?? 0)
        guard !digits.isEmpty,
            digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let number = Int(digits)
        else { return nil }
        let (bytes, overflows) = number.multipliedReportingOverflow(by: unit?.bytes ?? 1)
        if overflows { return nil }
        self.bytes = bytes
    }

    /// The size in the largest unit that it is a whole number of; reads back as the same.
    public var text: String {
        let unit = Self.units.first { bytes >= $0.bytes && bytes % $0.bytes == 0 && $0.bytes > 1 }
        return unit.map { "\(bytes / $0.bytes)\($0.name)" } ?? String(bytes)
    }

    /// The size in one of the binary units, rounded to a tenth, for people.
    public var rounded: String {
        guard let unit = Self.units.prefix(4).first(where: { bytes >= $0.bytes }) else { return "\(bytes) B" }
        let tenths = (bytes / (unit.bytes / 16) * 10 + 8) / 16
        return tenths % 10 == 0 || tenths >= 1_000
            ? "\(tenths / 10) \(unit.name)" : "\(tenths / 10).\(tenths % 10) \(unit.name)"
    }

    /// Sorts by bytes.
    public static func < (left: ByteSize, right: ByteSize) -> Bool { left.bytes < right.bytes }
}

extension ByteSize: Codable {
    /// Decodes the text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let size = ByteSize(text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "'\(text)' is not a size: \(Self.rule)"
            )
        }
        self = size
    }

    /// Encodes the text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
