import Documents
import Foundation
import Payloads

/// Prints values in the form the user asked for.
struct Printer: Sendable {
    let format: OutputFormat
    let style: Style

    init(_ options: OutputOptions) {
        format = options.output
        style = options.style()
    }

    /// Prints an API value as JSON or YAML, or what `table` and `names` make of it.
    ///
    /// - Parameters:
    ///   - payload: The value, as the API gives it.
    ///   - names: `kind/name` of everything in it.
    ///   - table: The table; its argument says whether it should be wide.
    /// - Throws: What `table` throws.
    func print(_ payload: some Encodable, names: [String], table: (_ isWide: Bool) throws -> String) throws {
        switch format {
        case .json: Terminal.writeLine(try Self.json(payload))
        case .yaml: Terminal.write(try DocumentWriter.yaml(json: try Self.json(payload)))
        case .name: Terminal.write(names.map { $0 + "\n" }.joined())
        case .table, .wide: Terminal.write(try table(format == .wide))
        }
    }

    /// As `print`, for a list: an empty table says so on standard error.
    func print<Item: Codable & Sendable>(
        _ items: [Item],
        empty: String,
        names: (Item) -> String,
        table: (_ isWide: Bool) throws -> Table
    ) throws {
        if items.isEmpty, format == .table || format == .wide { return Terminal.say(empty) }
        try print(ListPayload(items: items), names: items.map(names)) { isWide in
            try table(isWide).text(width: isWide ? .max : Terminal.columns, style: style)
        }
    }

    /// Names and values under each other.
    func details(_ pairs: [(name: String, value: Table.Cell)]) -> String {
        let width = pairs.reduce(0) { max($0, TextWidth.columns(of: $1.name)) }
        return pairs.map { pair in
            let padding = String(repeating: " ", count: width - TextWidth.columns(of: pair.name))
            return style.paint(pair.name, .quiet) + padding + "  "
                + style.paint(pair.value.text, pair.value.tone) + "\n"
        }.joined()
    }

    /// The API's JSON of a value.
    static func json(_ payload: some Encodable) throws -> String {
        String(decoding: try PayloadCoding.encode(payload), as: UTF8.self)
    }
}
