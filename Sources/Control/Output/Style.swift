/// Colours, or none.
struct Style: Sendable {
    /// Whether colours are used.
    var isColoured: Bool

    /// What a colour stands for; text always says the same, so that nothing depends on colour.
    enum Tone: String {
        case good = "32"
        case bad = "31"
        case warning = "33"
        case quiet = "2"
        case strong = "1"
    }

    /// The text in a tone.
    func paint(_ text: String, _ tone: Tone?) -> String {
        guard isColoured, let tone, !text.isEmpty else { return text }
        return "\u{1B}[\(tone.rawValue)m\(text)\u{1B}[0m"
    }
}
