/// A rule left out on purpose, so that the simulation can show that it would notice.
///
/// Each case names the place in the product where a rule lives: whoever looks for the code behind a rule of docs/protocol.md
/// finds it by its mutation, and the other way round. In the product every `isOn` is the constant `false`; only the build for
/// simulation (`CLOUDTASK_MUTATIONS`, see docs/mutations.md) can select one.
///
/// The first part are the holes of docs/protocol.md §5, by their numbers. Where the protocol has a second line of defence
/// against a hole, the case leaves that out as well.
public enum Mutation: String, CaseIterable, Sendable {
    // MARK: Holes of the obvious protocol

    /// D1: a registration deletes the holder's node, and the holder is not sealed (A2, L3, L6).
    case replacesHolder = "D1"
    /// D2: rows are moved away from a live agent without being revoked (L4).
    case movesUnrevoked = "D2"
    /// D3: a journal is read before its incarnation is sealed (L3 before L5).
    case readsBeforeSealing = "D3"
    /// D4: a new incarnation is granted its predecessor's rows before they are settled (L6).
    case grantsUnsettled = "D4"
    /// D5: only agents that are seen to be absent are sealed, not incarnations that were replaced (L3, by listing).
    case sealsOnlyTheAbsent = "D5"
    /// D6: the cursors of a move are those read before the rows were revoked (L4 before L5).
    case readsBeforeRevoking = "D6"
    /// D12: the successor's journal is taken to tell what its predecessor decided (L5).
    case trustsTheSuccessor = "D12"

    // MARK: Holes of the fence alone

    /// M1: a row leaves its owner in one write and comes to the next in another (L5a).
    case movesInTwoWrites = "M1"
    /// M2: the fence is read after the rows (A3).
    case readsFenceLast = "M2"
    /// M3: an agent acts on rows that its head grants to another incarnation (A3).
    case ignoresHeadIncarnation = "M3"
    /// M4: after a lost reply a read without `sync` decides whether fires were journaled (A5).
    case trustsUnsyncedRead = "M4"
    /// M5: after a lost reply other content is sent, and an existing segment is taken for it (A5).
    case thawsSegment = "M5"
    /// M6: the leader reads the checkpoint before the segments (L5).
    case readsCheckpointFirst = "M6"
    /// M7: segments are deleted before the checkpoint that replaces them is written (A8).
    case deletesSegmentsFirst = "M7"
    /// M8: a fire leaves the checkpoint when its attempt ends, not when the leader has accepted the result (A8).
    case releasesAtEnd = "M8"
    /// M9: no write of the leader checks the epoch (L2).
    case writesUnfenced = "M9"
    /// M10: a new incarnation starts what its predecessor journaled, and the executor does not remember (A6, A7).
    case relaunchesPredecessor = "M10"
    /// M11: an agent that gets a task back goes on from the cursor it had (A3, the highest on every read).
    case keepsOwnCursor = "M11"
    /// M12: a revoked row whose move became void is not given back (L5c).
    case leavesRevoked = "M12"

    // MARK: Holes of the inbox

    /// I1: a dispatch leaves no marker (L9).
    case dispatchesWithoutMarker = "I1"
    /// I2: a dispatch does not check its target's fence, and what a dead agent did not take is deleted (L9, L10).
    case dropsUntaken = "I2"
    /// I3: an inbox entry is deleted before it is journaled (A4).
    case deletesBeforeJournaling = "I3"
    /// I4: a further attempt is dispatched in one write, without a marker, and its fire is removed in another (L7).
    case redispatchesInTwoWrites = "I4"
    /// I5: after a lost reply a read without `sync` decides whether inbox entries were taken (A5).
    case forgetsUncertainTaking = "I5"

    // MARK: The lease

    /// S3: replies to reads renew the lease (C1).
    case renewsLeaseByReads = "S3"
    /// The lease never ends (C1).
    case neverEndsLease = "endless-lease"

    // MARK: Deciding and launching

