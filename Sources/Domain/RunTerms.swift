public import Scheduling

/// What a run was given beyond its task: parameters, what was said when it was asked for, what the runs told that it came after.
///
/// It stands in the inbox entry and the marker of a request, and in the definition's exceptions; reports carry it into the history.
/// The journal does without it, so that a bucket of open fires stays a node.
public struct RunTerms: Hashable, Sendable {
    /// The values it was given; in a report also those of the task's defaults.
    public var parameters: [String: String]
    /// The instant it is meant for, when it is not the due instant: what `CLOUDTASK_DUE` says.
    public var meantFor: Instant?
    /// Why, in the words of whoever asked.
    public var note: String?
    /// Who asked, in their own words.
    public var requestedBy: String?
    /// The run that it repeats.
    public var retryOf: RunID?
    /// The instant at which it would have been due, had nobody shifted it.
    public var shiftedFrom: Instant?
    /// What the runs told that it came after.
    public var inputs: TaskOutputs

    /// Creates terms.
    public init(
        parameters: [String: String] = [:],
        meantFor: Instant? = nil,
        note: String? = nil,
        requestedBy: String? = nil,
        retryOf: RunID? = nil,
        shiftedFrom: Instant? = nil,
        inputs: TaskOutputs = TaskOutputs()
    ) {
        self.parameters = parameters
        self.meantFor = meantFor
        self.note = note
        self.requestedBy = requestedBy
        self.retryOf = retryOf
        self.shiftedFrom = shiftedFrom
        self.inputs = inputs
    }

    /// Whether they say nothing.
    public var isEmpty: Bool { self == RunTerms() }

    /// How large they are, roughly, for those who carry many.
    public var bytes: Int {
        parameters.reduce(128) { $0 + $1.key.utf8.count + $1.value.utf8.count } + (note?.utf8.count ?? 0)
            + inputs.bytes
    }

    /// Whether another request means the same run: who asked, and why, does not matter.
    public func means(_ other: RunTerms) -> Bool {
        parameters == other.parameters && meantFor == other.meantFor && retryOf == other.retryOf
    }

    /// What is wrong with the words of whoever asked.
    public var problems: [ValidationProblem] {
        ValidationProblem.tooLong(["note": note, "by": requestedBy])
    }

    /// The terms of which the history keeps one when attempts report different ones: the same whatever comes first.
    static func kept(_ left: RunTerms?, _ right: RunTerms?) -> RunTerms? {
        guard let left, let right else { return left ?? right }
        return left.rank < right.rank ? right : left
    }

    private var rank: (Int, String) {
        let values = parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let texts = [meantFor?.formatted(), note, requestedBy, retryOf?.text, shiftedFrom?.formatted()]
        let given = inputs.all.map { "\($0.output.task).\($0.output.name)=\($0.value.json)" }
        return (
            parameters.count + given.count, (values + given + texts.map { $0 ?? "" }).joined(separator: "\n")
        )
    }
}

extension RunTerms: Codable {
    private enum CodingKeys: String, CodingKey {
        case parameters, meantFor, note, requestedBy, retryOf, shiftedFrom, inputs
    }

    /// Decodes the value; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            parameters: try container.decodeIfPresent([String: String].self, forKey: .parameters) ?? [:],
            meantFor: try container.decodeIfPresent(Instant.self, forKey: .meantFor),
            note: try container.decodeIfPresent(String.self, forKey: .note),
            requestedBy: try container.decodeIfPresent(String.self, forKey: .requestedBy),
            retryOf: try container.decodeIfPresent(RunID.self, forKey: .retryOf),
            shiftedFrom: try container.decodeIfPresent(Instant.self, forKey: .shiftedFrom),
            inputs: try container.decodeIfPresent(TaskOutputs.self, forKey: .inputs) ?? TaskOutputs()
        )
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        if !parameters.isEmpty { try container.encode(parameters, forKey: .parameters) }
        try container.encodeIfPresent(meantFor, forKey: .meantFor)
        try container.encodeIfPresent(note, forKey: .note)
        try container.encodeIfPresent(requestedBy, forKey: .requestedBy)
        try container.encodeIfPresent(retryOf, forKey: .retryOf)
        try container.encodeIfPresent(shiftedFrom, forKey: .shiftedFrom)
        if !inputs.isEmpty { try container.encode(inputs, forKey: .inputs) }
    }
}

extension JournaledFire {
    /// The instant that the run is about: its due instant, unless it was asked for another one.
    public var meantFor: Instant { terms?.meantFor ?? due }
}
