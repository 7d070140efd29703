/// Strings one after the other, each ended by a NUL: how programs receive arguments and environment.
struct StringBlock {
    private(set) var bytes: [UInt8] = []
    private(set) var count = 0

    /// Appends a string, up to a NUL in it.
    mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8.prefix { $0 != 0 })
        bytes.append(0)
        count += 1
    }

    /// Appends `name=value`.
    mutating func append(_ name: String, _ value: String) {
        bytes.append(contentsOf: name.utf8.prefix { $0 != 0 })
        bytes.append(UInt8(ascii: "="))
        append(value)
    }
}
