import Cluster
import Domain
import Mutations
import Scheduling

/// What the leader has to do, in the order it does it. Each answer is about the situation as it is now, so that whoever leads next
/// comes to the same conclusions from what it reads.
extension Situation {
    /// Incarnations that are neither sealed nor named by the registration of a live agent (rule L3), sorted.
    var strays: [JournalID] {
        mirror.fences.filter { journal, fence in
            if Mutation.sealsOnlyTheAbsent.isOn || Mutation.replacesHolder.isOn {
                return !fence.value.isSealed && catalog.agents[journal.seat] == nil
            }
            return !fence.value.isSealed && catalog.agents[journal.seat]?.incarnation != journal.incarnation
        }.keys.sorted()
    }

    /// Live agents that have no table yet, sorted.
    var newcomers: [JournalID] {
        usable.keys.filter { mirror.tables[$0]?.head == nil }.sorted().compactMap(journal(of:))
    }

    /// Agents whose table is valid for an incarnation that can never journal again, sorted: their rows are to be settled.
    var abandoned: [JournalID] {
        mirror.tables.keys.sorted().compactMap { seat in
            guard let head = mirror.tables[seat]?.head?.value, usable[seat] != head.incarnation else {
                return nil
            }
            let journal = JournalID(seat: seat, incarnation: head.incarnation)
            let settlesUnsealed = Mutation.readsBeforeSealing.isOn || Mutation.replacesHolder.isOn
            guard mirror.fences[journal]?.value.isSealed ?? true || settlesUnsealed else { return nil }
            return isSettled(seat) ? nil : journal
        }
    }

    /// Whether the row of a counted part still stands as this sealed incarnation left it.
    ///
    /// What is open of it is not decided before: it is how the row's next owner learns that it has to wait (rule O3).
    func isUnsettled(_ key: TaskPart, of journal: JournalID) -> Bool {
        guard catalog.task(key.uid)?.specification.concurrency.livingMax != nil,
            mirror.places[key] == .owned(journal.seat),
            let head = mirror.tables[journal.seat]?.head?.value
        else { return false }
        return mirror.fences[JournalID(seat: journal.seat, incarnation: head.incarnation)]?.value.isSealed
            ?? true
    }

    /// Tables without rows whose agent is gone, sorted: they are deleted.
    var vacated: [Seat] {
        mirror.tables.keys.sorted().filter { seat in
            guard let table = mirror.tables[seat], let head = table.head?.value else { return false }
            let fence = mirror.fences[JournalID(seat: seat, incarnation: head.incarnation)]
            return catalog.agents[seat] == nil && table.rows.isEmpty && fence?.value.isSealed ?? true
        }
    }

    /// Agents whose table is valid and has rows that must change, with those rows, sorted.
    var changing: [(owner: JournalID, rows: [AllocationRow])] {
        usable.keys.sorted().compactMap { seat in
            guard let owner = journal(of: seat), let table = mirror.tables[seat],
                table.head?.value.incarnation == owner.incarnation
            else { return nil }
            let rows = table.rows.filter { mustChange($0, at: seat) }
            return rows.isEmpty ? nil : (owner, rows)
        }
    }

    /// Parked rows and tasks without a row that get an owner, or whose row goes, in the order of their buckets.
    ///
    /// Rows of deleted tasks stay in the runtimes `keepsDeleted`, where fires may still have to be decided.
    func placements(keepsDeleted: Set<RuntimeID>) -> [LeaderTransaction.Change] {
        var changes: [LeaderTransaction.Change] = []
        for runtime in mirror.parked.keys.sorted() {
            for row in mirror.parkedRows(runtime) {
                if let owner = owner(of: row) {
                    changes.append(.init(row: settled(row, cursor: resumption(of: row)), to: .owned(owner)))
                } else if isGone(row), !keepsDeleted.contains(runtime) {
                    changes.append(.init(row: row, to: nil))
                }
            }
        }
        for (key, owner) in owners where mirror.places[key] == nil {
            if mirror.isDamaged(bucket: mirror.bucket(of: key)) { continue }
            guard let task = catalog.task(key.uid) else { continue }
            // Nothing was decided yet: superseded schedules since the creation are still to be enumerated.
            let row = AllocationRow(
                task: task.name,
                uid: task.uid,
                part: key.part,
                revision: task.revision,
                cursor: begin(of: key, task, at: owner)
            )
            changes.append(.init(row: row, to: .owned(owner)))
        }
        return sorted(changes)
    }

