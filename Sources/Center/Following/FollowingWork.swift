/// What is still to be done of what follows from an end: pieces of it, so that whoever does it may look after other things in between.
struct FollowingWork: Sendable {
    /// One piece.
    enum Step: Sendable {
        /// An end that nothing was done for.
        case end(RunEnd)
        /// Instants of an end, to be told to the tasks that come after: no two of them concern the same run.
        case instants([RunEnd])
    }

    private var steps: [Step]

    /// All that follows from an end.
    init(_ end: RunEnd) { steps = [.end(end)] }

    /// The next piece; `nil` when everything is done.
    mutating func next() -> Step? { steps.popLast() }

    /// Notes the ends of other runs, which the last piece has brought: they are next.
    mutating func add(_ ends: [RunEnd]) { steps += ends.reversed().map(Step.end) }

    /// Notes the instants of the last end: they are next, in their order.
    mutating func add(instants: [RunEnd]) {
        let pieces = stride(from: 0, to: instants.count, by: Self.instantsMax).map { start in
            Step.instants(Array(instants[start..<min(start + Self.instantsMax, instants.count)]))
        }
        steps += pieces.reversed()
    }

    /// How many instants are told at once: enough to keep ZooKeeper busy, few enough to be done in a fraction of a second.
    ///
    /// A clock that was an hour ahead leaves thousands, and each piece costs whoever does it a look at everything else.
    private static let instantsMax = 128
}
