/// The settings of a systemd unit file, in their order.
struct UnitFile {
    struct Setting {
        var section: String
        var key: String
        var value: String
        var line: Int
    }

    private(set) var settings: [Setting] = []
    /// Lines that are no setting.
    private(set) var mistakes: [(line: Int, text: String)] = []

    init(_ text: String) {
        var section = ""
        var pending: (text: String, line: Int)?
        for (index, raw) in ImportSource.lines(of: text).enumerated() {
            let line = String(raw.drop(while: \.isWhitespace))
            // A comment within a continued line is left out of it.
            if line.hasPrefix("#") || line.hasPrefix(";") { continue }
            let whole = (pending?.text ?? "") + line
            let start = pending?.line ?? index + 1
            if whole.hasSuffix("\\") {
                pending = (whole.dropLast() + " ", start)
                continue
            }
            pending = nil
            read(whole, line: start, section: &section)
        }
        if let pending { read(pending.text, line: pending.line, section: &section) }
    }

    private mutating func read(_ text: String, line: Int, section: inout String) {
        let text = Self.trimmed(text)
        if text.isEmpty { return }
        if text.hasPrefix("["), text.hasSuffix("]") {
            section = String(text.dropFirst().dropLast())
        } else if let equals = text.firstIndex(of: "="), equals > text.startIndex {
            let key = Self.trimmed(String(text[..<equals]))
            let value = Self.trimmed(String(text[text.index(after: equals)...]))
            settings.append(Setting(section: section, key: key, value: value, line: line))
        } else {
            mistakes.append((line, text))
        }
    }

    /// The settings of a key that apply: an empty one takes those before it back.
    func all(_ section: String, _ key: String) -> [Setting] {
        var found: [Setting] = []
        for setting in settings where setting.section == section && setting.key == key {
            if setting.value.isEmpty { found = [] } else { found.append(setting) }
        }
        return found
    }

    /// The last setting of a key.
    func last(_ section: String, _ key: String) -> Setting? { all(section, key).last }

    /// Whether a text is one of the words for yes.
    static func isTrue(_ value: String) -> Bool {
        ["1", "yes", "y", "true", "t", "on"].contains(value.lowercased())
    }

    private static func trimmed(_ text: String) -> String {
        let start = text.drop(while: \.isWhitespace)
        return start.lastIndex { !$0.isWhitespace }.map { String(start[...$0]) } ?? ""
    }
}
