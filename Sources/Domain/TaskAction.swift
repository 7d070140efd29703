extension TaskSpecification {
    /// What an attempt executes.
    ///
    /// Its JSON form is part of the task's: each kind has a key of its own.
    public enum Action: Hashable, Sendable {
        /// A program and its arguments, executed as they are.
        case command([String])
        /// Text that becomes a file, which is given to an interpreter as its last argument; without one to `sh -eu`.
        case script(String, interpreter: [String] = [])
        /// Work with something before it and something after it.
        indirect case phases(Phases)
        /// A request, which succeeds when the answer is as expected.
        indirect case http(HTTPCall)
        /// What a plugin does.
        indirect case plugin(PluginCall)
    }
}

/// Work that needs preparing, and cleaning up in any case.
public struct Phases: Hashable, Sendable {
    /// What goes first; when it fails, `run` is left out.
    public var setup: Phase?
    /// The work.
    public var run: Phase
    /// What goes last, however the others ended, once `setup` (or, without one, `run`) was begun.
    public var teardown: Phase?

    /// Creates phases.
    public init(setup: Phase? = nil, run: Phase, teardown: Phase? = nil) {
        self.setup = setup
        self.run = run
        self.teardown = teardown
    }

    /// Which of the phases.
    public enum Name: String, Hashable, Sendable, CaseIterable {
        /// What goes first.
        case setup
        /// The work.
        case run
        /// What goes last.
        case teardown
    }

    /// The phases there are, in their order.
    public var all: [(name: Name, phase: Phase)] {
        [(Name.setup, setup), (.run, run), (.teardown, teardown)].compactMap { name, phase in
            phase.map { (name, $0) }
        }
    }
}

/// One of the phases of an attempt.
public struct Phase: Hashable, Sendable {
    /// What a phase executes.
    public enum Work: Hashable, Sendable {
        /// A program and its arguments, executed as they are.
        case command([String])
        /// Text that becomes a file for an interpreter; without one for `sh -eu`.
        case script(String, interpreter: [String] = [])
    }

    /// What it executes.
    public var work: Work
    /// How long it may take; `nil` for as long as the attempt may.
    public var timeout: Duration?

    /// Creates a phase.
    public init(_ work: Work, timeout: Duration? = nil) {
        self.work = work
        self.timeout = timeout
    }

    /// The same work as a task of its own would have it.
    public var action: TaskSpecification.Action {
        switch work {
        case .command(let words): .command(words)
        case .script(let text, let interpreter): .script(text, interpreter: interpreter)
        }
    }
}

extension TaskSpecification.Action {
    /// The texts in it that may be templates, each with the field it stands in.
    var templateTexts: [(field: String, text: String)] {
        switch self {
        case .command(let words): words.enumerated().map { ("command[\($0)]", $1) }
        case .script: []
        case .http(let call): call.templateTexts
        case .plugin(let call): call.templateTexts
        case .phases(let phases):
            phases.all.flatMap { name, phase in
                phase.action.templateTexts.map { ("\(name.rawValue).\($0.field)", $0.text) }
            }
        }
    }

    /// How many bytes its texts have, roughly as JSON.
    public var textBytes: Int {
        switch self {
        case .command(let words): Self.bytes(of: words)
        case .script(let text, let interpreter): text.utf8.count + Self.bytes(of: interpreter)
        case .http(let call): call.textBytes
        case .plugin(let call): call.textBytes
        case .phases(let phases): phases.all.reduce(0) { $0 + 64 + $1.phase.action.textBytes }
        }
    }

    private static func bytes(of words: [String]) -> Int { words.reduce(0) { $0 + $1.utf8.count + 3 } }

    /// The action with the facts of an attempt filled in.
    public func rendered(_ facts: TemplateFacts) -> Self {
        switch self {
        case .command(let words): return .command(words.map { Template.render($0, facts) })
        case .script: return self
        case .http(let call): return .http(call.rendered(facts))
        case .plugin(let call): return .plugin(call.rendered(facts))
        case .phases(var phases):
            phases.setup = phases.setup?.rendered(facts)
            phases.run = phases.run.rendered(facts)
            phases.teardown = phases.teardown?.rendered(facts)
            return .phases(phases)
        }
    }
}

extension Phase {
    fileprivate func rendered(_ facts: TemplateFacts) -> Self {
        guard case .command(let words) = work else { return self }
        return Phase(.command(words.map { Template.render($0, facts) }), timeout: timeout)
    }
}
