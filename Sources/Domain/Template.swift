import Scheduling

/// A text with places for facts of the attempt: `${{ parameters.day }}`.
///
/// Templates stand in the words of a command, in the values of the environment and in requests, never in a script: what is filled in is an
/// argument, a variable or a part of a request that is escaped for its place, and no shell reads it. `$${{` stands for `${{` itself.
public struct Template: Hashable, Sendable {
    /// What may be filled in: a closed set.
    public enum Field: Hashable, Sendable {
        /// The value of a parameter.
        case parameter(String)
        /// An output of a run that this one came after: `TASK.NAME`.
        case output(String)
        /// The task's name.
        case task
        /// The run's identity.
        case run
        /// The due instant, RFC 3339, UTC.
        case due
        /// The day of the due instant, UTC.
        case dueDate
        /// The attempt's number.
        case attempt
        /// The agent's name.
        case node
        /// Shard or broadcast part, else 0.
        case part
        /// The shard's name, else its number.
        case shard
        /// The shard's number, from 0.
        case shardIndex
        /// How many shards there are.
        case shardTotal

        /// Whether only tasks with shards have it.
        var isOfShard: Bool {
            switch self {
            case .shard, .shardIndex, .shardTotal: true
            default: false
            }
        }
    }

    /// What is wrong with a template.
    public struct Mistake: Error, Hashable, Sendable {
        /// One clause.
        public var message: String
    }

    private enum Piece: Hashable, Sendable {
        case text(String)
        case field(Field)
    }

    private var pieces: [Piece] = []

    /// Reads a template.
    public init(_ text: String) throws(Mistake) {
        var rest = text[...]
        while let open = rest.firstRange(of: "${{") {
            if rest[..<open.lowerBound].last == "$" {
                pieces.append(.text(String(rest[..<open.lowerBound].dropLast()) + "${{"))
                rest = rest[open.upperBound...]
                continue
            }
            pieces.append(.text(String(rest[..<open.lowerBound])))
            guard let close = rest[open.upperBound...].firstRange(of: "}}") else {
                throw Mistake(
                    message: "a '${{' has no '}}' behind it: close it, or write '$${{' for the text itself"
                )
            }
            pieces.append(.field(try Self.field(rest[open.upperBound..<close.lowerBound])))
            rest = rest[close.upperBound...]
        }
        pieces.append(.text(String(rest)))
    }

    /// The fields it fills in, in order.
    public var fields: [Field] {
        pieces.compactMap { piece in
            if case .field(let field) = piece { field } else { nil }
        }
    }

    /// The text for an attempt, what is filled in escaped for its place.
    public func rendered(_ facts: TemplateFacts, _ escape: (String) -> String = { $0 }) -> String {
        pieces.map { piece in
            switch piece {
            case .text(let text): text
            case .field(let field): escape(facts.text(of: field))
            }
        }.joined()
    }

    /// The text for an attempt; what is no template (in a task that was saved before there were any) stays as it is.
    public static func render(
        _ text: String,
        _ facts: TemplateFacts,
        _ escape: (String) -> String = { $0 }
    ) -> String {
        guard text.contains("${{") else { return text }
        do throws(Mistake) {
            return try Template(text).rendered(facts, escape)
        } catch {
            return text
        }
    }

    /// The first field in a text that need not be a template, and how it is written; places of other programs are passed over.
    static func firstField(in text: String) -> (name: String, field: Field)? {
        var rest = text[...]
        while let open = rest.firstRange(of: "${{") {
            let isEscaped = rest[..<open.lowerBound].last.map { $0 == "$" || $0 == "\\" } ?? false
            rest = rest[open.upperBound...]
            guard let close = rest.firstRange(of: "}}") else { return nil }
            let inner = rest[..<close.lowerBound]
            if !isEscaped, let field = try? Self.field(inner) {
                return (inner.split(whereSeparator: \.isWhitespace).joined(separator: " "), field)
            }
        }
        return nil
    }

    /// The fields besides parameters, as they are written.
    static let words: [(name: String, field: Field)] = [
        ("task", .task), ("run", .run), ("due", .due), ("due.date", .dueDate), ("attempt", .attempt),
        ("node", .node), ("part", .part), ("shard", .shard), ("shard.index", .shardIndex),
        ("shard.total", .shardTotal),
    ]

    private static func field(_ text: Substring) throws(Mistake) -> Field {
        let name = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        if name.hasPrefix("parameters.") {
            let parameter = String(name.dropFirst("parameters.".count))
            if Parameter.isName(parameter) { return .parameter(parameter) }
        }
        if name.hasPrefix("after.") {
            let path = String(name.dropFirst("after.".count))
            // Where the task ends and the output begins, the task that has the template knows.
            if let dot = path.firstIndex(of: "."), TaskID(String(path[..<dot])) != nil, path.last != "." {
                return .output(path)
            }
        }
        if let known = words.first(where: { $0.name == name }) { return known.field }
        let list = words.map(\.name).joined(separator: ", ")
        throw Mistake(
            message:
                "'${{ \(name.prefix(80)) }}' is no field: there are parameters.NAME, after.TASK.NAME, \(list)"
        )
    }
}

/// What templates are filled with: the facts of one attempt.
public struct TemplateFacts: Hashable, Sendable {
    /// The fire that is attempted.
    public var fire: JournaledFire
    /// The agent.
    public var node: String
    /// The values of the run's parameters.
    public var parameters: [String: String]
    /// The tasks that the task comes after.
    public var parents: [TaskID]
    /// The workflow whose steps the task names by their own names; `nil` when it is no step.
    public var workflow: WorkflowPlace?
    /// What their runs told.
    public var outputs: TaskOutputs
    /// The shards of the fire; `nil` when it has none.
    public var shards: Shards?

    /// Creates the facts of an attempt.
    public init(
        fire: JournaledFire,
        node: String,
        parameters: [String: String],
        parents: [TaskID] = [],
        workflow: WorkflowPlace? = nil,
        outputs: TaskOutputs = TaskOutputs(),
        shards: Shards? = nil
    ) {
        self.fire = fire
        self.node = node
        self.parameters = parameters
        self.parents = parents
        self.workflow = workflow
        self.outputs = outputs
        self.shards = shards
    }

    func text(of field: Template.Field) -> String {
        switch field {
        case .parameter(let name): parameters[name] ?? ""
        // An attempt without one is not started, see `TaskSpecification.complaint(aboutOutputs:)`.
        case .output(let path):
            TaskOutput(path, among: parents, in: workflow).flatMap { outputs[$0] }?.plainText ?? ""
        case .task: fire.task.text
        case .run: fire.attempt.run.text
        case .due: fire.meantFor.formatted()
        case .dueDate: String(fire.meantFor.formatted().prefix(10))
        case .attempt: String(fire.attempt.number)
        case .node: node
        case .part, .shardIndex: String(fire.part)
        case .shard: shards?.name(of: fire.part) ?? String(fire.part)
        case .shardTotal: String(shards?.total ?? 1)
        }
    }
}
