import Domain

/// The keys that say what an attempt executes.
extension TaskReader {
    /// Keys of actions, of which a task has one; each with the keys that may stand beside it only.
    private static let kinds: [(key: String, companions: [String])] = [
        ("command", []), ("script", ["interpreter"]), ("run", ["setup", "teardown"]), ("http", []),
        ("plugin", []),
    ]

    mutating func readAction(_ reader: inout FieldReader) -> TaskSpecification.Action? {
        let given = Self.kinds.filter { fields[$0.key] != nil }
        let problemCount = reader.problems.count
        refuseStrayCompanions(of: given.map(\.key), &reader)
        guard let kind = given.first else {
            if reader.problems.count == problemCount { refuseMissingAction(&reader) }
            return nil
        }
        if given.count > 1 { return refuseSecondAction(given.map(\.key), &reader) }
        switch kind.key {
        case "command", "script": return readWork(fields, "", &reader).map(\.action)
        case "plugin": return readPlugin(&reader).map { .plugin($0) }
        case "http": return readHTTP(&reader).map { .http($0) }
        default: return readPhases(&reader).map { .phases($0) }
        }
    }

    /// What it is, for messages.
    private var what: String { place?.step == nil ? "task" : "step" }

    private func refuseMissingAction(_ reader: inout FieldReader) {
        let remedy = "add one such as command: [date, -u]"
        reader.refuse(
            node,
            "command",
            "the \(what) has neither a command nor a script, nor run, http or plugin: \(remedy)"
        )
    }

    private func refuseSecondAction(
        _ keys: [String],
        _ reader: inout FieldReader
    ) -> TaskSpecification.Action? {
        let second = keys[1]
        guard let node = fields[second] else { return nil }
        if keys == ["command", "script"] {
            reader.refuse(node, second, "a \(what) has a command or a script, never both: remove one")
        } else {
            let list = Nearest.list(Self.kinds.map(\.key))
            reader.refuse(node, second, "a \(what) has one of \(list): remove \(keys[0]) or \(second)")
        }
        return nil
    }

    /// Keys that mean something beside a certain kind of action only.
    private func refuseStrayCompanions(of kinds: [String], _ reader: inout FieldReader) {
        for (kind, companions) in Self.kinds where !kinds.contains(kind) {
            for key in companions {
                guard let node = fields[key] else { continue }
                reader.refuse(node, key, "\(key) stands beside \(kind): add \(kind), or remove \(key)")
            }
        }
    }

    /// A command or a script with its interpreter; `path` is empty or ends with a dot.
    private mutating func readWork(
        _ fields: Fields,
        _ path: String,
        _ reader: inout FieldReader
    ) -> Phase? {
        switch (fields["command"], fields["script"]) {
        case (let command?, nil):
            places[path + "command"] = command
            return readWords(command, path + "command", &reader).map { Phase(.command($0)) }
        case (nil, let script?):
            places[path + "script"] = script
            var interpreter: [String] = []
            if let node = fields["interpreter"] {
                let field = path + "interpreter"
                places[field] = node
                let expected = "a list of words such as [python3]"
                guard let words = reader.texts(node, field, expected) else { return nil }
                if words.isEmpty {
                    reader.refuse(node, field, "the interpreter is empty; write one such as [python3, -u]")
                    return nil
                }
                interpreter = words
            }
            return reader.text(script, path + "script", "a text").map {
                Phase(.script($0, interpreter: interpreter))
            }
        default: return nil
        }
    }

    private func readWords(_ node: SourceNode, _ field: String, _ reader: inout FieldReader) -> [String]? {
        if let text = node.scalar, case .text = text.meaning {
            let words = text.text.split(separator: " ").joined(separator: ", ")
            let hint = "write command: [\(words)], or use script: to have a shell read it"
            reader.refuse(node, field, "\(field) must be a list of words, not a text: \(hint)")
            return nil
        }
        return reader.texts(node, field, "a list of words such as [date, -u]")
    }

    private mutating func readPhases(_ reader: inout FieldReader) -> Phases? {
        let setup = readPhase("setup", &reader)
        let run = readPhase("run", &reader)
        let teardown = readPhase("teardown", &reader)
        guard let run else { return nil }
        return Phases(setup: setup, run: run, teardown: teardown)
    }

    private mutating func readPhase(_ name: String, _ reader: inout FieldReader) -> Phase? {
        guard let node = fields[name] else { return nil }
        places[name] = node
        let keys = ["command", "script", "interpreter", "timeout"]
        guard let fields = Fields(node, keys: keys, path: name, what: "a phase", &reader) else { return nil }
        let timeout = fields["timeout"].flatMap { node in
            places["\(name).timeout"] = node
            return reader.duration(node, "\(name).timeout")
        }
        guard (fields["command"] == nil) != (fields["script"] == nil) else {
            let place = fields["script"] ?? node
            reader.refuse(place, name, "\(name) has a command or a script, one of the two")
            return nil
        }
        if let interpreter = fields["interpreter"], fields["script"] == nil {
            let field = "\(name).interpreter"
            reader.refuse(interpreter, field, "\(field) stands beside a script: remove it")
        }
        var phase = readWork(fields, name + ".", &reader)
        phase?.timeout = timeout
        return phase
    }
}
