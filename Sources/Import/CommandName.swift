/// What a shell command is called after: the program that does the work.
enum CommandName {
    /// A name for the command of a crontab line; the same command always has the same.
    static func name(for command: String) -> String {
        for part in parts(of: command) {
            if let name = name(ofPart: part) { return name }
        }
        // Nothing but words that usually prepare something else, such as a lone `true`.
        let words = parts(of: command).last?.filter { word in word.contains { $0.isLetter } }
        return words?.first.map(baseName) ?? "task"
    }

    /// Words that prepare or guard what follows.
    private static let preludes: Set<String> = [
        "cd", "test", "[", "[[", ":", "true", "false", "export", "set", ".", "source", "umask", "sleep", "if",
        "while", "until", "pushd", "ulimit", "command",
    ]
    /// Words before which nothing is lost.
    private static let wrappers: Set<String> = [
        "sudo", "nice", "ionice", "nohup", "exec", "env", "time", "setsid", "chronic", "then", "do", "else",
        "{", "(", "!", "chrt", "stdbuf", "eval",
    ]
    /// Options of wrappers whose value is the next word.
    private static let optionsWithValue: Set<String> = ["-n", "-u", "-g", "-c", "-p"]
    /// Wrappers whose first word that is no option is an argument of theirs.
    private static let wrappersWithArgument: Set<String> = [
        "timeout", "flock", "su", "runuser", "chpst", "gosu",
    ]
    /// Programs that are named after what they execute.
    private static let interpreters: Set<String> = [
        "sh", "bash", "dash", "zsh", "ksh", "python", "python2", "python3", "perl", "ruby", "php", "node",
        "java", "rscript", "run-parts",
    ]
    private static let extensions = [".sh", ".bash", ".py", ".pl", ".rb", ".php", ".js", ".jar", ".r"]

    /// The words of each simple command.
    private static func parts(of command: String) -> [[String]] {
        var parts: [[String]] = [[]]
        for word in ShellText.words(command) {
            switch word {
            case "&&", "||", ";", "|", "&": parts.append([])
            default:
                let isLast = word.hasSuffix(";")
                parts[parts.count - 1].append(isLast ? String(word.dropLast()) : word)
                if isLast { parts.append([]) }
            }
        }
        return parts.filter { !$0.isEmpty }
    }

    private static func name(ofPart words: [String]) -> String? {
        var rest = words[...]
        while let word = rest.first {
            let program = baseName(word)
            if optionsWithValue.contains(word) {
                rest = rest.dropFirst(2)
            } else if isAssignment(word) || word.hasPrefix("-") || wrappers.contains(program) {
                rest = rest.dropFirst()
            } else if wrappersWithArgument.contains(program) {
                rest = rest.dropFirst().drop { $0.hasPrefix("-") }.dropFirst()
            } else {
                break
            }
        }
        guard let word = rest.first else { return nil }
        let program = baseName(word)
        guard !preludes.contains(program), program.contains(where: { $0.isLetter || $0.isNumber }) else {
            return nil
        }
        guard interpreters.contains(program) else { return withoutExtension(program) }
        return interpreted(program, rest.dropFirst())
    }

    /// The script of an interpreter; the first word of a text given with `-c`, recursively.
    private static func interpreted(_ program: String, _ arguments: ArraySlice<String>) -> String {
        if let option = arguments.firstIndex(where: { $0 == "-c" || $0 == "-lc" }),
            let text = arguments[arguments.index(after: option)...].first
        {
            return program.hasSuffix("sh") ? name(for: text) : program
        }
        if let option = arguments.firstIndex(where: { $0 == "-m" || $0 == "-jar" }),
            let module = arguments[arguments.index(after: option)...].first
        {
            return withoutExtension(baseName(module))
        }
        guard let script = arguments.first(where: { !$0.hasPrefix("-") }) else { return program }
        let name = withoutExtension(baseName(script))
        return program == "run-parts" ? "run-parts-\(name)" : name
    }

    private static func isAssignment(_ word: String) -> Bool {
        guard let equals = word.firstIndex(of: "="), equals > word.startIndex else { return false }
        return word[..<equals].allSatisfy { $0 == "_" || $0.isLetter || $0.isNumber }
    }

    private static func baseName(_ word: String) -> String {
        word.split(separator: "/").last.map(String.init) ?? word
    }

    private static func withoutExtension(_ name: String) -> String {
        let known = extensions.first { name.lowercased().hasSuffix($0) && name.count > $0.count }
        return known.map { String(name.dropLast($0.count)) } ?? name
    }
}
