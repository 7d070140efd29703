/// How many of the tasks that a runtime has already a request changes or deletes.
public struct ChangedShare: Hashable, Sendable, Codable {
    /// The runtime.
    public var runtime: RuntimeID
    /// How many tasks it changes.
    public var changed: Int
    /// How many tasks there are.
    public var total: Int
    /// How many hundredths of them may be changed without being confirmed.
    public var allowedPercent: Int

    /// Creates a share.
    public init(runtime: RuntimeID, changed: Int, total: Int, allowedPercent: Int) {
        self.runtime = runtime
        self.changed = changed
        self.total = total
        self.allowedPercent = allowedPercent
    }

    /// Changes of fewer tasks than that are never held: in a small runtime every change is a large share.
    public static let heldMin = 10

    /// Whether the change is large enough to be held until it is confirmed.
    public var isHeld: Bool {
        changed >= Self.heldMin && changed * 100 > allowedPercent * total
    }

    /// What keeps a request from being carried out; `nil` when nothing does.
    ///
    /// - Parameters:
    ///   - shares: All shares of the request.
    ///   - confirmed: How many changes the caller has confirmed.
    /// - Returns: A sentence that names the number to confirm.
    public static func objection(to shares: [ChangedShare], confirmed: Int?) -> String? {
        guard let held = shares.first(where: \.isHeld) else { return nil }
        let count = shares.reduce(0) { $0 + $1.changed }
        guard confirmed != count else { return nil }
        let given = confirmed.map { "; \($0) was confirmed" } ?? ""
        return
            "this changes \(held.changed) of the \(held.total) tasks of runtime \(held.runtime), more than "
            + "\(held.allowedPercent) %\(given): if that is meant, repeat it with --confirm \(count)"
    }

    /// The shares of several requests as one: what is one change to its author counts as one.
    public static func sum(_ shares: [ChangedShare]) -> [ChangedShare] {
        Dictionary(grouping: shares, by: \.runtime).values.compactMap { parts in
            guard var whole = parts.first else { return nil }
            whole.changed = parts.reduce(0) { $0 + $1.changed }
            whole.total = parts.reduce(0) { max($0, $1.total) }
            return whole
        }.sorted { $0.runtime < $1.runtime }
    }
}
