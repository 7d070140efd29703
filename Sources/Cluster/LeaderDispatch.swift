import Crypto
public import Domain
import Mutations
public import Scheduling
public import ZooKeeper

/// What the leader does with inboxes and with the markers that make dispatches idempotent.
public struct LeaderDispatch: Sendable {
    private let writer: LeaderWriter

    /// Dispatches under the writer's epoch.
    public init(writer: LeaderWriter) { self.writer = writer }

    /// Puts a requested run's first attempt into an inbox (rule L9); `false` when it was dispatched before, by whomever.
    public func request(_ run: DispatchedRun, to target: JournalID, fence: Int32, now: Instant) async throws
        -> Bool
    {
        let marker = try await marker(run.attempt.run, target.seat.runtime)
        if marker != nil { return false }
        do {
            let check = Operation.check(try writer.tree.fence(target), version: fence)
            let launch = try launchOperations(run, to: target, replacing: nil, now: now)
            _ = try await writer.write(Mutation.dropsUntaken.isOn ? launch : [check] + launch)
            return true
        } catch LeaderWriteError.conflict(let error) where error.code == .nodeExists {
            return false
        }
    }

    /// The operations that put an attempt into an inbox together with its marker.
    public func launchOperations(
        _ run: DispatchedRun,
        to target: JournalID,
        replacing marker: Versioned<DispatchMarker>?,
        now: Instant
    ) throws -> [Operation] {
        let runtime = try writer.tree.runtime(target.seat.runtime)
        let next = DispatchMarker(
            attempt: run.attempt.number,
            agent: target.seat.agent,
            incarnation: target.incarnation,
            dispatchedAt: now,
            terms: run.terms
        )
        let markerPath = try runtime.marker(run.attempt.run)
        let data = try ZNodeCodec.encode(next)
        let mark =
            marker.map { Operation.set(markerPath, data: data, version: $0.version) }
            ?? .create(markerPath, data: data)
        let entry = Dispatch.launch(run)
        let path = try runtime.inboxEntry(target.seat.agent, target.incarnation, entry)
        let put = Operation.create(path, data: try ZNodeCodec.encode(entry))
        if Mutation.dispatchesWithoutMarker.isOn || Mutation.redispatchesInTwoWrites.isOn { return [put] }
        return [mark, put]
    }

    /// Whether a fire came to its agent through an inbox: a request, or a further attempt.
    public static func isDispatched(_ fire: JournaledFire) -> Bool {
        fire.trigger != .schedule || fire.attempt.number > 1
    }

    /// The marker of the latest attempt of a run that was dispatched in any of these runtimes: its task may have moved between them.
    public func latestMarker(_ run: RunID, in runtimes: [RuntimeID]) async throws -> DispatchMarker? {
        let (session, tree) = (writer.session, writer.tree)
        let markers = try await pipelined(runtimes) { runtime in
            try await session.payload(DispatchMarker.self, at: tree.runtime(runtime).marker(run))?.value
        }
        return markers.compactMap { $0 }.max { $0.attempt < $1.attempt }
    }

    /// The marker of a run; its bucket is made on the way, so that a marker can be created next.
    public func marker(_ run: RunID, _ runtime: RuntimeID) async throws -> Versioned<DispatchMarker>? {
        let paths = try writer.tree.runtime(runtime)
        if let marker = try await writer.session.payload(DispatchMarker.self, at: paths.marker(run)) {
            return marker
        }
        try await writer.ensure(paths.dispatchedBucket(Buckets.dispatched(run)))
        return nil
    }

    /// Puts a command for a running attempt into its agent's inbox; asking twice is asking once.
    public func command(_ command: Dispatch, to target: JournalID, fence: Int32) async throws {
        let path = try writer.tree.runtime(target.seat.runtime)
            .inboxEntry(target.seat.agent, target.incarnation, command)
        do {
            _ = try await writer.write([
                .check(try writer.tree.fence(target), version: fence),
                .create(path, data: try ZNodeCodec.encode(command)),
            ])
        } catch LeaderWriteError.conflict(let error) where error.code == .nodeExists {
            return
        }
    }

    /// What an agent was told to launch as an attempt, as long as that was not taken; `nil` afterwards.
    public func launch(of attempt: AttemptID, to target: JournalID) async throws -> DispatchedRun? {
        let path = try writer.tree.inbox(target).child(attempt.description)
        guard case .launch(let run)? = try await writer.session.payload(Dispatch.self, at: path)?.value
        else { return nil }
        return run
    }

