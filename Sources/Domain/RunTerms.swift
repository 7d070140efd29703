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
    /// When it is to start at the earliest, which is its due instant; `nil` for a run that starts as soon as it can.
    public var startsAt: Instant?
    /// When it was asked for, of a run that was put off: its fire is split as it was then.
    public var askedAt: Instant?
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
        startsAt: Instant? = nil,
        askedAt: Instant? = nil,
        note: String? = nil,
        requestedBy: String? = nil,
        retryOf: RunID? = nil,
        shiftedFrom: Instant? = nil,
        inputs: TaskOutputs = TaskOutputs()
    ) {
        self.parameters = parameters
        self.meantFor = meantFor
        self.startsAt = startsAt
        self.askedAt = askedAt
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
        parameters == other.parameters && meantFor == other.meantFor && startsAt == other.startsAt
            && retryOf == other.retryOf
    }

    /// What is wrong with the words of whoever asked.
    public var problems: [ValidationProblem] {
        ValidationProblem.tooLong(["note": note, "by": requestedBy])
    }

    /// The terms with when they were asked for, as far as that says more than the due instant.
    public func asked(at now: Instant) -> RunTerms {
        var terms = self
        terms.askedAt = startsAt == nil ? nil : now
        return terms
    }

    /// What is wrong with when it is to start, asked now.
    public func startProblems(now: Instant) -> [ValidationProblem] {
        guard let startsAt else { return [] }
        if startsAt <= now {
            let message = "\(startsAt) is past: name a time to come, or leave it out and it starts at once"
            return [ValidationProblem(field: "at", message: message)]
        }
        if now + Self.aheadMax < startsAt {
            let message = "\(startsAt) is more than a year ahead: ask later, or give the task a schedule"
            return [ValidationProblem(field: "at", message: message)]
        }
        return []
    }

    /// How far ahead a run can be asked for: it stays in an inbox until then.
    public static let aheadMax = Duration.seconds(366 * 86_400)

    /// The terms of which the history keeps one when attempts report different ones: the same whatever comes first.
    static func kept(_ left: RunTerms?, _ right: RunTerms?) -> RunTerms? {
        guard let left, let right else { return left ?? right }
        return left.rank < right.rank ? right : left
    }

    private var rank: (Int, String) {
        let values = parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let instants = [meantFor, shiftedFrom, startsAt, askedAt].map { $0?.formatted() }
        let texts = instants + [note, requestedBy, retryOf?.text]
        let given = inputs.all.map { "\($0.output.task).\($0.output.name)=\($0.value.json)" }
        return (
            parameters.count + given.count, (values + given + texts.map { $0 ?? "" }).joined(separator: "\n")
        )
    }
}

extension RunTerms: Codable {
    private enum CodingKeys: String, CodingKey {
        case parameters, meantFor, startsAt, askedAt, note, requestedBy, retryOf, shiftedFrom, inputs
    }

    /// Decodes the value; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            parameters: try container.decodeIfPresent([String: String].self, forKey: .parameters) ?? [:],
            meantFor: try container.decodeIfPresent(Instant.self, forKey: .meantFor),
            startsAt: try container.decodeIfPresent(Instant.self, forKey: .startsAt),
            askedAt: try container.decodeIfPresent(Instant.self, forKey: .askedAt),
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
        try container.encodeIfPresent(startsAt, forKey: .startsAt)
        try container.encodeIfPresent(askedAt, forKey: .askedAt)
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

    /// The instant at which it is split as the task said: of a request that was put off, when it was asked for.
    public var splitAt: Instant { terms?.askedAt ?? due }
}

extension Run {
    /// The instant at which its fire is split as the task said: of a request that was put off, when it was asked for.
    public var splitAt: Instant { terms?.askedAt ?? due }
}
