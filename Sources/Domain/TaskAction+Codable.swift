import Scheduling

extension TaskSpecification.Action: Codable {
    private enum Key: String, CodingKey {
        case command, script, interpreter, setup, run, teardown, http, plugin
    }

    /// Decodes the keys of an action; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let kinds: [Key] = [.command, .script, .run, .http, .plugin]
        let given = kinds.filter(container.contains)
        guard let kind = given.first, given.count == 1 else {
            throw DecodingError.dataCorruptedError(
                forKey: given.last ?? .command,
                in: container,
                debugDescription: "a task has exactly one of command, script, run, http and plugin"
            )
        }
        let companions: Set<Key> = kind == .script ? [.interpreter] : kind == .run ? [.setup, .teardown] : []
        let foreign = [Key.interpreter, .setup, .teardown].first {
            container.contains($0) && !companions.contains($0)
        }
        if let foreign {
            throw DecodingError.dataCorruptedError(
                forKey: foreign,
                in: container,
                debugDescription: "\(foreign.rawValue) does not go with \(kind.rawValue)"
            )
        }
        switch kind {
        case .command: self = .command(try container.decode([String].self, forKey: .command))
        case .script:
            self = .script(
                try container.decode(String.self, forKey: .script),
                interpreter: try container.decodeIfPresent([String].self, forKey: .interpreter) ?? []
            )
        case .plugin: self = .plugin(try container.decode(PluginCall.self, forKey: .plugin))
        case .http: self = .http(try container.decode(HTTPCall.self, forKey: .http))
        default:
            self = .phases(
                Phases(
                    setup: try container.decodeIfPresent(Phase.self, forKey: .setup),
                    run: try container.decode(Phase.self, forKey: .run),
                    teardown: try container.decodeIfPresent(Phase.self, forKey: .teardown)
                )
            )
        }
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        switch self {
        case .command(let words): try container.encode(words, forKey: .command)
        case .script(let text, let interpreter):
            try container.encode(text, forKey: .script)
            if !interpreter.isEmpty { try container.encode(interpreter, forKey: .interpreter) }
        case .http(let call): try container.encode(call, forKey: .http)
        case .plugin(let call): try container.encode(call, forKey: .plugin)
        case .phases(let phases):
            try container.encodeIfPresent(phases.setup, forKey: .setup)
            try container.encode(phases.run, forKey: .run)
            try container.encodeIfPresent(phases.teardown, forKey: .teardown)
        }
    }
}

extension Phase: Codable {
    private enum Key: String, CodingKey {
        case command, script, interpreter, timeout
    }

    /// Decodes an object with a command or a script; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let command = try container.decodeIfPresent([String].self, forKey: .command)
        let script = try container.decodeIfPresent(String.self, forKey: .script)
        let work: Work
        switch (command, script) {
        case (let words?, nil) where !container.contains(.interpreter): work = .command(words)
        case (nil, let text?):
            let interpreter = try container.decodeIfPresent([String].self, forKey: .interpreter)
            work = .script(text, interpreter: interpreter ?? [])
        default:
            throw DecodingError.dataCorruptedError(
                forKey: .command,
                in: container,
                debugDescription: "a phase has a command, or a script and perhaps its interpreter"
            )
        }
        self.init(
            work,
            timeout: try container.decodeIfPresent(DurationText.self, forKey: .timeout)?.duration
        )
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        switch work {
        case .command(let words): try container.encode(words, forKey: .command)
        case .script(let text, let interpreter):
            try container.encode(text, forKey: .script)
            if !interpreter.isEmpty { try container.encode(interpreter, forKey: .interpreter) }
        }
        try container.encodeIfPresent(timeout.map(DurationText.init), forKey: .timeout)
    }
}
