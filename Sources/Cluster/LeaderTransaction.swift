public import Domain
import Mutations
import ZooKeeper

/// One multi of the leader that moves, changes, adds or removes rows, being filled.
///
/// Whatever it touches it writes with the expected version; every touched table's head is rewritten with it, unless the head still
/// names a sealed incarnation that is being replaced (rule L5b: buckets first, head last).
public struct LeaderTransaction: Sendable {
    /// What becomes of one row.
    public struct Change: Hashable, Sendable {
        /// The row's key.
        public var key: TaskPart
        /// Where it is from now on; `nil` when it is removed.
        public var to: Place?
        /// Its content; ignored when it is removed.
        public var row: AllocationRow

        /// Creates a change.
        public init(row: AllocationRow, to: Place?) {
            key = row.key
            self.to = to
            self.row = row
        }
    }

    private struct Address: Hashable, Comparable {
        let bucket: Int
        let place: Place

        static func < (left: Address, right: Address) -> Bool {
            (left.bucket, left.place) < (right.bucket, right.place)
        }
    }

    private let mirror: LeaderMirror
    private let epoch: Epoch
    private var rows: [Address: [TaskPart: AllocationRow]] = [:]
    private var heads: [Seat: AllocationHead] = [:]
    private var silentHeads: Set<Seat> = []
    private var checkedFences: Set<JournalID> = []
    private var writtenFences: [JournalID: FenceRecord] = [:]
    private var sizeBytes = 0

    /// Starts an empty multi on top of what the mirror knows.
    public init(mirror: LeaderMirror, epoch: Epoch) {
        self.mirror = mirror
        self.epoch = epoch
    }

    /// Whether nothing would be written.
    public var isEmpty: Bool { rows.isEmpty && heads.isEmpty && writtenFences.isEmpty }

    /// How many fences it raises.
    public var fenceCount: Int { writtenFences.count }

    /// Whether something was added.
    public enum Addition: Hashable, Sendable {
        /// The change is part of the multi.
        case added
        /// The multi has to be written first.
        case full
        /// The bucket it belongs to cannot take another row: it stays where it is.
        case bucketFull
    }

    /// Adds a change of one row.
    public mutating func add(_ change: Change) -> Addition {
        let bucket = mirror.bucket(of: change.key)
        let from = mirror.places[change.key]
        var next = self
        for place in [from, change.to].compactMap({ $0 }) {
            next.touch(Address(bucket: bucket, place: place))
        }
        if let from { next.remove(change.key, Address(bucket: bucket, place: from)) }
        if let to = change.to {
            let address = Address(bucket: bucket, place: to)
            next.insert(change.row, address)
            if from != to, next.bytes(of: address) > LeaderWriter.Limit.bucketBytesMax { return .bucketFull }
        }
        if !rows.isEmpty, next.isTooLarge { return .full }
        self = next
        return .added
    }

    /// Writes a bucket although none of its rows changes.
    public mutating func rewrite(_ bucket: Int, of place: Place) {
        touch(Address(bucket: bucket, place: place))
    }

    /// Makes the multi fail unless the incarnation's fence is what the mirror says.
    public mutating func requireFence(_ journal: JournalID) {
        if writtenFences[journal] == nil { checkedFences.insert(journal) }
    }

    /// Raises the incarnation's fence; sealing it keeps it from journaling for ever.
    public mutating func raiseFence(_ journal: JournalID, isSealed: Bool) {
        checkedFences.remove(journal)
        writtenFences[journal] = FenceRecord(isSealed: isSealed)
    }

    /// Leaves the head of a table as it is although its buckets change: it names a sealed incarnation, so nobody acts on it.
    public mutating func keepHead(of seat: Seat) { silentHeads.insert(seat) }

    /// Makes a table's rows valid for `incarnation`; every bucket counts as changed.
    ///
    /// The rows must have been settled.
    public mutating func nameIncarnation(_ incarnation: Incarnation, for seat: Seat) {
        let table = mirror.tables[seat]
        let generation = (table?.head?.value.generation ?? 0) + 1
        let buckets = (table?.buckets.keys.sorted() ?? []).map { ($0, generation) }
        silentHeads.remove(seat)
        heads[seat] = AllocationHead(
            incarnation: incarnation,
            generation: generation,
            epoch: epoch,
            bucketCount: mirror.bucketCount,
            buckets: Dictionary(uniqueKeysWithValues: buckets),
            followedStart: table?.head?.value.followedStart
        )
    }

    /// Notes in the head of a table that everything has been dispatched that follows a start of its agent's process.
    public mutating func noteStart(_ start: StartID, of seat: Seat) {
        guard var head = mirror.tables[seat]?.head?.value else { return }
        head.generation += 1
        head.epoch = epoch
        head.followedStart = start
        heads[seat] = head
    }
}

extension LeaderTransaction {
    private mutating func touch(_ address: Address) {
        guard rows[address] == nil else { return }
        let present = mirror.content(address.place, address.bucket)?.value.rows ?? []
        rows[address] = Dictionary(present.map { ($0.key, $0) }) { first, _ in first }
        sizeBytes += present.reduce(Self.bucketBytes) { $0 + $1.estimatedBytes }
    }

    private mutating func insert(_ row: AllocationRow, _ address: Address) {
        rows[address]?[row.key] = row
        sizeBytes += row.estimatedBytes
    }

    private mutating func remove(_ key: TaskPart, _ address: Address) {
        guard let row = rows[address]?.removeValue(forKey: key) else { return }
        sizeBytes -= row.estimatedBytes
    }

    private func bytes(of address: Address) -> Int {
        (rows[address] ?? [:]).values.reduce(Self.bucketBytes) { $0 + $1.estimatedBytes }
    }

