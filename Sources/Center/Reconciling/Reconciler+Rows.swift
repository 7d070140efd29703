import Cluster
import Domain
import Logging
import Mutations
import Scheduling
import ZooKeeper

extension Reconciler {
    /// Seals every incarnation that no live agent has (rule L3).
    ///
    /// The registration is read after the journals were listed: it is at least as new, so a newly registered incarnation is never taken
    /// for a stray.
    func seal(_ situation: Situation) async throws {
        let session = writer.session
        let tree = writer.tree
        let strays = situation.strays
        guard !strays.isEmpty, var transaction = transaction() else { return }
        let isHeld = try await pipelined(strays) { journal in
            let path = try tree.runtime(journal.seat.runtime).agent(journal.seat.agent)
            do {
                let holder = try await session.payload(AgentRegistration.self, at: path)?.value
                return holder?.incarnation == journal.incarnation
            } catch is ZNodeFormatError {
                // Whoever wrote it may be this incarnation, in a newer version's words.
                return true
            }
        }
        for (stray, isHeld) in zip(strays, isHeld) where !isHeld {
            logger.notice(
                "Sealing the journal of an agent that is gone",
                metadata: ["agent.id": "\(stray.seat)", "agent.incarnation": "\(stray.incarnation)"]
            )
            sealedSince[stray] = time.monotonic
            transaction.raiseFence(stray, isSealed: true)
            if transaction.fenceCount == LeaderWriter.Limit.operationsMax - 1 {
                try await commit(transaction)
                guard let next = self.transaction() else { return }
                transaction = next
            }
        }
        if !transaction.isEmpty { try await commit(transaction) }
    }

    /// Gives agents that have none an empty table, so that rows can be moved to them.
    func welcome() async throws {
        for newcomer in situation()?.newcomers ?? [] {
            guard var transaction = transaction() else { return }
            transaction.requireFence(newcomer)
            transaction.nameIncarnation(newcomer.incarnation, for: newcomer.seat)
            try await commit(transaction)
        }
    }

    /// Settles the rows of sealed incarnations: back to the same agent's new incarnation, to another agent, or parked (rules L5, L6).
    func settleAbandoned() async throws {
        for owner in situation()?.abandoned ?? [] {
            try await skippingUnreadable { try await settleAbandoned(owner) }
        }
    }

    private func settleAbandoned(_ owner: JournalID) async throws {
        if Mutation.grantsUnsettled.isOn, let heir = situation()?.journal(of: owner.seat) {
            return try await grant(owner.seat, to: heir)
        }
        // All sealed journals of the agent: a head that had to be written anew may name any of them.
        var journals = [try await journal(owner)]
        var cursors = journals[0].cursors
        if Mutation.trustsTheSuccessor.isOn, let heir = situation()?.journal(of: owner.seat) {
            cursors = try await liveJournal(of: heir).cursors
        }
        for id in mirror?.journals(of: owner.seat) ?? []
        where id != owner && mirror?.fences[id]?.value.isSealed == true {
            let former = try await journal(id)
            journals.append(former)
            for (key, cursor) in former.cursors { cursors.raise(key, to: cursor) }
        }
        let left = Remains.cutOff(Set(journals.flatMap(\.open).filter(\.mayLive).map(\.fire.key)))
        guard let situation = situation(), let table = situation.mirror.tables[owner.seat] else { return }
        let changes = situation.sorted(
            table.rows.map { row in
                situation.settlement(
                    of: row,
                    from: owner.seat,
                    cursor: lastDecided(of: row, cursors),
                    left: left
                )
            }
        )
        let home = Place.owned(owner.seat)
        try await writeMoves(changes.filter { $0.to != home }, situation)
        try await regrant(changes.filter { $0.to == home }, owner.seat, situation)
    }

    /// D4: makes the rows of a sealed incarnation valid for the next one as they are.
    private func grant(_ seat: Seat, to heir: JournalID) async throws {
        guard var transaction = transaction() else { return }
        transaction.requireFence(heir)
        transaction.nameIncarnation(heir.incarnation, for: seat)
        try await commit(transaction)
    }

