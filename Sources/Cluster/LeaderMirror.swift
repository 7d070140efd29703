public import Domain
import ZooKeeper

/// Where a row is.
public enum Place: Hashable, Comparable, Sendable {
    /// In an agent's allocation.
    case owned(Seat)
    /// Among the parked rows of a runtime.
    case parked(RuntimeID)

    /// The runtime it belongs to.
    public var runtime: RuntimeID {
        switch self {
        case .owned(let seat): seat.runtime
        case .parked(let runtime): runtime
        }
    }

    private var agent: String {
        if case .owned(let seat) = self { seat.agent.text } else { "" }
    }

    /// Sorts by runtime, parked rows before owned ones.
    public static func < (left: Place, right: Place) -> Bool {
        (left.runtime.text, left.agent) < (right.runtime.text, right.agent)
    }
}

/// What only the leader writes, as it is in ZooKeeper: allocations, parked rows and fences, each with its version.
///
/// Loaded after taking office; changed by the leader's own committed writes only. Since every write carries the versions from here,
/// a mirror that is wrong makes the write fail, and is loaded again.
public struct LeaderMirror: Sendable {
    /// An agent's allocation.
    public struct Table: Sendable {
        /// The head; `nil` when the agent never had one.
        public var head: Versioned<AllocationHead>?
        /// The buckets that exist.
        public var buckets: [Int: Versioned<AllocationBucket>] = [:]

        /// The rows of all buckets, sorted by task.
        public var rows: [AllocationRow] {
            buckets.keys.sorted().flatMap { buckets[$0]?.value.rows ?? [] }
        }

        /// Creates an empty table.
        public init() {}
    }

    /// Number of buckets of every table.
    public let bucketCount: Int
    /// The agents' tables.
    public private(set) var tables: [Seat: Table] = [:]
    /// The parked rows of every runtime.
    public private(set) var parked: [RuntimeID: [Int: Versioned<AllocationBucket>]] = [:]
    /// The fences of all incarnations that have a journal.
    public private(set) var fences: [JournalID: Versioned<FenceRecord>] = [:]
    /// Where every row is.
    public private(set) var places: [TaskPart: Place] = [:]
    /// The parts whose rows hold attempts of former owners, or say that such were cut off.
    public private(set) var held: Set<TaskPart> = []
    /// Rows that were found in two places; the later-found copies are not in `places`.
    ///
    /// Never without a defect or an operator's edit.
    public private(set) var duplicates: [TaskPart] = []
    /// What cannot be read, and why; until it is written anew the mirror has an empty stand-in, with the node's version.
    public private(set) var damages: [Damage: ZNodeFormatError] = [:]
    /// Raised by every change.
    public private(set) var generation = 0

    /// A node of the leader's own that cannot be read: an operator's edit, or the trace of a defect.
    public enum Damage: Hashable, Sendable {
        /// The head of an agent's table.
        case head(Seat)
        /// A bucket of rows.
        case bucket(Place, Int)
        /// The fence of an incarnation.
        case fence(JournalID)
    }

    /// Creates an empty mirror of tables with `bucketCount` buckets.
    public init(bucketCount: Int) {
        precondition(bucketCount > 0, "tables need at least one bucket")
        self.bucketCount = bucketCount
    }

    /// The bucket of a row.
    public func bucket(of key: TaskPart) -> Int { Buckets.allocation(key, count: bucketCount) }

    /// The row; `nil` when there is none.
    public func row(_ key: TaskPart) -> AllocationRow? {
        guard let place = places[key] else { return nil }
        return content(place, bucket(of: key))?.value.rows.first { $0.key == key }
    }

    /// A bucket's content.
    public func content(_ place: Place, _ bucket: Int) -> Versioned<AllocationBucket>? {
        switch place {
        case .owned(let seat): tables[seat]?.buckets[bucket]
        case .parked(let runtime): parked[runtime]?[bucket]
        }
    }

    /// The incarnations that have a journal of an agent, sorted.
    public func journals(of seat: Seat) -> [JournalID] {
        fences.keys.filter { $0.seat == seat }.sorted()
    }

    /// All parked rows of a runtime.
    public func parkedRows(_ runtime: RuntimeID) -> [AllocationRow] {
        let buckets = parked[runtime] ?? [:]
        return buckets.keys.sorted().flatMap { buckets[$0]?.value.rows ?? [] }
    }
}

