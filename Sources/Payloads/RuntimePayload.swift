public import Domain
public import Scheduling

/// A runtime's settings as the API shows and takes them.
public struct RuntimePayload: Hashable, Sendable, Codable {
    /// The runtime's name.
    public var name: RuntimeID
    /// Free text for people.
    public var description: String?
    /// How long after an agent's loss its open fires wait for the truth; absent means not at all.
    public var rejoinGrace: DurationText?
    /// Agents that take no new work, sorted.
    public var drained: [AgentID]?
    /// How many starts of an agent within `flapWindow` are nothing unusual.
    public var flapStarts: Int?
    /// How long a start counts.
    public var flapWindow: DurationText?
    /// How long an agent that starts more often has to stay up before it is given tasks again.
    public var rejoinDelay: DurationText?
    /// How many hundredths of its tasks one request may change without being confirmed.
    public var massChangePercent: Int?
    /// How many missed fires of its tasks one request may have made up for without being confirmed.
    public var catchUpsMax: Int?
    /// How many attempts its agents start a second at most, together; 0 as well as absent means without limit.
    public var startsPerSecond: Int?
    /// The weights by which groups share the slots of an agent when there are too few.
    public var shares: [GroupID: Int]?
    /// Present while it is paused; what is sent here is not looked at.
    public var pause: PauseRecord?
    /// Who sets them; only in what is sent.
    public var author: String?
    /// What for; only in what is sent.
    public var message: String?

    /// Creates a payload.
    public init(
        name: RuntimeID,
        description: String? = nil,
        rejoinGrace: DurationText? = nil,
        drained: [AgentID]? = nil,
        flapStarts: Int? = nil,
        flapWindow: DurationText? = nil,
        rejoinDelay: DurationText? = nil,
        massChangePercent: Int? = nil,
        catchUpsMax: Int? = nil,
        startsPerSecond: Int? = nil,
        shares: [GroupID: Int]? = nil,
        pause: PauseRecord? = nil
    ) {
        self.name = name
        self.description = description
        self.rejoinGrace = rejoinGrace
        self.drained = drained
        self.flapStarts = flapStarts
        self.flapWindow = flapWindow
        self.rejoinDelay = rejoinDelay
        self.massChangePercent = massChangePercent
        self.catchUpsMax = catchUpsMax
        self.startsPerSecond = startsPerSecond
        self.shares = shares
        self.pause = pause
    }

    /// Creates the payload of settings.
    public init(_ settings: RuntimeSettings) {
        self.init(
            name: settings.name,
            description: settings.description,
            rejoinGrace: DurationText(settings.rejoinGrace),
            drained: settings.drained,
            flapStarts: settings.flapStarts,
            flapWindow: DurationText(settings.flapWindow),
            rejoinDelay: DurationText(settings.rejoinDelay),
            massChangePercent: settings.massChangePercent,
            catchUpsMax: settings.catchUpsMax,
            startsPerSecond: settings.startsPerSecond,
            shares: settings.shares.isEmpty ? nil : settings.shares,
            pause: settings.pause
        )
    }

    /// The settings this payload describes; what is absent has its default.
    public var settings: RuntimeSettings {
        var settings = RuntimeSettings(
            name: name,
            description: description,
            drained: (drained ?? []).sorted()
        )
        settings.rejoinGrace = rejoinGrace?.duration ?? settings.rejoinGrace
        settings.flapStarts = flapStarts ?? settings.flapStarts
        settings.flapWindow = flapWindow?.duration ?? settings.flapWindow
        settings.rejoinDelay = rejoinDelay?.duration ?? settings.rejoinDelay
        settings.massChangePercent = massChangePercent ?? settings.massChangePercent
        settings.catchUpsMax = catchUpsMax ?? settings.catchUpsMax
        settings.startsPerSecond = startsPerSecond == 0 ? nil : startsPerSecond
        settings.shares = shares ?? [:]
        settings.pause = pause
        return settings
    }
}
