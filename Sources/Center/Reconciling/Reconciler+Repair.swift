import Cluster
import Domain
import Logging
import Orchestration
import Scheduling

/// What the leader does about nodes of its own that cannot be read: it says so, and writes them anew in a way that launches nothing twice.
extension Reconciler {
    /// Writes every node anew that the mirror could not read.
    func repair() async throws {
        guard let mirror else { return }
        for key in Set(mirror.duplicates).sorted() {
            report("\(writer.tree.root)/runtimes", "the row of the task with uid \(key.uid) is in two places")
        }
        for (damage, error) in mirror.damages.sorted(by: { $0.value.path < $1.value.path }) {
            report(error.path, error.reason)
            switch damage {
            case .fence(let journal): try await repair(fence: journal)
            case .head(let seat): try await repair(headOf: seat)
            case .bucket(let place, let bucket): try await repair(bucket, of: place)
            }
        }
    }

    /// Seals the incarnation: whether it was sealed is not known, and it is safe at any time (rule L3).
    private func repair(fence journal: JournalID) async throws {
        guard var transaction = transaction() else { return }
        transaction.raiseFence(journal, isSealed: true)
        try await commit(transaction)
    }

    /// Seals all incarnations of the agent and names one of them, so that its rows are settled like those of a dead agent.
    private func repair(headOf seat: Seat) async throws {
        guard let mirror, var transaction = transaction() else { return }
        let journals = mirror.journals(of: seat)
        for journal in journals where mirror.fences[journal]?.value.isSealed == false {
            transaction.raiseFence(journal, isSealed: true)
        }
        transaction.nameIncarnation(journals.last?.incarnation ?? Incarnation(high: 0, low: 0), for: seat)
        try await commit(transaction)
    }

    /// Writes a bucket with the rows it may have had, revoked, so that they are settled by their owner's journal (rules L4, L5).
    private func repair(_ bucket: Int, of place: Place) async throws {
        guard let roster, let mirror, var transaction = transaction() else { return }
        let situation = Situation(roster: roster, blueprint: Blueprint(roster, now: time.now))
        if case .owned(let seat) = place, let head = mirror.tables[seat]?.head?.value {
            let owner = JournalID(seat: seat, incarnation: head.incarnation)
            if mirror.fences[owner]?.value.isSealed == false {
                transaction.raiseFence(owner, isSealed: false)
            }
        }
        transaction.rewrite(bucket, of: place)
        // An owner may have decided what is due within its look-ahead.
        let cursor = time.now + LookAhead.longest
        for row in situation.rowsMissing(from: bucket, of: place, cursor: cursor) {
            guard transaction.add(.init(row: row, to: place)) == .added else {
                logger.error(
                    "A bucket that cannot be read has too many rows to be written anew; its tasks wait",
                    metadata: ["bucket": "\(bucket)", "runtime.id": "\(place.runtime)"]
                )
                return
            }
        }
        try await commit(transaction)
    }
}
