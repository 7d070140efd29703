public import Domain

/// What becomes of a run that comes after others, by the ends that are known.
public enum DependencyDecision: Hashable, Sendable {
    /// Further ends decide.
    case waiting
    /// It is to be launched.
    case ready
    /// It is not launched, which is on record.
    case skipped(reason: String)
    /// It is there for failures, and there was none.
    case unneeded
}

extension Dependencies {
    /// Decides by the ends that are known; those of tasks it does not come after (any more) say nothing.
    public func decide(_ arrivals: [DependencyArrival]) -> DependencyDecision {
        let names = Set(edges.map(\.task))
        // Of a task with several parts nothing is known before all of them have ended.
        let known = arrivals.filter { names.contains($0.task) && $0.isComplete }
        if join == .any, known.contains(where: { $0.verdict == .met }) { return .ready }
        guard Set(known.map(\.task)) == names else { return .waiting }
        if known.allSatisfy({ $0.verdict == .met }) { return .ready }
        if join == .all, known.contains(where: { $0.verdict == .unneeded }) { return .unneeded }
        guard let failed = known.filter({ $0.verdict == .failed }).min(by: { $0.task < $1.task }) else {
            return .unneeded
        }
        return .skipped(reason: SkippedReason.notMet(failed, of: self))
    }
}