    private static let bucketBytes = 24

    private var touchedSeats: [Seat] {
        let seats = rows.keys.compactMap { address in
            if case .owned(let seat) = address.place { seat } else { nil }
        }
        return Set(seats).union(heads.keys).subtracting(silentHeads).sorted()
    }

    private var isTooLarge: Bool {
        let seats = touchedSeats
        let headBytes = seats.reduce(0) { $0 + 160 + 12 * (mirror.tables[$1]?.buckets.count ?? 0) }
        let operations =
            1 + rows.count + seats.count + checkedFences.count + writtenFences.count + seats.count
        return operations > LeaderWriter.Limit.operationsMax
            || sizeBytes + headBytes > LeaderWriter.Limit.bytesMax
    }
}

extension LeaderTransaction {
    /// What was written to, in the order of the operations, so that the results can be matched.
    private enum Target {
        case bucket(Address, AllocationBucket)
        case head(Seat, AllocationHead)
        case fence(JournalID, FenceRecord)
        case check
    }

    /// Writes the multi and returns what changed, for the mirror to apply.
    ///
    /// Consumes the transaction, so that its copy of the mirror is gone when the mirror changes.
    public consuming func commit(with writer: LeaderWriter) async throws -> LeaderMirror.Changes {
        precondition(
            writer.epoch == epoch,
            "a transaction of epoch \(epoch) was given to epoch \(writer.epoch)"
        )
        let steps = try steps(writer.tree)
        let isFenced = !Mutation.writesUnfenced.isOn && !Mutation.movesUnfenced.isOn
        let results = try await writer.write(steps.map(\.operation), isFenced: isFenced)
        return Self.changes(steps.map(\.target), results)
    }

    private func steps(_ tree: Tree) throws -> [(operation: Operation, target: Target)] {
        var steps: [(operation: Operation, target: Target)] = []
        for journal in checkedFences.sorted() {
            guard let fence = mirror.fences[journal] else {
                throw LeaderWriteError.conflict(ZooKeeperError(.noNode, path: try tree.fence(journal).text))
            }
            steps.append((.check(try tree.fence(journal), version: fence.version), .check))
        }
        for journal in writtenFences.keys.sorted() {
            guard let record = writtenFences[journal], let fence = mirror.fences[journal] else { continue }
            let data = try ZNodeCodec.encode(record)
            steps.append(
                (.set(try tree.fence(journal), data: data, version: fence.version), .fence(journal, record))
            )
        }
        let seats = touchedSeats
        // A new table's head must be there before its buckets.
        for seat in seats where mirror.tables[seat]?.head == nil { steps.append(try headStep(seat, tree)) }
        for address in rows.keys.sorted() { steps.append(try bucketStep(address, tree)) }
        for seat in seats where mirror.tables[seat]?.head != nil { steps.append(try headStep(seat, tree)) }
        return steps
    }

    private func bucketStep(_ address: Address, _ tree: Tree) throws -> (operation: Operation, target: Target)
    {
        let bucket = AllocationBucket(rows: Array((rows[address] ?? [:]).values))
        let path = try tree.bucket(address.bucket, of: address.place)
        let data = try ZNodeCodec.encode(bucket)
        if let present = mirror.content(address.place, address.bucket) {
            return (.set(path, data: data, version: present.version), .bucket(address, bucket))
        }
        return (.create(path, data: data), .bucket(address, bucket))
    }

    private func headStep(_ seat: Seat, _ tree: Tree) throws -> (operation: Operation, target: Target) {
        let head = try head(of: seat)
        let path = try tree.runtime(seat.runtime).allocation(seat.agent)
        let data = try ZNodeCodec.encode(head)
        if let present = mirror.tables[seat]?.head {
            return (.set(path, data: data, version: present.version), .head(seat, head))
        }
        return (.create(path, data: data), .head(seat, head))
    }

    private func head(of seat: Seat) throws -> AllocationHead {
        var head: AllocationHead
        if let named = heads[seat] {
            head = named
        } else if let present = mirror.tables[seat]?.head?.value {
            head = present
            head.generation += 1
        } else {
            throw LeaderWriteError.conflict(
                ZooKeeperError(.noNode, detail: "the table of \(seat) has no head")
            )
        }
        head.epoch = epoch
        for address in rows.keys where address.place == .owned(seat) {
            head.buckets[address.bucket] = head.generation
        }
        return head
    }

    private static func changes(_ targets: [Target], _ results: [OperationResult]) -> LeaderMirror.Changes {
        var changes = LeaderMirror.Changes()
        for (target, result) in zip(targets, results) {
            guard let version = result.version else { continue }
            switch target {
            case .bucket(let address, let bucket):
                changes.buckets.append((address.place, address.bucket, Versioned(bucket, version: version)))
            case .head(let seat, let head): changes.heads.append((seat, Versioned(head, version: version)))
            case .fence(let journal, let record):
                changes.fences.append((journal, Versioned(record, version: version)))
            case .check: continue
            }
        }
        return changes
    }
}

extension Tree {
    /// A bucket of rows, wherever it is.
    func bucket(_ bucket: Int, of place: Place) throws(ZooKeeperError) -> ZNodePath {
        switch place {
        case .owned(let seat): try runtime(seat.runtime).allocationBucket(seat.agent, bucket)
        case .parked(let runtime): try self.runtime(runtime).parkedBucket(bucket)
        }
    }
}

extension AllocationRow {
    /// The size of its JSON, never less than it is.
    var estimatedBytes: Int {
        let held = hold.map { 48 + 200 * $0.attempts.count } ?? 0
        return 136 + held + task.text.utf8.count + uid.text.utf8.count
    }
}
