import SimulationKit

/// Which faults happen to a cluster and when, drawn from a seed.
///
/// Swarm testing (Groce and others, "Swarm Testing", 2012): each kind is off in half of the plans, so that faults that hide each
/// other's effects are also seen apart.
struct FaultPlan {
    struct Entry: Hashable {
        let at: Duration
        let kind: FaultKind
    }

    let entries: [Entry]

    /// Draws faults within `span`, on average one every few seconds.
    init(span: ClosedRange<Duration>, generator: inout SeededGenerator) {
        var kinds: [FaultKind] = []
        // Without its history a center cannot be asked for every fire: most clusters keep theirs.
        for kind in FaultKind.allCases where generator.chance(kind == .loseHistory ? 0.15 : 0.5) {
            // Some plans have one kind of fault more than others.
            kinds += Array(repeating: kind, count: 1 + generator.index(below: 3))
        }
        guard !kinds.isEmpty else {
            entries = []
            return
        }
        let longest = generator.duration(in: .seconds(1)...(.seconds(8)))
        var entries: [Entry] = []
        var at = span.lowerBound
        while true {
            at += generator.duration(in: .milliseconds(10)...longest)
            guard at < span.upperBound, let kind = generator.element(of: kinds) else { break }
            entries.append(Entry(at: at, kind: kind))
        }
        self.entries = entries
    }
}
