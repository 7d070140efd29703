import Cluster
import Domain
import Logging
import Mutations
import Orchestration
import Scheduling
import ZooKeeper

/// Makes ZooKeeper say what it should say, for as long as one leadership lasts.
///
/// Level-triggered: a pass looks at what is and writes what is missing; whatever happened meanwhile, the next pass converges. Every step
/// leaves a state from which any other leader can go on. Passes must not overlap; a pass with nothing new costs nothing.
actor Reconciler {
    /// What a reconciler works with.
    struct Environment: Sendable {
        var writer: LeaderWriter
        var following: RunFollowing
        var catalogWriter: CatalogWriter
        var store: CatalogStore
        var history: any RunHistory
        var time: TimeSource
        var bucketCount: Int
        var hints: ReconcileHints
        var logger: Logger
        /// Lets one change of the catalog in at a time.
        let turnstile = Turnstile()
    }

    let environment: Environment
    var mirror: LeaderMirror?
    /// The journals of sealed incarnations: only this leader changes them.
    var sealed: [JournalID: LeaderJournal] = [:]
    /// Since when this leader knows that an incarnation is sealed, for the rejoin grace.
    var sealedSince: [JournalID: MonotonicInstant] = [:]
    /// The open fires of sealed incarnations whose following the last pass has not brought to an end.
    var slices: [JournalID: OpenFireSlice] = [:]
    /// Whose open fires were decided last: the next pass begins with another's.
    var lastDecided: JournalID?
    /// When agents lately started, as this leader saw it.
    private var flaps: [RuntimeID: FlapHistory] = [:]
    /// The runtimes whose tables are in the mirror, and whose part of the tree is complete.
    private var runtimes: Set<RuntimeID> = []
    /// What keeps tasks from going on and needs a person, by path; each is logged when it is found.
    private(set) var defects: [String: String] = [:]
    /// Whether runs may wait for nothing but an agent; a new leader does not know.
    private var mayHaveReadyRuns = true
    /// What the present round works towards.
    private var blueprint: Blueprint?
    /// When the next pass is due although nothing happens.
    private(set) var nextPass: MonotonicInstant?
    /// Until when no more rows are taken from live agents, after a pass that took many and left some.
    var restEnd: MonotonicInstant?
    /// The cut-offs that rows hold, as this leader has seen them.
    var cutOffsSeen: [TaskPart: CutOffs] = [:]
    /// When holds are looked at next.
    var nextLift: MonotonicInstant?
    /// The agents that have ended and are remembered; `nil` until they are read.
    var departed: [Seat: Versioned<DepartedAgent>]?
    /// The sealed journals whose agents were noted, if they were to be.
    var departuresNoted: Set<JournalID> = []
    /// The sources that all tasks are known to agree with.
    var renewedSources: Int?
    private var settledAt: (catalog: Int, mirror: Int)?

    init(_ environment: Environment) { self.environment = environment }

    var writer: LeaderWriter { environment.writer }
    var logger: Logger { environment.logger }
    var time: TimeSource { environment.time }

    /// Why tasks have no owner, as of the last pass.
    var reasons: [TaskPart: UnplaceableReason] { blueprint?.reasons ?? [:] }

    /// Says that the mirror may be wrong: everything is read again.
    func invalidateMirror() {
        mirror = nil
        sealed = [:]
        slices = [:]
        departed = nil
    }

    /// Brings everything to where it should be, as far as it can be now.
    ///
    /// Throws `LeaderWriteError.deposed` when the leadership is over; after any other error the mirror is loaded again.
    func pass() async throws {
        do {
            noteStarts()
            try await refresh()
            if let nextLift, nextLift <= time.monotonic { try await liftHolds() }
            if environment.hints.takeShelved() {
                mayHaveReadyRuns = true
                askForPass(at: time.monotonic)
            }
            guard isWorkDue else { return }
            nextPass = nil
            try await converge()
        } catch {
            invalidateMirror()
            throw error
        }
    }

    /// Who is there now; `nil` until the mirror is loaded.
    var roster: Roster? {
        mirror.map { Roster(catalog: environment.store.catalog, mirror: $0, acceptsFrom: acceptsFrom) }
    }

    /// Until when agents that start too often get no tasks.
    var acceptsFrom: [Seat: Instant] {
        let (now, present) = (time.monotonic.sinceOrigin, time.now)
        var instants: [Seat: Instant] = [:]
        for (runtime, history) in flaps {
            for (agent, wait) in history.held(at: now) {
                instants[Seat(runtime: runtime, agent: agent)] = present + wait
            }
        }
        return instants
    }

    /// Notes which incarnations are there, so that those which start too often are held back.
    private func noteStarts() {
        let catalog = environment.store.catalog
        for (runtime, settings) in catalog.runtimes {
            let live = catalog.registrations(runtime).map { ($0.agent, $0.incarnation) }
            flaps[runtime, default: FlapHistory()].note(
                Dictionary(live) { $1 },
                now: time.monotonic.sinceOrigin,
                FlapDamping(settings.value)
            )
        }
    }

    /// The situation now, towards the blueprint of this round; `nil` until there is one.
    func situation() -> Situation? {
        guard let roster, let blueprint else { return nil }
        return Situation(roster: roster, blueprint: blueprint)
    }

    /// When there is something to do although nothing happens.
    var nextWake: MonotonicInstant? { [nextPass, nextLift].compactMap(\.self).min() }

    /// Asks for a pass at an instant of the monotonic clock, should nothing else cause one.
    func askForPass(at instant: MonotonicInstant) { nextPass = min(nextPass ?? instant, instant) }

    /// Notes that something is not as it should be, and tells people once.
    func report(_ path: String, _ reason: String) {
        guard defects.updateValue(reason, forKey: path) != reason else { return }
        logger.error(
            "Something in ZooKeeper is not as it should be",
            metadata: ["zk.path": "\(path)", "error": "\(reason)"]
        )
    }

    /// Leaves one owner's part of a pass out when a node of its cannot be read, so that it holds up nobody else.
    func skippingUnreadable(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as ZNodeFormatError {
            report(error.path, error.reason)
            askForPass(at: time.monotonic + Self.unreadableRetry)
        }
    }

    /// How long to wait before an unreadable node is looked at again: its owner may write it anew, or somebody mend it.
    private static let unreadableRetry = Duration.seconds(5)

    /// Writes a filled transaction and takes over what it changed.
    func commit(_ transaction: consuming LeaderTransaction) async throws {
        let changes = try await transaction.commit(with: writer)
        mirror?.apply(changes)
    }
}

