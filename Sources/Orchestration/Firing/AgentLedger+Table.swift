public import Domain
import Mutations
public import Scheduling

extension AgentLedger {
    /// Takes over a bucket of the agent's table as read; the rows of the bucket that are no longer in it are given up.
    ///
    /// On every read the cursor rises to the row's, never falls.
    public mutating func read(bucket: Int, rows: [AllocationRow]) {
        let present = Set(rows.map(\.key))
        for key in partsOfTable[bucket] ?? []
        where !present.contains(key) && !Mutation.keepsMovedRows.isOn { give(up: key) }
        for row in rows { read(row, bucket: bucket) }
        sweep()
    }

    /// Gives up the rows of every bucket that is not in `buckets`: what the head no longer names.
    public mutating func keep(buckets: Set<Int>) {
        for bucket in partsOfTable.keys.sorted() where !buckets.contains(bucket) {
            for key in partsOfTable[bucket] ?? [] { give(up: key) }
        }
        sweep()
    }

    /// The rows that cannot be journaled for want of a definition, sorted by name and part.
    public var rowsWithoutDefinition: [AllocationRow] {
        undefined.compactMap { parts[$0]?.row }.sorted { ($0.task, $0.part) < ($1.task, $1.part) }
    }

    /// Takes over definitions; of several of one task the newest counts.
    public mutating func define(_ new: [TaskDefinition]) {
        for definition in new where definition.revision >= (definitions[definition.uid]?.revision ?? 0) {
            definitions[definition.uid] = definition
        }
        let uids = Set(new.map(\.uid))
        for (key, _) in parts where uids.contains(key.uid) {
            schedule(key)
            stopOutdated(key)
        }
    }

    /// The uids of the defined tasks that no row is about any more; they are forgotten.
    public mutating func forgetUnusedDefinitions() -> [TaskUID] {
        let used = Set(parts.keys.map(\.uid))
        let unused = definitions.keys.filter { !used.contains($0) }.sorted()
        for uid in unused { definitions[uid] = nil }
        return unused
    }

    /// The earliest due instant of what may be journaled ahead of it; `nil` when nothing is ever due.
    public mutating func nextDue() -> Instant? {
        while let first = due.min {
            if isCurrent(first, .ahead) { return first.instant }
            _ = due.popMin()
        }
        return nil
    }

    /// The earliest due instant of what is decided when it is due; `nil` when there is nothing of the kind.
    public mutating func nextExact() -> Instant? {
        while let first = exact.min {
            if isCurrent(first, .exact) { return first.instant }
            _ = exact.popMin()
        }
        return nil
    }

    private func isCurrent(_ entry: Due, _ pace: Pace) -> Bool {
        guard let part = parts[entry.key], part.pace == pace else { return false }
        return part.next == entry.instant && !blocked.contains(entry.key)
    }

    private mutating func read(_ row: AllocationRow, bucket: Int) {
        let key = row.key
        let known = parts[key]
        let checkpointBucket = known?.checkpointBucket ?? self.checkpointBucket(key)
        parts[key] = Part(
            row: row,
            tableBucket: bucket,
            checkpointBucket: checkpointBucket,
            cursor: Self.cursor(known?.cursor, row.cursor),
            isAdvanced: known?.isAdvanced ?? false,
            next: nil,
            pace: known?.pace ?? .ahead,
            waitedUntil: known?.waitedUntil
        )
        if known.map({ $0.row.hold != row.hold || $0.row.revision != row.revision }) ?? true {
            isReleased = true
        }
        if row.cutOffs == 0 {
            inGrace[key] = nil
        } else if Self.mayBeCutOffAnew(row, known) {
            graces += 1
            inGrace[key] = graces
        }
        // What was awaited may have become somebody else's by an edit, or while the row was somebody else's.
        if known?.row.revision != row.revision { forgetAwaited(key) }
        if known?.row.hold?.isEmpty == false, row.hold?.isEmpty ?? true { parts[key]?.waitedUntil = Part.now }
        partsOfBucket[checkpointBucket, default: []].insert(key)
        partsOfTable[bucket, default: []].insert(key)
        schedule(key, previous: known.flatMap { known in known.next.map { ($0, known.pace) } })
    }

    /// Whether an owner may have been cut off since the row was read last.
    ///
    /// As many as before may be others: the leader forgets them, and what the row said in between may never have been read. But then an
    /// attempt is no longer held, or somebody else has decided something.
    private static func mayBeCutOffAnew(_ row: AllocationRow, _ known: Part?) -> Bool {
        guard let known, row.cutOffs <= known.row.cutOffs else { return true }
        let held = Set((row.hold?.attempts ?? []).map(\.attempt))
        return row.cursor > known.cursor
            || known.row.hold?.attempts.contains { !held.contains($0.attempt) } ?? false
    }

    /// The higher of the own cursor and the row's (rule A3).
    private static func cursor(_ known: Instant?, _ row: Instant) -> Instant {
        if Mutation.keepsOwnCursor.isOn { return known ?? row }
        if Mutation.takesRowCursor.isOn { return row }
        return max(known ?? row, row)
    }

    private mutating func give(up key: TaskPart) {
        guard let part = parts.removeValue(forKey: key) else { return }
        partsOfBucket[part.checkpointBucket]?.remove(key)
        partsOfTable[part.tableBucket]?.remove(key)
        if part.isAdvanced { changed.insert(part.checkpointBucket) }
        undefined.remove(key)
        blocked.remove(key)
        inGrace[key] = nil
        forgetAwaited(key)
        if living[key] != nil { leftBehind.insert(key) }
        stopOutdated(key)
    }

    /// Computes when a part is due next and puts it into the heap, unless it is there already.
    mutating func schedule(_ key: TaskPart, previous: (next: Instant, pace: Pace)? = nil) {
        guard var part = parts[key] else { return }
        part.next = nil
        undefined.remove(key)
        if part.row.state == .active || Mutation.ownsRevokedRows.isOn {
            if let definition = definitions[key.uid], definition.revision >= part.row.revision {
                part.next = definition.narrowed(to: key.part).nextDue(after: part.cursor)
                part.pace = pace(of: key, definition.specification.concurrency)
            } else {
                undefined.insert(key)
            }
        }
        parts[key] = part
        guard let next = part.next, previous?.next != next || previous?.pace != part.pace else { return }
        insert(Due(instant: next, key: key), part.pace)
    }

    private mutating func insert(_ entry: Due, _ pace: Pace) {
        switch pace {
        case .ahead: due.insert(entry)
        case .exact: exact.insert(entry)
        case .held: break
        }
    }

    /// Drops entries of the heap that no longer mean anything, when they prevail.
    private mutating func sweep() {
        guard due.count + exact.count > 4 * parts.count + 64 else { return }
        due.removeAll()
        exact.removeAll()
        for (key, part) in parts {
            if let next = part.next { insert(Due(instant: next, key: key), part.pace) }
        }
    }
}
