/// How many fires that were missed a request would have made up for, of the tasks of one runtime.
public struct CatchUpShare: Hashable, Sendable, Codable {
    /// The runtime.
    public var runtime: RuntimeID
    /// How many runs would start.
    public var count: Int
    /// How many may start without being confirmed.
    public var allowed: Int

    /// Creates a share.
    public init(runtime: RuntimeID, count: Int, allowed: Int) {
        self.runtime = runtime
        self.count = count
        self.allowed = allowed
    }

    /// Whether so many are held until they are confirmed.
    public var isHeld: Bool { count > allowed }

    /// The shares of several requests as one.
    public static func sum(_ shares: [CatchUpShare]) -> [CatchUpShare] {
        Dictionary(grouping: shares, by: \.runtime).values.compactMap { parts in
            guard var whole = parts.first else { return nil }
            whole.count = parts.reduce(0) { $0 + $1.count }
            return whole
        }.sorted { $0.runtime < $1.runtime }
    }
}

/// What a request does that may be too much to be meant: how many tasks it changes, and how many missed fires it has made up for.
public struct ChangeGuard: Hashable, Sendable {
    /// How much of each runtime it changes.
    public var shares: [ChangedShare]
    /// How many missed fires of each runtime it has made up for.
    public var catchUps: [CatchUpShare]

    /// Creates a guard.
    public init(_ shares: [ChangedShare], _ catchUps: [CatchUpShare]) {
        self.shares = shares
        self.catchUps = catchUps
    }

    /// Several requests as one: what is one change to its author counts as one.
    public static func sum(_ parts: [ChangeGuard]) -> ChangeGuard {
        ChangeGuard(ChangedShare.sum(parts.flatMap(\.shares)), CatchUpShare.sum(parts.flatMap(\.catchUps)))
    }

    /// The number by which the request is confirmed where it is held.
    public var number: Int {
        let changed = shares.reduce(0) { $0 + $1.changed }
        guard catchUps.contains(where: \.isHeld) else { return changed }
        let started = catchUps.reduce(0) { $0 + $1.count }
        return shares.contains(where: \.isHeld) ? changed + started : started
    }

    /// What confirms a part of a change of which the whole is confirmed with `given`: missed fires may have become more until it is sent.
    public func confirmation(given: Int?) -> Int {
        catchUps.contains(where: \.isHeld) ? max(number, given ?? 0) : number
    }

    /// What keeps the request from being carried out; `nil` when nothing does.
    ///
    /// Missed fires become more with time, so that a larger number confirms them, too.
    ///
    /// - Parameter confirmed: The number that the caller has confirmed.
    /// - Returns: A sentence that names the number to confirm.
    public func objection(confirmed: Int?) -> String? {
        guard let held = catchUps.first(where: \.isHeld) else {
            return ChangedShare.objection(to: shares, confirmed: confirmed)
        }
        if let confirmed, confirmed >= number { return nil }
        let change =
            shares.first(where: \.isHeld).map { share in
                ", and changes \(share.changed) of the \(share.total) tasks of runtime \(share.runtime), "
                    + "more than \(share.allowedPercent) %"
            } ?? ""
        let given = confirmed.map { "; \($0) was confirmed" } ?? ""
        return
            "this starts \(held.count) runs at once that tasks of runtime \(held.runtime) have missed, more than "
            + "\(held.allowed)\(change)\(given): if that is meant, repeat it with --confirm \(number)"
    }
}
