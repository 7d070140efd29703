public import Scheduling

/// What the parts of a task were, and are, over its revisions (rule L11: an edit rewrites no past).
extension TaskDefinition {
    /// How fires due at an instant are split: by the revision that was in force then, as far back as revisions are kept.
    public func split(at due: Instant) -> TaskSplit {
        guard isSplitEdited, due <= effectiveFrom else { return specification.split }
        let splits = splits
        let index = splits.lastIndex { $0.effectiveFrom < due } ?? 0
        return splits[index].split
    }

    /// What the user said, with the shards that were in force when a fire was due: what its attempts work by.
    public func specification(forDue due: Instant) -> TaskSpecification {
        guard isSplitEdited else { return specification }
        var specification = specification
        let split = split(at: due)
        specification.shards = split.shards
        specification.isBroadcast = split == .broadcast
        return specification
    }

    /// The definition as it concerns one part: without the schedules of revisions whose fires did not have it.
    public func narrowed(to part: Int) -> TaskDefinition {
        guard isSplitEdited || !specification.split.contains(part) else { return self }
        let splits = splits
        guard !splits.allSatisfy({ $0.split.contains(part) }) else { return self }
        var narrowed = self
        for index in supersededSchedules.indices where !splits[index].split.contains(part) {
            narrowed.supersededSchedules[index].schedules = []
        }
        if !specification.split.contains(part) { narrowed.specification.schedules = [] }
        return narrowed
    }

    /// The instant after which a part's fires count that was never decided about: the creation, or the edit that made the part.
    public func begin(of part: Int) -> Instant {
        var begin: Instant?
        for span in splits.reversed() {
            guard span.split.contains(part) else { return begin ?? effectiveFrom }
            begin = span.effectiveFrom
        }
        return createdAt
    }

    /// The parts that fires of kept revisions had and those of this one have not; without those of agents.
    public var formerParts: [Int] {
        guard isSplitEdited else { return [] }
        let present = specification.split
        let last = splits.map(\.split.parts.upperBound).max() ?? 0
        return (0..<last).filter { !present.contains($0) }
    }

    private var isSplitEdited: Bool { supersededSchedules.contains { $0.split != nil } }

    /// The splits of the kept revisions and of this one, oldest first.
    private var splits: [(effectiveFrom: Instant, split: TaskSplit)] {
        var next = specification.split
        var splits = [(effectiveFrom: effectiveFrom, split: next)]
        for span in supersededSchedules.reversed() {
            next = span.split ?? next
            splits.append((span.effectiveFrom, next))
        }
        return splits.reversed()
    }

    /// Keeps how fires were split until this revision; `former` is the one before it.
    ///
    /// Returns whether they were split otherwise.
    mutating func keepSplit(of former: TaskDefinition) -> Bool {
        guard former.specification.split != specification.split, let last = supersededSchedules.indices.last,
            supersededSchedules[last].split == nil
        else { return false }
        supersededSchedules[last].split = former.specification.split
        return true
    }
}
