/// What each agent should hold: the fairest split of all work that the eligibility of the tasks allows.
///
/// Without constraints an agent's share is its part of the sum of weights. With constraints the shares are max-min fair: the
/// work of a class (tasks with the same eligible agents) goes to where load per weight is least, and what only a
/// few may do pushes the rest of the work away from them. A task that only one agent may run is thus part of that
/// agent's share, however large that gets.
struct AllocationShares {
    /// Tasks that the same agents may own.
    struct Class {
        /// Indices of the agents, ascending.
        var eligible: [Int]
        /// Sum of the tasks' weights.
        var work: Double
    }

    /// Each agent's fair share of work.
    private(set) var shares: [Double]
    private let weights: [Double]
    private let classes: [Class]
    private var portions: [[Double]]

    /// Splits the work of `classes` over agents of the given weights.
    init(classes: [Class], weights: [Double]) {
        self.weights = weights
        self.classes = classes
        shares = weights.map { _ in 0 }
        portions = classes.map { $0.eligible.map { _ in 0 } }
        settle()
    }

    /// Passes over all classes that are enough for any but contrived overlaps.
    private static let sweepsMax = 64
    /// Steps in all that planning may spend on shares, about a tenth of a second.
    private static let stepsMax = 2_000_000
    /// Largest change in relation to the work at which a pass is the last.
    private static let tolerance = 1e-7

    /// Fills one class after the other, most constrained first, again until nothing changes: coordinate descent on the
    /// sum of load² / weight, a convex function whose least point is the max-min fair split.
    private mutating func settle() {
        let steps = classes.reduce(1) { $0 + $1.eligible.count }
        let total = classes.reduce(0) { $0 + $1.work }
        let order = classes.indices.sorted {
            (classes[$0].eligible.count, $0) < (classes[$1].eligible.count, $1)
        }
        for _ in 0..<max(1, min(Self.sweepsMax, Self.stepsMax / steps)) {
            let change = order.reduce(0.0) { max($0, fill($1)) }
            if change <= Self.tolerance * total { break }
        }
    }

    /// Splits the work of one class anew, given what the others put on its agents; answers the largest change.
    private mutating func fill(_ index: Int) -> Double {
        let members = classes[index].eligible
        for (place, agent) in members.enumerated() { shares[agent] -= portions[index][place] }
        let level = waterLevel(of: members, work: classes[index].work)
        var change = 0.0
        for (place, agent) in members.enumerated() {
            let portion = max(0, level * weights[agent] - shares[agent])
            change = max(change, abs(portion - portions[index][place]))
            portions[index][place] = portion
            shares[agent] += portion
        }
        return change
    }

    /// The load per weight up to which `members` must be filled to take `work`.
    private func waterLevel(of members: [Int], work: Double) -> Double {
        let byLevel = members.sorted { (shares[$0] / weights[$0], $0) < (shares[$1] / weights[$1], $1) }
        var volume = work
        var width = 0.0
        for (place, agent) in byLevel.enumerated() {
            volume += shares[agent]
            width += weights[agent]
            let level = volume / width
            guard place + 1 < byLevel.count else { return level }
            let next = byLevel[place + 1]
            if level <= shares[next] / weights[next] { return level }
        }
        return 0
    }
}
