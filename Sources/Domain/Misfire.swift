import Scheduling

/// What happens to fires that came due while nobody could launch them.
///
/// Its JSON form is the policy's name, or an object with the keys `policy`, `grace`, `window` and `cap`.
public struct Misfire: Hashable, Sendable {
    /// What happens to the fires that are older than the grace.
    public enum Policy: String, Codable, Hashable, Sendable, CaseIterable {
        /// All of them are recorded as missed.
        case skip
        /// The latest of them is launched, the others are recorded as missed.
        case once
        /// All of them are launched, in due order, at most `cap`: the latest.
        case all
    }

    /// What happens to the fires that are older than the grace.
    public var policy: Policy
    /// Every fire up to this old is launched whatever the policy, in due order: it is merely late.
    public var grace: Duration
    /// Fires older than this are missed whatever the policy; `nil` for no such limit.
    public var window: Duration?
    /// How many fires `all` makes up for at most.
    public var cap: Int

    /// Creates a policy; the defaults are those of a task that says nothing.
    public init(
        _ policy: Policy = .once,
        grace: Duration = Misfire.graceDefault,
        window: Duration? = nil,
        cap: Int = Misfire.capDefault
    ) {
        self.policy = policy
        self.grace = grace
        self.window = window
        self.cap = cap
    }

    /// A minute: longer than a takeover takes.
    public static let graceDefault = Duration.seconds(60)
    /// Enough for a night of hours; whoever wants more says so.
    public static let capDefault = 10
    /// The most fires that may be made up for: finding them costs time at every fire.
    public static let capMax = 1_000
    /// The longest grace and window.
    public static let durationMax = Duration.seconds(366 * 86_400)

    /// What is wrong with it.
    var problems: [ValidationProblem] {
        var problems: [ValidationProblem] = []
        func refuse(_ field: String, _ message: String) {
            problems.append(ValidationProblem(field: "misfire.\(field)", message: message))
        }
        if grace < .zero || grace > Self.durationMax {
            refuse("grace", "the grace must be between 0s and 366d")
        }
        if let window, window < grace || window > Self.durationMax {
            refuse("window", "the window must be between the grace, \(DurationText(grace)), and 366d")
        }
        if !(1...Self.capMax).contains(cap) {
            refuse(
                "cap",
                "the cap must be between 1 and \(Self.capMax); write policy skip to make up for nothing"
            )
        } else if policy != .all, cap != Self.capDefault {
            let made = policy == .skip ? "none" : "one"
            refuse(
                "cap",
                "the cap limits what policy all makes up for, and policy \(policy.rawValue) makes up for \(made): "
                    + "remove the cap, or write policy all"
            )
        }
        return problems
    }
}

extension Misfire: Codable {
    private enum Key: String, CodingKey, CaseIterable {
        case policy, grace, window, cap
    }

    /// Decodes a policy's name or an object; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        if let name = try? decoder.singleValueContainer().decode(String.self) {
            guard let policy = Policy(rawValue: name) else {
                throw DecodingError.dataCorrupted(
                    .init(
                        codingPath: decoder.codingPath,
                        debugDescription: "\"\(name)\" is not a misfire policy; write skip, once or all"
                    )
                )
            }
            self.init(policy)
            return
        }
        let container = try decoder.container(keyedBy: Key.self)
        self.init(
            try container.decodeIfPresent(Policy.self, forKey: .policy) ?? .once,
            grace: try container.decodeIfPresent(DurationText.self, forKey: .grace)?.duration
                ?? Self.graceDefault,
            window: try container.decodeIfPresent(DurationText.self, forKey: .window)?.duration,
            cap: try container.decodeIfPresent(Int.self, forKey: .cap) ?? Self.capDefault
        )
    }

    /// Encodes the name when everything else is as it is by default, else an object.
    public func encode(to encoder: any Encoder) throws {
        if self == Misfire(policy) {
            var container = encoder.singleValueContainer()
            return try container.encode(policy)
        }
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(policy, forKey: .policy)
        try container.encode(DurationText(grace), forKey: .grace)
        try container.encodeIfPresent(window.map(DurationText.init), forKey: .window)
        try container.encode(cap, forKey: .cap)
    }
}
