/// What happens when a fire comes while an earlier run of the task lives.
///
/// A run lives from its launch until its last attempt has ended, pauses between attempts included. Its JSON form is the policy's
/// name, or an object with the keys `policy`, `max` and `cap`.
public struct Concurrency: Hashable, Sendable {
    /// What happens to the newer fire.
    public enum Policy: String, Codable, Hashable, Sendable, CaseIterable {
        /// It is launched; with `max` it is skipped when so many runs live.
        case allow
        /// It is skipped.
        case forbid
        /// It waits for the end of the earlier run; one that waits already is skipped in its favour.
        case queueOne = "queue-one"
        /// It waits for the end of those before it; when more than `cap` wait, the oldest is skipped.
        case queueAll = "queue-all"
        /// The earlier run is stopped, and then it is launched.
        case replace
    }

    /// What happens to the newer fire.
    public var policy: Policy
    /// How many runs may live at a time under `allow`; `nil` for any number.
    public var max: Int?
    /// How many fires may wait under `queue-all`.
    public var cap: Int

    /// Creates a policy; the defaults are those of a task that says nothing.
    public init(_ policy: Policy = .allow, max: Int? = nil, cap: Int = Concurrency.capDefault) {
        self.policy = policy
        self.max = max
        self.cap = cap
    }

    /// A night of hours.
    public static let capDefault = 10
    /// The most fires that may wait.
    public static let capMax = 1_000
    /// The most runs that may be said to live at a time.
    public static let maxMax = 1_000
    /// What is wrong with a cap beside another policy than `queue-all`, one sentence.
    package static let capMisplaced = "cap belongs to policy queue-all: remove it, or write policy: queue-all"

    /// How many fires may wait for the end of a run: the others are skipped.
    public var waitingMax: Int {
        switch policy {
        case .allow, .forbid: 0
        case .queueOne, .replace: 1
        case .queueAll: cap
        }
    }

    /// How many runs may live at a time; `nil` for any number.
    public var livingMax: Int? {
        switch policy {
        case .allow: max
        case .forbid, .queueOne, .queueAll, .replace: 1
        }
    }

    /// Whether the lifetimes of two runs must not intersect, wherever they run.
    public var isExclusive: Bool { policy != .allow }

    /// What is wrong with it.
    var problems: [ValidationProblem] {
        var problems: [ValidationProblem] = []
        if let max {
            if policy != .allow {
                problems.append(
                    .init(
                        field: "concurrency.max",
                        message:
                            "max belongs to policy allow: remove it, with \(policy.rawValue) there is one run at a time"
                    )
                )
            } else if !(1...Self.maxMax).contains(max) {
                problems.append(
                    .init(field: "concurrency.max", message: "max must be between 1 and \(Self.maxMax)")
                )
            }
        }
        if cap != Self.capDefault, policy != .queueAll {
            problems.append(
                .init(field: "concurrency.cap", message: Self.capMisplaced)
            )
        } else if !(1...Self.capMax).contains(cap) {
            problems.append(
                .init(field: "concurrency.cap", message: "cap must be between 1 and \(Self.capMax)")
            )
        }
        return problems
    }
}

extension Concurrency: Codable {
    private enum Key: String, CodingKey {
        case policy, max, cap
    }

    /// Decodes a policy's name or an object; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        if let name = try? decoder.singleValueContainer().decode(String.self) {
            self.init(try Self.policy(name, at: decoder.codingPath))
            return
        }
        let container = try decoder.container(keyedBy: Key.self)
        let name = try container.decodeIfPresent(String.self, forKey: .policy)
        self.init(
            try name.map { try Self.policy($0, at: decoder.codingPath + [Key.policy]) } ?? .allow,
            max: try container.decodeIfPresent(Int.self, forKey: .max),
            cap: try container.decodeIfPresent(Int.self, forKey: .cap) ?? Self.capDefault
        )
    }

    private static func policy(_ name: String, at path: [any CodingKey]) throws -> Policy {
        if let policy = Policy(rawValue: name) { return policy }
        let names = Policy.allCases.map(\.rawValue).joined(separator: ", ")
        throw DecodingError.dataCorrupted(
            .init(
                codingPath: path,
                debugDescription: "\"\(name)\" is not a concurrency policy; write one of \(names)"
            )
        )
    }

    /// Encodes the name when everything else is as it is by default, else an object.
    public func encode(to encoder: any Encoder) throws {
        if self == Concurrency(policy) {
            var container = encoder.singleValueContainer()
            return try container.encode(policy)
        }
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(policy, forKey: .policy)
        try container.encodeIfPresent(max, forKey: .max)
        if policy == .queueAll { try container.encode(cap, forKey: .cap) }
    }
}