    /// Fires are launched before the journal write that has them is known to be committed (A6).
    case launchesBeforeCommit = "launch-before-commit"
    /// A refused journal write counts as committed (A4).
    case takesRefusalForCommit = "refusal-as-commit"
    /// Journal writes do not check the fence (A4).
    case journalsUnfenced = "journal-without-fence"
    /// Revoked rows are journaled like active ones (A3).
    case ownsRevokedRows = "revoked-rows-owned"
    /// Rows that are gone from the table are kept (A3).
    case keepsMovedRows = "moved-rows-kept"
    /// The cursor falls back to the row's on every read (A3, the highest on every read).
    case takesRowCursor = "cursor-from-row"
    /// A journaled fire that can no longer be started is dropped without a word (A8).
    case dropsOverdue = "overdue-dropped"
    /// A fire that an ending incarnation can no longer start counts as missed although it must run at least once.
    case missesForGood = "missed-for-good"
    /// Fires too old to be launched are passed over without a record.
    case recordsNoMissedRange = "missed-unrecorded"
    /// A wait for a due instant trusts the wall clock however long it is.
    case trustsWallClock = "clock-step-unnoticed"
    /// A watch is armed once, and nothing is read again without one.
    case armsWatchOnce = "watch-armed-once"
    /// What is watched is read before the watch is armed, and never again without an event.
    case readsBeforeWatching = "watch-after-read"
    /// The checkpoint has no cursors (A8).
    case checkpointsNoCursors = "checkpoint-without-cursors"
    /// An acceptance counts whoever gave it, also a deposed leader.
    case countsDeposedAcceptance = "deposed-acceptance"
    /// An inbox entry is deleted after it was journaled, in another write (A4).
    case deletesAfterJournaling = "entry-taken-twice"

    // MARK: Handing over

    /// The cursor read from a journal is one step short of the last decided fire (L5).
    case readsCursorShort = "cursor-off-by-one"
    /// Rows are settled up to now instead of up to the last decided fire (L5).
    case settlesUpToNow = "cursor-set-to-now"
    /// A row nobody can own is dropped instead of parked (L5d).
    case forgetsUnowned = "parked-forgotten"
    /// What became of open fires is not recorded before they are removed (L7).
    case decidesUnrecorded = "decision-unrecorded"
    /// What became of open fires is recorded after they were removed (L7).
    case recordsAfterRemoval = "decision-recorded-late"
    /// No further attempt follows a lost one (L7).
    case repeatsNothing = "lost-not-repeated"
    /// A further attempt follows a lost one whatever the task's delivery says (L7).
    case repeatsEverything = "at-most-once-repeated"
    /// Untaken dispatches are copied to another inbox instead of moved (L10).
    case copiesUntaken = "untaken-copied"

    // MARK: Centers

    /// After a lost reply an epoch that was raised counts as raised by us, whoever did it (L1).
    case takesOfficeBlindly = "office-taken-as-ours"
    /// A center's node counts as its own without a look at the session that holds it.
    case takesNameBlindly = "name-taken-as-ours"
    /// A candidate node is created again without a look for one whose reply was lost.
    case createsCandidateBlindly = "blind-candidate"
    /// A request is dispatched anew on every repetition, whatever its key (L9).
    case dispatchesBlindly = "blind-dispatch"
    /// Writes that move rows do not check the epoch (L2).
    case movesUnfenced = "move-without-epoch"
    /// A new leader reads the tables from a server that may be behind.
    case loadsUnsynced = "load-without-sync"
    /// A new leader plans with the catalog its watches have told it of, and does not read it again.
    case plansUnread = "office-without-reread"
    /// A standby accepts results in the leader's name.
    case acceptsAsStandby = "standby-acceptance"
    /// Results are accepted although they could not be stored.
    case acceptsUnstored = "acceptance-unstored"
    /// The truth about an attempt that was recorded as lost is not taken.
    case keepsLost = "lost-is-final"
    /// A task's uid is derived from its name, so that a task created again is the old one (L11).
    case derivesUID = "uid-from-name"
    /// An edit counts for instants before it as well (L11).
    case forgetsFormerSchedules = "edit-rewrites-past"

    // MARK: Runs that must not overlap

    /// A row that moves holds nothing of what runs with its former owner (O2).
    case movesUnheld = "moved-unheld"
    /// Nobody waits for what an owner that was cut off may have left running (O3).
    case waitsForNobody = "cut-off-not-awaited"
    /// An attempt lives on when its agent's lease is over (O4).
    case outlivesLease = "lease-outlived"
    /// Who does not own a task takes its dispatches all the same (O1).
    case countsForeign = "foreign-dispatch-taken"
    /// A run is over when its first attempt has ended, although another one follows (O1).
    case endsRunEarly = "run-over-early"

    // MARK: Exclusive keys and units of pools

    /// An attempt begins without the units that it needs (E1).
    case beginsUngranted = "units-not-awaited"
    /// What a former leader has granted counts as free (E2).
    case forgetsGrants = "grants-not-read"
    /// What a sealed incarnation holds is free at once, whatever of it may live (E3).
    case freesWithSeal = "units-free-with-seal"
    /// An end is accepted without the units being taken back (E3).
    case keepsUnits = "units-kept"
}
