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
        for (key, _) in parts where uids.contains(key.uid) { schedule(key) }
    }

    /// The uids of the defined tasks that no row is about any more; they are forgotten.
    public mutating func forgetUnusedDefinitions() -> [TaskUID] {
        let used = Set(parts.keys.map(\.uid))
        let unused = definitions.keys.filter { !used.contains($0) }.sorted()
        for uid in unused { definitions[uid] = nil }
        return unused
    }

    /// The earliest due instant of what may be journaled; `nil` when nothing is ever due.
    public mutating func nextDue() -> Instant? {
        while let first = due.min {
            if isCurrent(first) { return first.instant }
            _ = due.popMin()
        }
        return nil
    }

    func isCurrent(_ entry: Due) -> Bool {
        parts[entry.key]?.next == entry.instant && !blocked.contains(entry.key)
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
            next: nil
        )
        partsOfBucket[checkpointBucket, default: []].insert(key)
        partsOfTable[bucket, default: []].insert(key)
        schedule(key, previous: known?.next)
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
    }

    /// Computes when a part is due next and puts it into the heap, unless it is there already.
    mutating func schedule(_ key: TaskPart, previous: Instant? = nil) {
        guard var part = parts[key] else { return }
        part.next = nil
        undefined.remove(key)
        if part.row.state == .active || Mutation.ownsRevokedRows.isOn {
            if let definition = definitions[key.uid], definition.revision >= part.row.revision {
                part.next = definition.nextDue(after: part.cursor)
            } else {
                undefined.insert(key)
            }
        }
        parts[key] = part
        if let next = part.next, next != previous { due.insert(Due(instant: next, key: key)) }
    }

    /// Drops entries of the heap that no longer mean anything, when they prevail.
    private mutating func sweep() {
        guard due.count > 4 * parts.count + 64 else { return }
        due.removeAll()
        for (key, part) in parts {
            if let next = part.next { due.insert(Due(instant: next, key: key)) }
        }
    }
}
