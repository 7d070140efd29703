/// Something of which tasks share a limited number of units.
public enum UnitSource: Hashable, Comparable, Sendable {
    /// An exclusive key: one unit, and no definition.
    case key(PoolID)
    /// A pool, with as many units as it is set to.
    case pool(PoolID)

    /// The name of the key or pool.
    public var name: PoolID {
        switch self {
        case .key(let name), .pool(let name): name
        }
    }

    /// Sorts keys before pools, then by name.
    public static func < (left: UnitSource, right: UnitSource) -> Bool {
        switch (left, right) {
        case (.key, .pool): true
        case (.pool, .key): false
        default: left.name < right.name
        }
    }
}

/// What each run of a task holds while it lives: exclusive keys, and units of pools.
public struct UnitDemand: Hashable, Sendable {
    /// The keys that no other run may hold at the same time, in the order in which they were written.
    public var keys: [PoolID]
    /// How many units of each pool; at least 1 each.
    public var pools: [PoolID: Int]

    /// Creates a demand; nothing unless something is said.
    public init(keys: [PoolID] = [], pools: [PoolID: Int] = [:]) {
        self.keys = keys
        self.pools = pools
    }

    /// Limits, each with its reason.
    public enum Limit {
        /// Keys and pools of one task, each: every one of them is looked at whenever something may begin.
        public static let sourcesMax = 16
        /// Units of a pool, and of a run: more than anybody counts.
        public static let unitsMax = 1_000_000
    }

    /// Whether runs need nothing before they begin.
    public var isEmpty: Bool { keys.isEmpty && pools.isEmpty }

    /// How many units of what.
    public var units: [UnitSource: Int] {
        var units: [UnitSource: Int] = [:]
        for (pool, count) in pools { units[.pool(pool)] = count }
        for key in keys { units[.key(key)] = 1 }
        return units
    }

    /// What is wrong with it, whatever pools there are.
    var problems: [ValidationProblem] {
        var problems: [ValidationProblem] = []
        for (field, count) in [("exclusive", keys.count), ("pools", pools.count)]
        where count > Limit.sourcesMax {
            let message = "\(count) are more than the \(Limit.sourcesMax) allowed: name fewer"
            problems.append(.init(field: field, message: message))
        }
        for (index, key) in keys.enumerated() where keys.firstIndex(of: key) != index {
            let message = "the key '\(key)' appears twice: name it once"
            problems.append(.init(field: "exclusive[\(index)]", message: message))
        }
        for (pool, units) in pools.sorted(by: { $0.key < $1.key })
        where !(1...Limit.unitsMax).contains(units) {
            let message =
                "a run takes 1 to \(Limit.unitsMax) units of pool '\(pool)', not \(units): write such a number, or leave the pool out"
            problems.append(.init(field: "pools.\(pool)", message: message))
        }
        return problems
    }

    /// A problem for every pool that is not there, or has fewer units than a run takes.
    ///
    /// - Parameter known: The pools there are; only the cluster knows.
    /// - Returns: The problems, sorted by pool.
    public func problems(knowing known: [PoolID: Pool]) -> [ValidationProblem] {
        pools.sorted { $0.key < $1.key }.compactMap { name, units in
            guard let pool = known[name] else {
                let message =
                    "there is no pool '\(name)': set it first with \"cloudtask pool set \(name) --units \(max(1, units))\", or correct the name"
                return ValidationProblem(field: "pools.\(name)", message: message)
            }
            guard units > pool.units else { return nil }
            let message =
                "a run takes \(units) units of pool '\(name)', which has \(pool.units): take fewer, or enlarge the pool"
            return ValidationProblem(field: "pools.\(name)", message: message)
        }
    }
}

/// A number of units that the tasks of a workspace share.
public struct Pool: Hashable, Sendable, Codable {
    /// The pool's name.
    public var name: PoolID
    /// How many units there are, from 1.
    public var units: Int
    /// Free text for people.
    public var description: String?

    /// Creates a pool.
    public init(name: PoolID, units: Int, description: String? = nil) {
        self.name = name
        self.units = units
        self.description = description
    }

    /// What is wrong with it.
    public var problems: [ValidationProblem] {
        var problems = ValidationProblem.tooLong(["description": description])
        if !(1...UnitDemand.Limit.unitsMax).contains(units) {
            let message = "a pool has 1 to \(UnitDemand.Limit.unitsMax) units, not \(units)"
            problems.append(ValidationProblem(field: "units", message: message))
        }
        return problems
    }
}
