/// Rows under headings, aligned, and cut to the width there is.
struct Table: Sendable {
    /// A heading, and how its column behaves.
    struct Column: Sendable {
        var title: String
        /// Whether the column may be cut when the table is too wide.
        var isElastic = false
        /// Whether the values stand at the right, as numbers do.
        var isNumber = false
    }

    /// One value of a row.
    struct Cell: Sendable, ExpressibleByStringInterpolation {
        var text: String
        var tone: Style.Tone?

        init(_ text: String, _ tone: Style.Tone? = nil) {
            // A line break or an escape in data must not disturb the terminal.
            self.text = String(text.map { $0.isNewline || $0 == "\t" ? " " : Self.isControl($0) ? "�" : $0 })
            self.tone = tone
        }

        init(stringLiteral value: String) {
            self.init(value)
        }

        private static func isControl(_ character: Character) -> Bool {
            character.unicodeScalars.contains { $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) }
        }
    }

    private let columns: [Column]
    private var rows: [[Cell]] = []

    init(_ columns: [Column]) {
        self.columns = columns
    }

    /// Adds a row with one value for each column.
    mutating func append(_ row: [Cell]) {
        precondition(row.count == columns.count, "a row has \(row.count) values for \(columns.count) columns")
        rows.append(row)
    }

    /// The table's text, at most `width` columns wide if its elastic columns can be made so narrow.
    func text(width: Int, style: Style) -> String {
        let widths = fitted(naturalWidths, to: width)
        let heading = columns.map { Cell($0.title, .strong) }
        return ([heading] + rows).map { line($0, widths, style) + "\n" }.joined()
    }

    private static let gap = 2
    private static let elasticColumnsMin = 8

    private var naturalWidths: [Int] {
        columns.indices.map { index in
            rows.reduce(TextWidth.columns(of: columns[index].title)) {
                max($0, TextWidth.columns(of: $1[index].text))
            }
        }
    }

    /// Takes what is too much from the widest elastic column, again and again.
    private func fitted(_ natural: [Int], to width: Int) -> [Int] {
        var widths = natural
        let elastic = columns.indices.filter { columns[$0].isElastic }
        guard width < .max else { return widths }
        while widths.reduce(0, +) + Self.gap * (widths.count - 1) > width {
            guard let widest = elastic.max(by: { widths[$0] < widths[$1] }),
                widths[widest] > Self.elasticColumnsMin
            else { break }
            widths[widest] -= 1
        }
        return widths
    }

    private func line(_ row: [Cell], _ widths: [Int], _ style: Style) -> String {
        var line = ""
        for (index, cell) in row.enumerated() {
            let text = TextWidth.cut(cell.text, to: widths[index])
            let padding = String(repeating: " ", count: widths[index] - TextWidth.columns(of: text))
            let painted = style.paint(text, cell.tone)
            let isLast = index == row.count - 1
            line += columns[index].isNumber ? padding + painted : isLast ? painted : painted + padding
            if !isLast { line += String(repeating: " ", count: Self.gap) }
        }
        return line
    }
}
