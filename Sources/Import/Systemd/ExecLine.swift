/// One command of `ExecStart=`.
struct ExecLine {
    /// The program and its arguments.
    var words: [String]
    /// Whether its failure does not count (`-`).
    var ignoresFailure = false
    /// Prefixes and variables that have no counterpart, as they were written.
    var leftovers: [String] = []

    /// The commands of a setting's value.
    ///
    /// - Parameters:
    ///   - value: The value; commands are separated by a lone `;`.
    ///   - unit: The unit's name, for `%n` and its like.
    ///   - variables: What `$NAME` stands for.
    /// - Returns: The commands.
    static func commands(_ value: String, unit: UnitName, variables: [String: String]) -> [ExecLine] {
        let words = UnitWords.split(value)
        return words.split(separator: UnitWords.Word(text: ";")).map {
            ExecLine(Array($0), unit: unit, variables: variables)
        }.filter { !$0.words.isEmpty }
    }

    private init(_ read: [UnitWords.Word], unit: UnitName, variables: [String: String]) {
        words = []
        var program = read.first?.text ?? ""
        while let sign = program.first, "-@:+!|".contains(sign) {
            if sign == "-" { ignoresFailure = true } else { leftovers.append("the prefix '\(sign)'") }
            program.removeFirst()
        }
        for (index, word) in read.enumerated() {
            let text = expanded(index == 0 ? program : word.text, unit: unit)
            words += substituted(text, variables)
        }
    }

    /// Replaces `%n` and its like.
    private mutating func expanded(_ text: String, unit: UnitName) -> String {
        var result = ""
        var rest = text[...]
        while let percent = rest.firstIndex(of: "%") {
            result += rest[..<percent]
            rest = rest[rest.index(after: percent)...]
            switch rest.popFirst() {
            case "%": result += "%"
            case "n": result += unit.text
            case "N": result += unit.withoutType
            case "p": result += unit.prefix
            case "i", "I": result += unit.instance ?? ""
            case let other:
                result += "%" + (other.map(String.init) ?? "")
                if let other { leftovers.append("the specifier %\(other)") }
            }
        }
        return result + rest
    }

    /// Replaces variables: `$NAME` as a whole word becomes several words, `${NAME}` part of one.
    private mutating func substituted(_ text: String, _ variables: [String: String]) -> [String] {
        guard text.contains("$") else { return [text] }
        if text.first == "$", text.dropFirst().allSatisfy({ $0 == "_" || $0.isLetter || $0.isNumber }),
            text.count > 1
        {
            guard let value = variables[String(text.dropFirst())] else {
                leftovers.append("the variable \(text)")
                return [text]
            }
            return value.split(whereSeparator: \.isWhitespace).map(String.init)
        }
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "$" {
                result += "$"
                rest = rest.dropFirst()
            } else if rest.first == "{", let end = rest.firstIndex(of: "}") {
                let name = String(rest[rest.index(after: rest.startIndex)..<end])
                if variables[name] == nil { leftovers.append("the variable ${\(name)}") }
                result += variables[name] ?? "${\(name)}"
                rest = rest[rest.index(after: end)...]
            } else {
                result += "$"
            }
        }
        return [result + rest]
    }
}

/// Words as unit files quote them.
enum UnitWords {
    struct Word: Hashable {
        var text: String
        /// Whether it was quoted, so that it is no sign.
        var isQuoted = false
    }

    /// The words of a value.
    static func split(_ value: String) -> [Word] {
        var words: [Word] = []
        var word: Word?
        var quote: Character?
        var characters = value[...]
        func add(_ text: String, quoted: Bool = false) {
            word = Word(text: (word?.text ?? "") + text, isQuoted: (word?.isQuoted ?? false) || quoted)
        }
        while let character = characters.popFirst() {
            if character == "\\" {
                add(escaped(&characters), quoted: true)
            } else if let open = quote {
                if character == open { quote = nil } else { add(String(character)) }
            } else if word == nil, character == "'" || character == "\"" {
                quote = character
                add("", quoted: true)
            } else if character.isWhitespace {
                if let word { words.append(word) }
                word = nil
            } else {
                add(String(character))
            }
        }
        if let word { words.append(word) }
        return words
    }

    private static func escaped(_ rest: inout Substring) -> String {
        guard let character = rest.popFirst() else { return "\\" }
        switch character {
        case "n": return "\n"
        case "t": return "\t"
        case "s": return " "
        case "x":
            let digits = rest.prefix(2)
            guard digits.count == 2, let code = UInt8(digits, radix: 16) else { return "\\x" }
            rest = rest.dropFirst(2)
            return String(UnicodeScalar(code))
        case "\\", "\"", "'": return String(character)
        default: return "\\" + String(character)
        }
    }
}
