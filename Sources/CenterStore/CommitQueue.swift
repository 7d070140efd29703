import GRDB

/// Lets concurrent callers share commits: while one commit is written, the changes of others gather for the next.
///
/// One caller at a time leads: it writes everything that has gathered, its own change included, tells the others,
/// and hands the lead to the first of those that gathered meanwhile. So nobody leads for long, no commit is waited for,
/// and no task outlives its caller. The queue is bounded by the number of callers, each of which waits.
actor CommitQueue {
    /// Most reports of one commit: beyond, waiting for it costs more than another sync of the disk.
    static let reportsMax = 1_000

    private struct Waiter {
        var change: HistoryChange
        var continuation: CheckedContinuation<Turn, Never>
    }

    /// What a caller that waited is told.
    private enum Turn: Sendable {
        /// Its change was written, or not.
        case ended(Result<Void, any Error>)
        /// It leads now.
        case lead
    }

    private let pool: DatabasePool
    private var waiters: [Waiter] = []
    private var isLed = false

    init(pool: DatabasePool) { self.pool = pool }

    /// Writes the change, together with others; on return it is on disk.
    func commit(_ change: HistoryChange) async throws {
        if isLed {
            let turn = await withCheckedContinuation { continuation in
                waiters.append(Waiter(change: change, continuation: continuation))
            }
            if case .ended(let result) = turn { return try result.get() }
        }
        isLed = true
        let others = takeFollowers(of: change)
        let results = await write([change] + others.map(\.change))
        for (waiter, result) in zip(others, results.dropFirst()) {
            waiter.continuation.resume(returning: .ended(result))
        }
        passLead()
        try results[0].get()
    }

    /// Waiters whose changes fit into the commit that `change` leads.
    private func takeFollowers(of change: HistoryChange) -> [Waiter] {
        var room = Self.reportsMax - change.reports.count
        let taken = waiters.prefix { waiter in
            room -= waiter.change.reports.count
            return room >= 0
        }
        waiters.removeFirst(taken.count)
        return Array(taken)
    }

    /// Makes the first waiter lead next; `isLed` stays true in between, so that nobody overtakes it.
    private func passLead() {
        guard !waiters.isEmpty else {
            isLed = false
            return
        }
        let next = waiters.removeFirst()
        next.continuation.resume(returning: .lead)
    }

    /// Writes the changes in one commit; should that fail, each alone, so that no change fails for another's sake.
    private func write(_ changes: [HistoryChange]) async -> [Result<Void, any Error>] {
        let shared = await pool.commit(changes)
        guard case .failure = shared, changes.count > 1 else { return changes.map { _ in shared } }
        var results: [Result<Void, any Error>] = []
        for change in changes { results.append(await pool.commit([change])) }
        return results
    }
}

extension DatabasePool {
    /// Writes the changes in one transaction, to its end even when the caller's task is cancelled: others wait for it.
    fileprivate func commit(_ changes: [HistoryChange]) async -> Result<Void, any Error> {
        await withCheckedContinuation { continuation in
            asyncWrite(
                { db in
                    for change in changes { try change.write(db) }
                },
                completion: { _, result in
                    continuation.resume(returning: result)
                }
            )
        }
    }
}
