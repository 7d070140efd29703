/// Which parts of a task's occasion have ended, of a task that has several.
public struct ArrivedParts: Hashable, Sendable, Codable {
    /// How many there are.
    public var total: Int
    /// Those that have ended, ascending.
    public private(set) var ended: [Int]

    /// Notes the end of one part.
    public init(_ part: Int, of total: Int) {
        self.total = total
        ended = [part]
    }

    /// Whether all have ended.
    public var isComplete: Bool { ended.count >= total }

    /// Takes over the parts that ended before; `false` when they were all among them, and nothing is new.
    mutating func join(_ former: ArrivedParts) -> Bool {
        let known = Set(former.ended)
        let isNew = ended.contains { !known.contains($0) }
        ended = known.union(ended).sorted()
        return isNew
    }
}

extension DependencyArrival {
    /// Whether all of the task's runs on the occasion have ended.
    public var isComplete: Bool { parts?.isComplete ?? true }

    /// The ends of all parts that are known, with another one; the run that is named is one that decides the verdict.
    ///
    /// A follower that is there for failures has something to do after one; for any other, one failure is enough to keep it from running.
    func joined(to former: DependencyArrival, _ condition: Dependencies.Condition) -> DependencyArrival {
        guard var parts, let known = former.parts else { return self }
        guard parts.join(known) else { return former }
        var joined = verdict.outweighs(former.verdict, condition) ? self : former
        joined.parts = parts
        return joined
    }
}

extension DependencyVerdict {
    /// Whether this part's verdict is that of all, with `other` that of the parts before it.
    ///
    /// Of two that say the same the first is named.
    fileprivate func outweighs(_ other: DependencyVerdict, _ condition: Dependencies.Condition) -> Bool {
        let order: [DependencyVerdict] =
            condition == .failed ? [.unneeded, .failed, .met] : [.unneeded, .met, .failed]
        return (order.firstIndex(of: self) ?? 0) > (order.firstIndex(of: other) ?? 0)
    }
}
