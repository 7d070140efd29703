import Domain

/// Gives names out, each once.
struct UniqueNames {
    private var taken: Set<String> = []

    /// The name nearest to `proposal` that was not given out yet: `backup`, `backup-2`, `backup-3`.
    mutating func take(_ proposal: String) -> TaskID {
        let base = Self.fitting(proposal)
        var number = 1
        while true {
            let suffix = number == 1 ? "" : "-\(number)"
            if let name = TaskID(base.prefix(NameRule.lengthMax - suffix.count) + suffix),
                taken.insert(name.text).inserted
            {
                return name
            }
            number += 1
        }
    }

    /// A text that follows the rule for names and resembles `text`.
    static func fitting(_ text: String) -> String {
        var name = ""
        for character in text.lowercased() {
            if character.isASCII, character.isLetter || character.isNumber || "._".contains(character) {
                name.append(character)
            } else if !name.isEmpty, name.last != "-" {
                name.append("-")
            }
        }
        let trimmed = name.drop { "-._".contains($0) }.prefix(NameRule.lengthMax)
        let end = trimmed.lastIndex { !"-._".contains($0) }.map { trimmed.index(after: $0) }
        return end.map { String(trimmed[..<$0]) } ?? "task"
    }
}