extension LeaderMirror {
    /// Takes over a bucket's content, as read or written.
    public mutating func set(_ content: Versioned<AllocationBucket>?, _ place: Place, bucket: Int) {
        generation += 1
        damages[.bucket(place, bucket)] = nil
        for row in self.content(place, bucket)?.value.rows ?? [] where places[row.key] == place {
            places[row.key] = nil
            held.remove(row.key)
        }
        switch place {
        case .owned(let seat): tables[seat, default: Table()].buckets[bucket] = content
        case .parked(let runtime): parked[runtime, default: [:]][bucket] = content
        }
        for row in content?.value.rows ?? [] {
            if places[row.key] == nil {
                places[row.key] = place
                if row.hold != nil { held.insert(row.key) }
            } else {
                duplicates.append(row.key)
            }
        }
    }

    /// Takes over a head, as read or written; `nil` when it is gone, with its buckets.
    public mutating func set(_ head: Versioned<AllocationHead>?, of seat: Seat) {
        generation += 1
        damages[.head(seat)] = nil
        if head == nil {
            precondition(tables[seat]?.rows.isEmpty ?? true, "the head of \(seat) went while it has rows")
            tables[seat] = nil
        } else {
            tables[seat, default: Table()].head = head
        }
    }

    /// Takes over a fence, as read or written; `nil` when it is gone.
    public mutating func set(_ fence: Versioned<FenceRecord>?, of journal: JournalID) {
        generation += 1
        damages[.fence(journal)] = nil
        fences[journal] = fence
    }

    /// Notes that a node cannot be read, and stands in for it.
    mutating func set(_ damage: Damage, _ error: ZNodeFormatError, version: Int32) {
        switch damage {
        case .head(let seat):
            let head = AllocationHead(
                incarnation: Incarnation(high: 0, low: 0),
                generation: 0,
                epoch: Epoch(rawValue: 0),
                bucketCount: bucketCount
            )
            set(Versioned(head, version: version), of: seat)
        case .bucket(let place, let bucket):
            set(Versioned(AllocationBucket(rows: []), version: version), place, bucket: bucket)
        case .fence(let journal):
            set(Versioned(FenceRecord(), version: version), of: journal)
        }
        damages[damage] = error
    }

    /// Whether rows may hide in a bucket of this number that cannot be read.
    public func isDamaged(bucket: Int) -> Bool {
        damages.keys.contains { if case .bucket(_, bucket) = $0 { true } else { false } }
    }

    /// What one committed write changed.
    public struct Changes: Sendable {
        var buckets: [(place: Place, bucket: Int, content: Versioned<AllocationBucket>)] = []
        var heads: [(seat: Seat, head: Versioned<AllocationHead>)] = []
        var fences: [(journal: JournalID, fence: Versioned<FenceRecord>)] = []
    }

    /// Takes over what a committed write changed, all at once, so that a moved row is never seen twice or nowhere.
    public mutating func apply(_ changes: Changes) {
        for (seat, head) in changes.heads { set(head, of: seat) }
        for (journal, fence) in changes.fences { set(fence, of: journal) }
        for (place, bucket, content) in changes.buckets {
            set(Versioned(AllocationBucket(rows: []), version: content.version), place, bucket: bucket)
        }
        for (place, bucket, content) in changes.buckets { set(content, place, bucket: bucket) }
    }
}

extension LeaderMirror.Table {
    /// Deletes a table without rows, buckets first, head last.
    public func delete(of seat: Seat, with writer: LeaderWriter) async throws {
        precondition(rows.isEmpty, "the table of \(seat) still has rows")
        let paths = try writer.tree.runtime(seat.runtime)
        var operations: [Operation] = []
        for bucket in buckets.keys.sorted() {
            operations.append(
                .delete(try paths.allocationBucket(seat.agent, bucket), version: buckets[bucket]?.version)
            )
        }
        if let head { operations.append(.delete(try paths.allocation(seat.agent), version: head.version)) }
        let size = LeaderWriter.Limit.operationsMax - 1
        for start in stride(from: 0, to: operations.count, by: size) {
            _ = try await writer.write(Array(operations[start..<min(start + size, operations.count)]))
        }
    }
}