    /// The rows that a bucket which cannot be read may have had: of the runtime's tasks that have no row elsewhere.
    ///
    /// Nobody knows their cursors any more. What came due up to now is neither launched again nor recorded; a journal that
    /// knows more raises them when they are settled.
    func rowsMissing(from bucket: Int, of place: Place, cursor: Instant) -> [AllocationRow] {
        let isOwned = if case .owned = place { true } else { false }
        return catalog.tasks.values.map(\.value).filter { $0.specification.runtime == place.runtime }
            .flatMap { task in parts(of: task).map { (task, TaskPart(uid: task.uid, part: $0)) } }
            .filter { _, key in mirror.places[key] == nil && mirror.bucket(of: key) == bucket }
            .map { task, key in
                AllocationRow(
                    task: task.name,
                    uid: task.uid,
                    part: key.part,
                    revision: task.revision,
                    cursor: max(task.begin(of: key.part), cursor),
                    state: isOwned ? .revoked : .active
                )
            }
            .sorted { $0.key < $1.key }
    }

    /// Where a row whose cursor is known goes, and with which content (rule L5).
    ///
    /// `left` is what the former owner may have left alive.
    func settlement(
        of row: AllocationRow,
        from seat: Seat,
        cursor: Instant,
        left: Remains
    ) -> LeaderTransaction.Change {
        var settled = settled(row, cursor: max(row.cursor, cursor))
        settled.hold = hold(row, from: seat, left)
        if let owner = owner(of: row) { return .init(row: settled, to: .owned(owner)) }
        if Mutation.forgetsUnowned.isOn { return .init(row: settled, to: nil) }
        let runtime = catalog.task(row.uid)?.specification.runtime ?? seat.runtime
        return .init(row: settled, to: .parked(runtime))
    }

    /// Changes in the order of their buckets, so that a multi writes each bucket once.
    func sorted(_ changes: [LeaderTransaction.Change]) -> [LeaderTransaction.Change] {
        changes.map { (bucket: mirror.bucket(of: $0.key), change: $0) }
            .sorted { left, right in
                if left.bucket != right.bucket { return left.bucket < right.bucket }
                if left.change.to != right.change.to { return left.change.isBefore(right.change) }
                return left.change.key < right.change.key
            }
            .map(\.change)
    }
}

extension Situation {
    /// The owner the row should have; the blueprint may be older than the deletion of the task.
    private func owner(of row: AllocationRow) -> Seat? {
        catalog.task(row.uid) == nil ? nil : owners[row.key]
    }

    /// What the row's next owner has to count although it knows nothing of it.
    private func hold(_ row: AllocationRow, from seat: Seat, _ left: Remains) -> RowHold? {
        guard catalog.task(row.uid)?.specification.concurrency.livingMax != nil, !Mutation.movesUnheld.isOn
        else { return nil }
        var hold = row.hold ?? RowHold()
        switch left {
        case .cutOff(let parts): hold.cutOffs += parts.contains(row.key) ? 1 : 0
        case .alive(let attempts) where owner(of: row) != seat:
            // What was held elsewhere, untaken, may have come to this owner since: now it is here.
            let new = attempts[row.key] ?? []
            let others = hold.attempts.filter { held in !new.contains { $0.attempt == held.attempt } }
            hold = RowHold(attempts: others + new, cutOffs: hold.cutOffs)
        case .alive: break
        }
        return hold.isEmpty ? nil : hold
    }

    private func mustChange(_ row: AllocationRow, at seat: Seat) -> Bool {
        guard let task = catalog.task(row.uid) else { return true }
        let isRevoked = row.state == .revoked && !Mutation.leavesRevoked.isOn
        return isRevoked || owners[row.key] != seat || row.revision != task.revision
    }

    private func settled(_ row: AllocationRow, cursor: Instant) -> AllocationRow {
        var row = row
        row.cursor = cursor
        row.state = .active
        if let task = catalog.task(row.uid) { row.revision = task.revision }
        return row
    }

    /// Whether a table of a dead agent has nothing left to settle.
    private func isSettled(_ seat: Seat) -> Bool {
        catalog.agents[seat] == nil && (mirror.tables[seat]?.rows.isEmpty ?? true)
    }
}

extension LeaderTransaction.Change {
    fileprivate func isBefore(_ other: Self) -> Bool {
        guard let to, let place = other.to else { return to == nil && other.to != nil }
        return to < place
    }
}
