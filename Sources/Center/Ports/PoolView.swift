public import Domain

/// A pool or an exclusive key, and who has something to do with it.
public struct PoolView: Hashable, Sendable {
    /// Which it is.
    public var source: UnitSource
    /// How many units there are; 1 for a key.
    public var units: Int
    /// Free text for people.
    public var description: String?
    /// How many units are held.
    public var held: Int
    /// How many attempts wait for units.
    public var waiting: Int
    /// How many tasks name it.
    public var taskCount: Int
    /// The attempts that hold units, since the longest first, at most `shownMax`; empty in a list of pools.
    public var holders: [UnitClaim]
    /// The attempts that wait, in the order of the line, at most `shownMax`; empty in a list of pools.
    public var line: [UnitClaim]

    /// More attempts than that are only counted: nobody reads them.
    public static let shownMax = 1_000

    /// Creates a view.
    public init(
        source: UnitSource,
        units: Int,
        description: String? = nil,
        held: Int = 0,
        waiting: Int = 0,
        taskCount: Int = 0,
        holders: [UnitClaim] = [],
        line: [UnitClaim] = []
    ) {
        self.source = source
        self.units = units
        self.description = description
        self.held = held
        self.waiting = waiting
        self.taskCount = taskCount
        self.holders = holders
        self.line = line
    }
}
