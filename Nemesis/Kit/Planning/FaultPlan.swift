import SimulationKit

/// What will be done to the cluster, and when: the same seed, length and kinds give the same plan.
public struct FaultPlan: Hashable, Sendable {
    /// The seed it was drawn from.
    public var seed: UInt64
    /// How long faults are injected.
    public var length: Duration
    /// The kinds it was drawn from.
    public var kinds: [FaultKind]
    /// The faults by their start.
    public var faults: [PlannedFault] = []

    /// Time between the starts of two faults, in milliseconds: several are under way at most times, and each can be seen.
    private static let gap = 1_500...7_000
    /// What a process is left alone after a fault, so that the next does not merely prolong it.
    static let recovery = Duration.seconds(6)
    /// Draws of a fault that may collide with one under way before time moves on.
    private static let drawsMax = 20

    /// Draws a plan.
    ///
    /// - Parameters:
    ///   - seed: What everything follows from.
    ///   - length: How long faults are injected.
    ///   - kinds: What may be drawn, at least one.
    ///   - topology: To whom it may happen.
    public init(seed: UInt64, length: Duration, kinds: [FaultKind], topology: Topology = Topology()) {
        self.seed = seed
        self.length = length
        self.kinds = kinds
        var draw = FaultDraw(topology: topology, random: SeededGenerator(seed: seed))
        let lottery = kinds.flatMap { Array(repeating: $0, count: $0.weight) }
        // For each resource, until when it must be left alone.
        var taken: [String: Duration] = [:]
        var start = Duration.zero
        // Every kind comes up once before any comes up by chance, so that short runs see many kinds.
        var first = kinds.shuffled(using: &draw.random)
        while start < length {
            for _ in 0..<Self.drawsMax {
                let isFirst = !first.isEmpty
                let kind = isFirst ? first.removeFirst() : draw.random.pick(lottery)
                var fault = draw.fault(kind)
                fault.start = start
                let claims = draw.claims(of: fault)
                let isFree = claims.allSatisfy { taken[$0, default: .zero] <= start }
                guard isFree, fault.end <= length else {
                    if isFirst, fault.end <= length { first.append(kind) }
                    continue
                }
                for claim in claims { taken[claim] = fault.end + Self.recovery }
                fault.number = faults.count + 1
                faults.append(fault)
                break
            }
            start += draw.random.duration(Self.gap)
        }
    }
}