    /// Writes the rows an agent keeps, then names its new incarnation in the head: buckets first, head last.
    private func regrant(_ rows: [LeaderTransaction.Change], _ seat: Seat, _ situation: Situation)
        async throws
    {
        guard let heir = situation.journal(of: seat), var transaction = transaction() else { return }
        transaction.requireFence(heir)
        transaction.keepHead(of: seat)
        for change in rows where mirror?.row(change.key) != change.row {
            guard transaction.add(change) == .full else { continue }
            try await commit(transaction)
            guard let next = self.transaction() else { return }
            transaction = next
            transaction.requireFence(heir)
            transaction.keepHead(of: seat)
            _ = transaction.add(change)
        }
        let left = mirror?.tables[seat]?.rows.count ?? 0
        guard left == rows.count else { return }
        transaction.nameIncarnation(heir.incarnation, for: seat)
        try await commit(transaction)
    }

    /// Takes rows from live agents that must not go on with them as they are: revoke, read, settle (rules L4, L5).
    ///
    /// There may be thousands of rows: a pass takes some of every agent, and more for a share of its time, so that nothing else waits until all
    /// have moved. The next ones follow after a rest.
    func settleChanging() async throws {
        let changing = situation()?.changing ?? []
        if let restEnd, time.monotonic < restEnd, !changing.isEmpty { return askForPass(at: restEnd) }
        restEnd = nil
        let deadline = time.monotonic + Self.movingShare
        for (owner, rows) in changing {
            try await skippingUnreadable {
                var remaining = rows[...]
                while true {
                    let began = time.monotonic
                    remaining = remaining.dropFirst(try await settleChanging(remaining, owner))
                    if remaining.isEmpty { break }
                    guard began < deadline, !environment.hints.haveAgentsChanged else {
                        restEnd = time.monotonic + Self.movingRest
                        break
                    }
                    try await time.sleep(for: min(time.monotonic - began, Self.breathMax))
                }
            }
        }
        if let restEnd { askForPass(at: restEnd) }
    }

    /// Takes some of the rows from their owner; returns how many.
    private func settleChanging(_ rows: ArraySlice<AllocationRow>, _ owner: JournalID) async throws -> Int {
        let next = rows.prefix(Self.movedAtOnceMax)
        let isHasty = Mutation.readsBeforeRevoking.isOn
        let early = isHasty ? try await liveJournal(of: owner, next.map(\.key)).cursors : nil
        let count = Mutation.movesUnrevoked.isOn ? rows.count : try await revoke(next, owner)
        try await settleRevoked(Array(rows.prefix(count)), owner, early)
        return count
    }

    /// How much of a pass moving rows of live agents may take.
    private static let movingShare = Duration.seconds(1)

    /// How long no rows of live agents are moved after that: an agent that is far from the servers journals then what it could not in between.
    private static let movingRest = Duration.milliseconds(500)

    /// Rows taken from an agent at a time: while they are revoked nobody fires their tasks, so they are to be with their next owner soon.
    private static let movedAtOnceMax = 12

    /// How long an agent is left alone at most before more rows are taken from it.
    ///
    /// Each time its journal is refused until it has read its rows again; it is given as long to journal what is due as the step took.
    private static let breathMax = Duration.milliseconds(100)

    /// Revokes as many of the rows as fit one multi; returns how many are revoked now.
    private func revoke(_ rows: ArraySlice<AllocationRow>, _ owner: JournalID) async throws -> Int {
        guard var transaction = transaction() else { return rows.count }
        var count = 0
        var isNeeded = false
        transaction.raiseFence(owner, isSealed: false)
        for row in rows {
            if row.state == .active {
                var revoked = row
                revoked.state = .revoked
                guard transaction.add(.init(row: revoked, to: .owned(owner.seat))) != .full else { break }
                isNeeded = true
            }
            count += 1
        }
        if isNeeded { try await commit(transaction) }
        return count
    }

    private func settleRevoked(
        _ rows: [AllocationRow],
        _ owner: JournalID,
        _ early: [TaskPart: Instant]?
    ) async throws {
        let journal = try await liveJournal(of: owner, rows.map(\.key))
        let cursors = early ?? journal.cursors
        let left = Remains.alive(try await living(journal, rows))
        guard let situation = situation() else { return }
        let changes = rows.compactMap { row in mirror?.row(row.key) }.map { row in
            situation.settlement(
                of: row,
                from: owner.seat,
                cursor: lastDecided(of: row, cursors),
                left: left
            )
        }
        try await writeMoves(situation.sorted(changes), situation)
    }

