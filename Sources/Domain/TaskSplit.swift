/// The shards of a task: into how many parts each of its fires is split, and what they are called.
public enum Shards: Hashable, Sendable {
    /// So many, known by their numbers from 0.
    case count(Int)
    /// One for each name, in this order.
    case names([String])

    /// How many there are.
    public var total: Int {
        switch self {
        case .count(let count): count
        case .names(let names): names.count
        }
    }

    /// What a shard is called; `nil` when the shards have no names, or not so many.
    public func name(of index: Int) -> String? {
        guard case .names(let names) = self, names.indices.contains(index) else { return nil }
        return names[index]
    }

    /// The number of a shard by its name, or by the number itself; `nil` when there is none.
    public func index(of text: String) -> Int? {
        if case .names(let names) = self, let index = names.firstIndex(of: text) { return index }
        guard let index = Int(text), (0..<total).contains(index) else { return nil }
        return index
    }

    /// Limits of shards, each with its reason.
    public enum Limit {
        /// Most shards of a task: each is a row of the allocation, and a run of every fire.
        public static let countMax = 1_000
        /// Bytes of a name: it is a variable's value and stands in tables.
        public static let nameBytesMax = 63
        /// Bytes of all names together: they stand in the definition, and in what it keeps of earlier revisions.
        public static let namesBytesMax = 16 * 1_024
        /// Bytes of the values of all shards together, with their names: they stand in the definition, too.
        public static let parametersBytesMax = 64 * 1_024
    }
}

/// What becomes of one fire of a task: one run, or several, each of a part.
///
/// A part is the unit of ownership: it has a row, a cursor, and runs of its own, whose identities contain its number.
public enum TaskSplit: Hashable, Sendable {
    /// One run; the only part is 0.
    case whole
    /// A run for each shard, whose number is the part.
    case shards(Shards)
    /// A run on every agent that may run the task; the part is ``TaskPart/number(of:)``.
    case broadcast

    /// Whether fires have this part.
    public func contains(_ part: Int) -> Bool {
        switch self {
        case .whole: part == 0
        case .shards(let shards): (0..<shards.total).contains(part)
        case .broadcast: TaskPart.isAgent(part)
        }
    }

    /// The parts that do not depend on which agents there are.
    public var parts: Range<Int> {
        switch self {
        case .whole: 0..<1
        case .shards(let shards): 0..<shards.total
        case .broadcast: 0..<0
        }
    }

    /// Its shards; `nil` when it has none.
    public var shards: Shards? { if case .shards(let shards) = self { shards } else { nil } }
}

extension TaskPart {
    /// The part of a broadcast task that an agent runs: a number that follows from its name, the same on every node.
    ///
    /// Above every shard, and below 2^53, so that JSON readers of all kinds keep it. Of two agents with the same number, one in 2^48, only one
    /// takes part.
    public static func number(of agent: AgentID) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in agent.text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        // FNV-1a's high bits are poor: the finaliser of SplitMix64 mixes them.
        hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
        hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
        return agentsFrom + Int((hash ^ (hash >> 31)) >> 16)
    }

    /// Whether a part is one of a broadcast task.
    public static func isAgent(_ part: Int) -> Bool { part >= agentsFrom }

    private static let agentsFrom = 1 << 48
}

extension TaskSpecification {
    /// What becomes of one of its fires.
    public var split: TaskSplit {
        if let shards { return .shards(shards) }
        return isBroadcast ? .broadcast : .whole
    }
}

extension Shards: Codable {
    /// Decodes a number or a list of names.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let count = try? container.decode(Int.self) {
            // A list of names is the other form: what is neither fails below.
            self = .count(count)
        } else {
            self = .names(try container.decode([String].self))
        }
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .count(let count): try container.encode(count)
        case .names(let names): try container.encode(names)
        }
    }
}

extension TaskSplit: Codable {
    private enum Key: String, CodingKey {
        case shards, broadcast
    }

    /// Decodes an object that has `shards`, `broadcast`, or nothing.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        if let shards = try container.decodeIfPresent(Shards.self, forKey: .shards) {
            self = .shards(shards)
        } else {
            self = try container.decodeIfPresent(Bool.self, forKey: .broadcast) == true ? .broadcast : .whole
        }
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        switch self {
        case .whole: break
        case .shards(let shards): try container.encode(shards, forKey: .shards)
        case .broadcast: try container.encode(true, forKey: .broadcast)
        }
    }
}