extension Reconciler {
    private var isWorkDue: Bool {
        if let nextPass, nextPass <= time.monotonic { return true }
        guard let settledAt else { return true }
        return settledAt.catalog != environment.store.read(\.generation)
            || settledAt.mirror != mirror?.generation
    }

    /// Loads the mirror if there is none, and lists journals where agents came or went.
    private func refresh() async throws {
        let runtimes = environment.store.read { $0.runtimes.keys.sorted() }
        let session = writer.session
        let due = environment.hints.takeUnlisted()
        self.runtimes.formIntersection(runtimes)
        if !self.runtimes.isSuperset(of: runtimes) {
            try await complete(runtimes.filter { !self.runtimes.contains($0) })
            invalidateMirror()
        }
        if mirror == nil {
            settledAt = nil
            if !Mutation.loadsUnsynced.isOn { try await session.sync(writer.tree.root) }
            mirror = try await LeaderMirror.load(
                session: session,
                tree: writer.tree,
                runtimes: runtimes,
                bucketCount: environment.bucketCount
            )
            self.runtimes = Set(runtimes)
            return
        }
        for runtime in due ?? runtimes {
            guard var listed = mirror else { return }
            try await listed.loadFences(session: session, tree: writer.tree, runtime: runtime)
            mirror = listed
        }
    }

    /// Makes what runtimes lack: an agent that comes before any center makes only the nodes it needs itself.
    private func complete(_ runtimes: [RuntimeID]) async throws {
        for runtime in runtimes {
            let tree = try writer.tree.runtime(runtime)
            let present = Set(try await writer.session.childrenIfPresent(tree.settings))
            let missing = try tree.parents.filter { !present.contains($0.name) }
            guard !missing.isEmpty else { continue }
            _ = try await writer.write(missing.map { .create($0, data: []) })
        }
    }

    /// One round of everything; a second one when the first has made something possible.
    private func converge() async throws {
        for _ in 0..<Self.roundsMax {
            try await renewTasks()
            try await repair()
            guard let planned = roster else { return }
            blueprint = Blueprint(planned, now: time.now)
            guard let situation = situation() else { return }
            // A journal that may still grow proves nothing: L3 comes before L5 (D3).
            if Mutation.readsBeforeSealing.isOn { try await settleAbandoned() }
            try await seal(situation)
            try await noteDepartures()
            try await welcome()
            try await settleAbandoned()
            try await settleChanging()
            try await place()
            try await followStarts()
            try await decideOpenFires()
            try await dispatchReady()
            try await liftHolds()
            try await deleteVacated()
            try await deleteJournals()
            // What changed since it was planned for is for the next round.
            let generation = (catalog: planned.catalog.generation, mirror: planned.mirror.generation)
            let isStable =
                generation.catalog == environment.store.read(\.generation)
                && generation.mirror == mirror?.generation
            settledAt = isStable ? generation : nil
            if isStable || environment.hints.haveAgentsChanged { break }
        }
        if settledAt == nil { askForPass(at: time.monotonic) }
        if let check = blueprint?.nextCheck { askForPass(at: time.monotonic + (check - time.now)) }
    }

    /// Dispatches runs that follow others and for which there was no agent, if there is one now.
    private func dispatchReady() async throws {
        guard mayHaveReadyRuns, let roster else { return }
        mayHaveReadyRuns = try await !environment.following.dispatchReady(roster)
        if mayHaveReadyRuns { askForPass(at: time.monotonic + Self.readyRetry) }
    }

    /// How often runs are looked at that wait for an agent, should nothing else cause it.
    private static let readyRetry = Duration.seconds(5)

    /// More rounds than that in one pass mean that something else changes all the time; the next pass goes on.
    private static let roundsMax = 4
}

extension FlapDamping {
    /// The limits of a runtime.
    fileprivate init(_ settings: RuntimeSettings) {
        self.init(
            startsMax: settings.flapStarts,
            window: settings.flapWindow,
            rejoinDelay: settings.rejoinDelay
        )
    }
}