    /// What an incarnation has journaled of parts of which it can journal no more; of all its parts unless some are named.
    private func liveJournal(of owner: JournalID, _ keys: [TaskPart]? = nil) async throws -> LeaderJournal {
        try await LeaderJournal.read(
            owner,
            session: writer.session,
            tree: writer.tree,
            buckets: keys.map { Set($0.map(Buckets.checkpoint)) }
        )
    }

    /// The attempts of the rows' tasks that live with the owner or wait in its inbox, of tasks whose runs are counted.
    private func living(
        _ journal: LeaderJournal,
        _ rows: [AllocationRow]
    ) async throws -> [TaskPart: [HeldAttempt]] {
        let store = environment.store
        let counted = rows.map(\.key).filter { key in
            store.read { $0.task(key.uid)?.specification.concurrency.livingMax != nil }
        }
        guard !counted.isEmpty else { return [:] }
        let keys = Set(counted)
        var living: [TaskPart: [HeldAttempt]] = [:]
        func add(_ attempt: AttemptID, _ key: TaskPart) {
            let (seat, incarnation) = (journal.id.seat, journal.id.incarnation)
            let held = HeldAttempt(
                attempt,
                runtime: seat.runtime,
                agent: seat.agent,
                incarnation: incarnation
            )
            living[key, default: []].append(held)
        }
        for open in journal.open where open.mayLive && keys.contains(open.fire.key) {
            add(open.fire.attempt, open.fire.key)
        }
        for (_, entry) in try await LeaderDispatch(writer: writer).untaken(journal.id) {
            guard case .launch(let run) = entry.value else { continue }
            let key = TaskPart(uid: run.uid, part: run.part)
            if keys.contains(key) { add(run.attempt, key) }
        }
        return living
    }

    /// The last decided instant of a row: by the journal, else by the row itself.
    private func lastDecided(of row: AllocationRow, _ cursors: [TaskPart: Instant]) -> Instant {
        let known = cursors[row.key] ?? row.cursor
        return Mutation.settlesUpToNow.isOn ? max(known, time.now) : known
    }

    /// Writes where rows go from an owner: each leaves the one and comes to the other in one multi (rule L5a).
    private func writeMoves(_ changes: [LeaderTransaction.Change], _ situation: Situation) async throws {
        if Mutation.movesInTwoWrites.isOn {
            try await write(changes.map { .init(row: $0.row, to: nil) }, situation)
        }
        try await write(changes, situation)
    }

    /// Places parked and new rows, removes those of deleted tasks.
    func place() async throws {
        guard let situation = situation() else { return }
        let undecided = situation.mirror.fences.filter(\.value.value.isSealed).keys.map(\.seat.runtime)
        try await write(situation.placements(keepsDeleted: Set(undecided)), situation)
    }

    /// Writes changes of rows in as few multis as fit, each checking the fences of those who receive rows.
    private func write(_ changes: [LeaderTransaction.Change], _ situation: Situation) async throws {
        guard !changes.isEmpty, var transaction = transaction() else { return }
        for change in changes {
            var addition = add(change, situation, to: &transaction)
            if addition == .full {
                try await commit(transaction)
                guard let next = self.transaction() else { return }
                transaction = next
                addition = add(change, situation, to: &transaction)
            }
            if addition == .bucketFull {
                logger.error(
                    "A bucket of the allocation table is full; the task stays where it is",
                    metadata: ["task.id": "\(change.row.task)"]
                )
            }
        }
        if !transaction.isEmpty { try await commit(transaction) }
    }

    private func add(
        _ change: LeaderTransaction.Change,
        _ situation: Situation,
        to transaction: inout LeaderTransaction
    ) -> LeaderTransaction.Addition {
        if let place = change.to, let bucket = mirror?.bucket(of: change.key),
            mirror?.damages[.bucket(place, bucket)] != nil
        {
            return .added
        }
        guard case .owned(let seat) = change.to else { return transaction.add(change) }
        // Without a head that names the living incarnation nobody would act on the row: the next round places it.
        guard let receiver = situation.journal(of: seat),
            mirror?.tables[seat]?.head?.value.incarnation == receiver.incarnation
        else { return .added }
        let addition = transaction.add(change)
        if addition == .added { transaction.requireFence(receiver) }
        return addition
    }

    /// An empty transaction on top of the mirror.
    func transaction() -> LeaderTransaction? {
        mirror.map { LeaderTransaction(mirror: $0, epoch: writer.epoch) }
    }
}
