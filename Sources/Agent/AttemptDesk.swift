import Cluster
import Domain
import Logging
import Mutations
import Orchestration
import Scheduling
import Synchronization

/// Hands committed fires to the runner at their due instants, and turns what the runner says into reports.
///
/// An attempt goes `waiting → queued → running → gone`; one that needs units waits for them first (`unentitled`). From where it waits it
/// may also go at once, as missed or stopped. It outlives incarnations: results are reported in the name of the one that journaled the fire.
actor AttemptDesk {
    /// A committed fire that is to be launched.
    struct Launch: Sendable {
        var fire: JournaledFire
        var specification: TaskSpecification
        var fence: FencingToken
    }

    /// A committed fire that has not been handed over.
    struct Waiting: Comparable, Sendable {
        let fire: JournaledFire
        let specification: TaskSpecification
        let fence: FencingToken
        let live: LiveIncarnation
        /// When it was committed; for what needs units, when it got them.
        var committedAt: Instant
        let order: Int
        /// When it may start: what is not awaited at once, also when the clock that dated it is ahead of ours.
        var launchAt: Instant {
            fire.trigger.isAwaited(byAttempt: fire.attempt.number) ? fire.due : min(fire.due, committedAt)
        }

        /// What it brings forward when slots are short.
        var claim: LaunchQueue<Waiting>.Claim {
            .init(group: specification.group, priority: specification.priority, readyAt: launchAt)
        }

        static func == (left: Waiting, right: Waiting) -> Bool { left.order == right.order }
        static func < (left: Waiting, right: Waiting) -> Bool {
            (left.launchAt, left.order) < (right.launchAt, right.order)
        }
    }

    /// Longest message of a result in Unicode scalars (a character may have any number of them), so that a checkpoint stays small.
    static let messageMax = 300

    /// Why we ended an attempt.
    enum StopReason: Hashable, Sendable {
        case timeout, request, shutdown, replaced
        /// A process of a resident task is not to go on.
        case resident(ResidentStop)
        /// The task is not to begin anything any more.
        case recalled(Recall)
        /// The probe of a resident task had this last answer.
        case unhealthy(String)
    }

    struct Running: Sendable {
        let fire: JournaledFire
        let specification: TaskSpecification
        let live: LiveIncarnation
        /// What it was launched with, for its probe; `nil` without one.
        var order: LaunchOrder?
        var hasStarted = false
        var timeoutAt: MonotonicInstant?
        var reason: StopReason?
        /// How long the runner lets it live; `nil` without bound.
        var livesUntil: MonotonicInstant?
        /// What it told; comes just before its end.
        var account: AttemptAccount?
    }

    let seat: Seat
    let slots: Int
    let startsPerSecond: Int?
    let runner: any AttemptRunner
    let spool: ReportSpool
    let progress: ProgressOutbox
    let status: AgentGauge
    let time: TimeSource
    let logger: Logger
    /// Wakes the launch lane.
    nonisolated let bell = Bell()
    /// Wakes who waits for the end of everything.
    nonisolated let idle = Bell()
    /// Set when `close` is through.
    nonisolated let closed = Latch()
    /// The attempts that are to be probed, as they start; for one consumer.
    nonisolated let probed: AsyncStream<ProbedAttempt>
    let probes: AsyncStream<ProbedAttempt>.Continuation
    var waiting = MinHeap<Waiting>()
    var queue = LaunchQueue<Waiting>()
    /// Those that need units and have not got them yet.
    var unentitled: [AttemptID: Waiting] = [:]
    /// When those of `unentitled` that have been claimed for were claimed for last.
    var claimed: [AttemptID: MonotonicInstant] = [:]
    /// When those of `waiting` may start that hold what they need.
    var entitled: [AttemptID: Instant] = [:]
    /// Those of which the centers know that they wait.
    var told: Set<AttemptID> = []
    /// When it is looked next for those that have waited for a while.
    var tellAt: MonotonicInstant?
    /// When claims are made again.
    var claimAgainAt: MonotonicInstant?
    /// How fast attempts may be started.
    var pace = StartPace()
    var running: [AttemptID: Running] = [:]
    /// Those of `running` that have not started: they are in the runner's line.
    var handedCount = 0
    /// Those of `waiting` whose instant has come, and for which the task's other runs leave no room.
    private var crowdedCount = 0
    private var nextOrder = 0
    private var runtimeStartsPerSecond: Int?
    private var agentCount = 1
    /// When the queue is looked through next for what will never be started.
    private var sweepAt: MonotonicInstant?

    init(
        seat: Seat,
        slots: Int,
        startsPerSecond: Int?,
        runner: any AttemptRunner,
        spool: ReportSpool,
        progress: ProgressOutbox,
        status: AgentGauge,
        time: TimeSource,
        logger: Logger
    ) {
        self.seat = seat
        self.slots = slots
        self.startsPerSecond = startsPerSecond
        pace = StartPace(perSecond: startsPerSecond.map(Double.init))
        self.runner = runner
        self.spool = spool
        self.progress = progress
        self.status = status
        self.time = time
        self.logger = logger
        (probed, probes) = AsyncStream.makeStream(of: ProbedAttempt.self, bufferingPolicy: .unbounded)
    }

    /// Takes committed fires over, in the order of their segment; those that are stopped already are over.
    func add(
        _ fires: [Launch],
        of live: LiveIncarnation,
        except stopped: Set<AttemptID> = []
    ) {
        for entry in fires {
            if stopped.contains(entry.fire.attempt) {
                concludeUnstarted(entry.fire, live)
                continue
            }
            let added = Waiting(
                fire: entry.fire,
                specification: entry.specification,
                fence: entry.fence,
                live: live,
                committedAt: time.now,
                order: nextOrder
            )
            nextOrder += 1
            if entry.specification.demand.isEmpty || Mutation.beginsUngranted.isOn {
                waiting.insert(added)
            } else if unentitled.count >= AgentTiming.queueMax, entry.fire.delivery == .atMostOnce {
                miss(entry.fire, live, MissedReason.noUnits)
            } else {
                unentitled[entry.fire.attempt] = added
            }
        }
        bell.ring()
    }

    /// Takes over how the groups of the runtime share slots, and how fast its agents may start attempts together.
    func follow(_ settings: RuntimeSettings) {
        queue.setWeights(settings.shares)
        runtimeStartsPerSecond = settings.startsPerSecond
        limitPace()
    }

    /// Takes over with how many agents the runtime's limit is shared.
    func share(among agentCount: Int) {
        guard agentCount != self.agentCount else { return }
        self.agentCount = agentCount
        limitPace()
    }

    private func limitPace() {
        let shared = runtimeStartsPerSecond.map { Double($0) / Double(agentCount) }
        pace.perSecond = [shared, startsPerSecond.map(Double.init)].compactMap(\.self).min()
        bell.ring()
    }

    /// Launches what is due and stops what has run out of time, until cancelled.
    func run() async {
        while !Task.isCancelled {
            let wake = await pass()
            await bell.wait(until: wake, time)
        }
    }

    /// Listens to the runner, until its events end or the task is cancelled; the single consumer.
    func listen() async {
        for await event in runner.events { handle(event) }
    }

    /// One round; returns when the next one is due.
    private func pass() async -> MonotonicInstant {
        claimUnits()
        takeDue()
        let orders = takeLaunchable()
        if !orders.isEmpty { await runner.start(orders) }
        await prolong()
        await stopTimedOut()
        tellWaiting()
        publish()
        return nextWake()
    }

    private func takeDue() {
        let now = time.now
        var due: [Waiting] = []
        while let first = waiting.min, first.launchAt <= now || first.live.isOver {
            guard let next = waiting.popMin() else { break }
            due.append(next)
        }
        crowdedCount = 0
        for entry in due {
            if hasRoom(entry) {
                entitled[entry.fire.attempt] = nil
                queue.insert(entry, entry.claim)
            } else if entitled.removeValue(forKey: entry.fire.attempt) != nil {
                giveBack(entry)
            } else {
                crowdedCount += 1
                waiting.insert(entry)
            }
        }
    }

    /// Whether the task's other runs leave room for it; what will never be started is not in their way.
    private func hasRoom(_ entry: Waiting) -> Bool {
        guard let max = entry.specification.concurrency.livingMax, !entry.live.isOver else { return true }
        let now = time.now
        return entry.live.ledger.withLock { $0.begin(entry.fire, max: max, now: now) }
    }

    /// Takes out of the queue what may start now; what can never start is reported.
    private func takeLaunchable() -> [LaunchOrder] {
        queue.advance(to: time.monotonic.sinceOrigin)
        dropHopeless()
        guard let first = queue.next else { return [] }
        let now = time.monotonic
        let isShort = first.live.isLeaseShort(at: now)
        if isShort { first.live.wish { $0.renewal = true } }
        // Every batch costs the runner a write to the disk: it gets the next one when its line is half empty.
        let handedMax = isShort ? AgentTiming.handedMaxShort : AgentTiming.handedMax
        if handedCount > handedMax / 2 { return [] }
        var orders: [LaunchOrder] = []
        while handedCount < handedMax, let next = queue.next, obstacle(to: next, now: now) == nil,
            let deadline = next.live.launchDeadline, let entry = queue.popNext()
        {
            if let reason = hopeless(entry, keptCount: 0) {
                miss(entry.fire, entry.live, reason)
            } else {
                orders.append(order(entry, notAfter: deadline, now: now))
            }
        }
        return orders
    }

    /// Reports what will never be started; not in every round, because it looks at everything that waits.
    private func dropHopeless() {
        let now = time.monotonic
        let isDue = sweepAt.map { $0 <= now } ?? true
        guard !queue.isEmpty, isDue || queue.count > AgentTiming.queueMax || queue.next?.live.isOver == true
        else { return }
        sweepAt = now + AgentTiming.sweepPause
        for (entry, reason) in queue.extract({ hopeless($0, keptCount: $1) }) {
            if Mutation.dropsOverdue.isOn { continue }
            miss(entry.fire, entry.live, reason)
        }
    }

    /// Why nothing may be started now, for people; `nil` when the entry may.
    func obstacle(to entry: Waiting, now: MonotonicInstant) -> String? {
        if running.count >= slots { return "all \(slots) slots are taken" }
        if !spool.isStoring { return "results cannot be stored: is the disk full?" }
        if !entry.live.allowsLaunch(at: now) || entry.live.launchDeadline == nil {
            return "the agent has to hear from ZooKeeper first"
        }
        if pace.wait(at: now.sinceOrigin) > .zero { return "starts are limited" }
        return nil
    }

    private func order(_ entry: Waiting, notAfter deadline: MonotonicInstant, now: MonotonicInstant)
        -> LaunchOrder
    {
        let order = LaunchOrder(
            fire: entry.fire,
            specification: entry.specification,
            notAfter: deadline,
            fence: entry.fence
        )
        running[entry.fire.attempt] = Running(
            fire: entry.fire,
            specification: entry.specification,
            live: entry.live,
            order: entry.specification.residency?.probe == nil ? nil : order,
            livesUntil: entry.specification.endsWithLease ? deadline : nil
        )
        told.remove(entry.fire.attempt)
        handedCount += 1
        queue.started(entry.specification.group)
        pace.started(at: now.sinceOrigin)
        return order
    }

    private func publish() {
        let (running, waiting) = (running.keys.sorted(), waiting.count + queue.count + unentitled.count)
        status.update {
            $0.running = running
            $0.waitingCount = waiting
        }
    }

    private func nextWake() -> MonotonicInstant {
        let now = time.monotonic
        var wake = now + AgentTiming.reread.upperBound
        if let due = waiting.min?.launchAt {
            // What has no room hides when the others are due.
            let left = crowdedCount > 0 ? AgentTiming.crowdedPause : time.now.duration(to: due)
            wake = min(wake, now + min(left, AgentTiming.dueTrust))
        }
        if !unentitled.isEmpty { wake = min(wake, now + unitsWait) }
        if !queue.isEmpty {
            let wait = pace.wait(at: now.sinceOrigin)
            wake = min(
                wake,
                now + (wait > .zero ? min(wait, AgentTiming.clockTrust) : AgentTiming.clockTrust)
            )
        }
        for attempt in running.values {
            if let timeoutAt = attempt.timeoutAt, attempt.reason == nil { wake = min(wake, timeoutAt) }
            if let renewAt = attempt.renewAt {
                wake = min(wake, max(renewAt, now + AgentTiming.renewalPause))
            }
        }
        return wake
    }
}
