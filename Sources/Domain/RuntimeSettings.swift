import Scheduling

/// A pool of agents and the settings its members share.
public struct RuntimeSettings: Hashable, Sendable {
    /// The runtime's name.
    public var name: RuntimeID
    /// Free text for people.
    public var description: String?
    /// How long after an agent's loss its open fires wait for the truth before they are decided.
    ///
    /// Zero while no executor outlives its agent.
    public var rejoinGrace: Duration
    /// Agents that take no new work, sorted.
    public var drained: [AgentID]
    /// How many starts of an agent within `flapWindow` are nothing unusual; an agent that starts more often flaps.
    public var flapStarts: Int
    /// How long a start counts.
    public var flapWindow: Duration
    /// How long a flapping agent has to stay up before it is given tasks again; zero turns damping off.
    public var rejoinDelay: Duration
    /// Present while the schedules of its tasks do not count, and when a pause has ended by itself.
    public var pause: PauseRecord?
    /// How many hundredths of its tasks one request may change without being confirmed; 100 for all.
    public var massChangePercent: Int
    /// How many missed fires of its tasks one request may have made up for without being confirmed.
    public var catchUpsMax: Int
    /// How many attempts its agents start a second at most, together; `nil` for no limit.
    public var startsPerSecond: Int?
    /// The weights by which groups share the slots of an agent when there are too few; the others share 100 together.
    public var shares: [GroupID: Int]

    /// Creates settings.
    public init(
        name: RuntimeID,
        description: String? = nil,
        rejoinGrace: Duration = .zero,
        drained: [AgentID] = [],
        flapStarts: Int = 3,
        flapWindow: Duration = .seconds(60),
        rejoinDelay: Duration = .seconds(60),
        pause: PauseRecord? = nil,
        massChangePercent: Int = 50,
        catchUpsMax: Int = RuntimeSettings.catchUpsMaxDefault,
        startsPerSecond: Int? = nil,
        shares: [GroupID: Int] = [:]
    ) {
        self.name = name
        self.description = description
        self.rejoinGrace = rejoinGrace
        self.drained = drained
        self.flapStarts = flapStarts
        self.flapWindow = flapWindow
        self.rejoinDelay = rejoinDelay
        self.pause = pause
        self.massChangePercent = massChangePercent
        self.catchUpsMax = catchUpsMax
        self.startsPerSecond = startsPerSecond
        self.shares = shares
    }

    /// Values of `catchUpsMax`: the largest holds nothing that can happen.
    public static let catchUpsMaxRange = 0...1_000_000_000
    /// More at once than that are hardly meant by who resumes or edits something.
    public static let catchUpsMaxDefault = 100
    /// Values of `startsPerSecond`: no machine starts more.
    public static let startsPerSecondRange = 1...100_000
    /// Weights of groups.
    public static let weightRange = 1...1_000
    /// The weight of all groups together that were given none.
    public static let weightOfRest = 100
}

extension RuntimeSettings: Codable {
    private enum Key: String, CodingKey {
        case name, description, rejoinGrace, drained, flapStarts, flapWindow, rejoinDelay, pause,
            massChangePercent, catchUpsMax, startsPerSecond, shares
    }

    /// Decodes the value; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let standard = RuntimeSettings(name: .standard)
        func duration(_ key: Key) throws -> Duration? {
            try container.decodeIfPresent(DurationText.self, forKey: key)?.duration
        }
        self.init(
            name: try container.decode(RuntimeID.self, forKey: .name),
            description: try container.decodeIfPresent(String.self, forKey: .description),
            rejoinGrace: try duration(.rejoinGrace) ?? standard.rejoinGrace,
            drained: try container.decodeIfPresent([AgentID].self, forKey: .drained) ?? [],
            flapStarts: try container.decodeIfPresent(Int.self, forKey: .flapStarts) ?? standard.flapStarts,
            flapWindow: try duration(.flapWindow) ?? standard.flapWindow,
            rejoinDelay: try duration(.rejoinDelay) ?? standard.rejoinDelay,
            pause: try container.decodeIfPresent(PauseRecord.self, forKey: .pause),
            massChangePercent: try container.decodeIfPresent(Int.self, forKey: .massChangePercent)
                ?? standard.massChangePercent,
            catchUpsMax: try container.decodeIfPresent(Int.self, forKey: .catchUpsMax)
                ?? standard.catchUpsMax,
            startsPerSecond: try container.decodeIfPresent(Int.self, forKey: .startsPerSecond),
            shares: try container.decodeIfPresent([GroupID: Int].self, forKey: .shares) ?? [:]
        )
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(name, forKey: .name)
        try container.encodeIfPresent(description, forKey: .description)
        try container.encode(DurationText(rejoinGrace), forKey: .rejoinGrace)
        try container.encode(drained, forKey: .drained)
        try container.encode(flapStarts, forKey: .flapStarts)
        try container.encode(DurationText(flapWindow), forKey: .flapWindow)
        try container.encode(DurationText(rejoinDelay), forKey: .rejoinDelay)
        try container.encodeIfPresent(pause, forKey: .pause)
        if massChangePercent != 50 { try container.encode(massChangePercent, forKey: .massChangePercent) }
        if catchUpsMax != Self.catchUpsMaxDefault { try container.encode(catchUpsMax, forKey: .catchUpsMax) }
        try container.encodeIfPresent(startsPerSecond, forKey: .startsPerSecond)
        if !shares.isEmpty { try container.encode(shares, forKey: .shares) }
    }
}
