/// The lines of a crontab, read as cron reads them.
struct CrontabFile {
    /// A line that names a time and a command.
    struct Entry {
        var line: Int
        /// The time as it was written.
        var schedule: String
        var user: String?
        /// The command up to the first `%`.
        var command: String
        /// What follows the first `%`, for the command's standard input.
        var input: String?
        /// The variables set above the line.
        var environment: [String: String]
    }

    /// A line that cannot be understood.
    struct Mistake {
        var line: Int
        var text: String
        var why: String
        var advice: String
    }

    private(set) var entries: [Entry] = []
    private(set) var mistakes: [Mistake] = []
    /// The variables as they are at the end of the file.
    private(set) var environment: [String: String] = [:]
    /// The line that set each of them last.
    private(set) var lineOfVariable: [String: Int] = [:]

    /// Reads a text; when `namesUsers`, each line has a user before its command, as in /etc/crontab.
    init(_ text: String, namesUsers: Bool) {
        let lines = ImportSource.lines(of: text)
        for (index, raw) in lines.enumerated() {
            let line = raw.drop(while: \.isWhitespace)
            guard let first = line.first, first != "#" else { continue }
            if let (name, value) = Self.assignment(line) {
                environment[name] = value
                lineOfVariable[name] = index + 1
            } else {
                read(line, number: index + 1, namesUsers: namesUsers)
            }
        }
    }
}

extension CrontabFile {
    /// `NAME = value`, either part possibly quoted.
    private static func assignment(_ line: Substring) -> (name: String, value: String)? {
        guard let equals = line.firstIndex(of: "=") else { return nil }
        let name = unquoted(trimmed(line[..<equals]))
        guard let first = name.first, first.isLetter || first == "_",
            name.allSatisfy({ $0 == "_" || $0 == "-" || $0.isLetter || $0.isNumber })
        else { return nil }
        return (name, unquoted(trimmed(line[line.index(after: equals)...])))
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let start = text.drop(while: \.isWhitespace)
        let end = start.lastIndex { !$0.isWhitespace }
        return end.map { start[...$0] } ?? ""
    }

    private static func unquoted(_ text: Substring) -> String {
        guard let first = text.first, first == "'" || first == "\"", text.count > 1, text.last == first else {
            return String(text)
        }
        return String(text.dropFirst().dropLast())
    }

    private mutating func read(_ line: Substring, number: Int, namesUsers: Bool) {
        var rest = line
        // A hyphen keeps cron from logging the start.
        if rest.first == "-" { rest = rest.dropFirst() }
        guard let (schedule, tail) = CrontabTime.split(rest) else {
            return mistakes.append(
                Mistake(
                    line: number,
                    text: String(line),
                    why: CrontabTime.reason(rest),
                    advice: "write five fields and a command, or NAME=value"
                )
            )
        }
        rest = tail
        var user: String?
        if namesUsers {
            user = String(rest.prefix { !$0.isWhitespace })
            rest = rest.drop { !$0.isWhitespace }.drop(while: \.isWhitespace)
        }
        guard !rest.isEmpty else {
            return mistakes.append(
                Mistake(
                    line: number,
                    text: String(line),
                    why: "there is no command behind the time" + (namesUsers ? " and the user" : ""),
                    advice: namesUsers
                        ? "write user and command, or give --user-format if lines name no user"
                        : "write the command behind the five fields"
                )
            )
        }
        let (command, input) = Self.splitInput(rest)
        entries.append(
            Entry(
                line: number,
                schedule: schedule,
                user: user,
                command: command,
                input: input,
                environment: environment
            )
        )
    }

    /// The command, and the text behind the first `%` with further ones as line breaks; `\%` is a percent sign.
    private static func splitInput(_ text: Substring) -> (command: String, input: String?) {
        var parts = [""]
        var isEscaped = false
        for character in text {
            if isEscaped {
                parts[parts.count - 1] += character == "%" ? "%" : "\\" + String(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "%" {
                parts.append("")
            } else {
                parts[parts.count - 1].append(character)
            }
        }
        if isEscaped { parts[parts.count - 1] += "\\" }
        let command = String(trimmed(parts[0][...]))
        return (command, parts.count > 1 ? parts.dropFirst().joined(separator: "\n") : nil)
    }
}