    /// The entries of an inbox that were not taken, sorted by name, with their versions.
    ///
    /// Entries that cannot be read are left out; they stay where they are.
    public func untaken(_ journal: JournalID) async throws -> [(path: ZNodePath, entry: Versioned<Dispatch>)]
    {
        let inbox = try writer.tree.inbox(journal)
        let session = writer.session
        let paths = try await session.childrenIfPresent(inbox).map { try inbox.child($0) }
        let entries = try await pipelined(paths) { path in
            try await session.content(Dispatch.self, at: path)
        }
        return zip(paths, entries).compactMap { path, content in
            if case .present(let entry) = content { (path, entry) } else { nil }
        }
    }
}

extension LeaderDispatch {
    /// The markers of a bucket, sorted by run.
    public func markers(
        in bucket: Int,
        of runtime: RuntimeID
    ) async throws -> [(run: RunID, marker: Versioned<DispatchMarker>)] {
        let paths = try writer.tree.runtime(runtime)
        let session = writer.session
        let runs = try await session.childrenIfPresent(paths.dispatchedBucket(bucket)).compactMap(
            RunID.init(_:)
        )
        let markers = try await pipelined(runs) { run in
            try await session.payload(DispatchMarker.self, at: paths.marker(run))
        }
        return zip(runs, markers).compactMap { run, marker in marker.map { (run, $0) } }
    }

    /// Takes out of a marker that is still as it was read what a run was given that has ended: large values do not belong here for long.
    public func trim(_ marker: Versioned<DispatchMarker>, of run: RunID, in runtime: RuntimeID) async throws {
        var trimmed = marker.value
        trimmed.terms?.inputs = TaskOutputs()
        if trimmed.terms?.isEmpty == true { trimmed.terms = nil }
        let path = try writer.tree.runtime(runtime).marker(run)
        let data = try ZNodeCodec.encode(trimmed)
        _ = try await writer.write([.set(path, data: data, version: marker.version)])
    }

    /// Deletes a marker that is still as it was read.
    public func deleteMarker(of run: RunID, in runtime: RuntimeID, version: Int32) async throws {
        _ = try await writer.write([.delete(try writer.tree.runtime(runtime).marker(run), version: version)])
    }
}

extension RunID {
    /// The run that a request with this idempotency key means: the same on every center, however often it is asked.
    public static func requested(of task: TaskUID, key: String, in tree: Tree) -> RunID {
        derived(from: "\(tree.root)\n\(task)\n\(key)")
    }

    /// The run of one part of a request for all of them.
    public static func part(_ part: Int, of request: RunID, in tree: Tree) -> RunID {
        derived(from: "part\n\(tree.root)\n\(request)\n\(part)")
    }

    /// The run that follows the end of another of its task, by an `afterCompletion` schedule.
    public static func following(_ run: RunID, of task: TaskUID, in tree: Tree) -> RunID {
        derived(from: "completion\n\(tree.root)\n\(task)\n\(run)")
    }

    /// The run of a task that follows a start of an agent's process.
    public static func started(_ start: StartID, of task: TaskUID, in tree: Tree) -> RunID {
        derived(from: "start\n\(tree.root)\n\(task)\n\(start)")
    }

    /// The run that makes up for one fire of the past.
    public static func backfilled(_ due: Instant, by backfill: BackfillID, in tree: Tree) -> RunID {
        derived(from: "backfill\n\(tree.root)\n\(backfill)\n\(due.millisecondsSinceEpoch)")
    }

    /// The run of a task that comes after those of others on one occasion.
    public static func dependent(_ task: TaskUID, on occasion: String, in tree: Tree) -> RunID {
        derived(from: "dependency\n\(tree.root)\n\(task)\n\(occasion)")
    }

    private static func derived(from text: String) -> RunID {
        let digest = derivedBits(from: text)
        return RunID(request: RandomID(high: digest.high, low: digest.low))
    }
}

extension BackfillID {
    /// The backfill that a request with this idempotency key means: the same on every center, however often it is asked.
    public static func requested(of task: TaskUID, key: String, in tree: Tree) -> BackfillID {
        BackfillID(bits: derivedBits(from: "backfill\n\(tree.root)\n\(task)\n\(key)").high)
    }
}

extension Tree {
    /// That an occasion was cancelled.
    public func cancellation(of occasion: String) throws(ZooKeeperError) -> ZNodePath {
        let bits = derivedBits(from: "occasion\n\(occasion)")
        return try cancelled.child(Nonce(high: bits.high, low: bits.low).text)
    }
}

/// Bits that nothing but a text decides.
private func derivedBits(from text: String) -> (high: UInt64, low: UInt64) {
    let digest = Array(SHA256.hash(data: Array(text.utf8)))
    func bits(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
    return (bits(digest[0..<8]), bits(digest[8..<16]))
}
