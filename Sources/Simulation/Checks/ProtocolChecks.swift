import Agent
import Cluster
import Domain
import Scheduling
import SimulationKit
import ZooKeeper

typealias Finding = (Promise, String)

/// V1: a fire is in the journal of one incarnation only, and within it once.
struct JournalCheck {
    private(set) var owners: [AttemptID: JournalID] = [:]
    private var segments: [AttemptID: Int] = [:]
    private var names: Set<String> = []

    /// Whether the attempt of that name was journaled.
    func hasJournaled(_ name: String) -> Bool { names.contains(name) }

    mutating func saw(_ node: KnownNode, _ change: SimulatedEnsemble.Change) -> [Finding] {
        guard case .segment(let journal, let number) = node, change.isCreation,
            let segment = change.decoded(JournalSegment.self)
        else { return [] }
        var found: [Finding] = []
        for fire in segment.fires {
            if let owner = owners[fire.attempt] {
                found.append(
                    (
                        .journal,
                        "\(fire.attempt) of \(fire.task) is journaled by \(journal.seat) (\(journal.incarnation), s-\(number)), "
                            + "and was by \(owner.seat) (\(owner.incarnation), s-\(segments[fire.attempt] ?? -1))"
                    )
                )
            }
            owners[fire.attempt] = journal
            names.insert(fire.attempt.description)
            segments[fire.attempt] = number
        }
        return found
    }
}

/// V5: a row is in exactly one place after every transaction.
struct RowCheck {
    private var rows: [ZNodePath: Set<TaskPart>] = [:]
    private var places: [TaskPart: [ZNodePath]] = [:]
    private var touched: Set<TaskPart> = []
    /// Where each row was when it last was in one place only.
    private(set) var agents: [TaskPart: String] = [:]
    private var names: [ZNodePath: String] = [:]
    /// Up to where each revision's row was decided when an owner was first given it: up to there by earlier revisions.
    private(set) var decidedBefore: [TaskPart: [Int: Instant]] = [:]
    /// How often a row came to another agent.
    private(set) var moveCount = 0

    mutating func saw(_ node: KnownNode, _ change: SimulatedEnsemble.Change) -> [Finding] {
        guard case .rows(let place) = node else { return [] }
        let path = change.path
        names[path] = place
        let content = change.decoded(AllocationBucket.self)?.rows ?? []
        for row in content where row.state == .active && decidedBefore[row.key]?[row.revision] == nil {
            decidedBefore[row.key, default: [:]][row.revision] = row.cursor
        }
        let now = Set(content.map(\.key))
        let before = rows[path] ?? []
        rows[path] = now
        for key in before.subtracting(now) { places[key]?.removeAll { $0 == path } }
        for key in now.subtracting(before) { places[key, default: []].append(path) }
        touched.formUnion(before.symmetricDifference(now))
        return []
    }

    mutating func transactionEnded() -> [Finding] {
        defer { touched = [] }
        var found: [Finding] = []
        for key in touched.sorted() {
            let here = places[key] ?? []
            if here.count > 1 {
                let list = here.map(\.text).sorted().joined(separator: " and ")
                found.append((.row, "the row of \(key.uid) is in \(list)"))
            }
            guard let path = here.first, let name = names[path] else { continue }
            if name != "parked", let before = agents[key], before != name { moveCount += 1 }
            if name != "parked" { agents[key] = name }
        }
        return found
    }

    /// Up to where earlier revisions than this one decided; `nil` when no owner was ever given it.
    func decided(before revision: Int, of key: TaskPart) -> Instant? {
        let later = (decidedBefore[key] ?? [:]).filter { $0.key >= revision }
        return later.min { $0.key < $1.key }?.value
    }

    /// The agent whose bucket holds the row; `nil` when it is parked or nowhere.
    func agent(of key: TaskPart) -> String? {
        guard let path = places[key]?.first, let name = names[path], name != "parked" else { return nil }
        return name
    }
}

/// P5 and P6: epochs rise, and nobody but the leader of the epoch writes the plan.
struct LeadershipCheck {
    private(set) var leader: Int64?
    private var epoch: String?

    mutating func saw(_ node: KnownNode, _ change: SimulatedEnsemble.Change, by session: Int64) -> [Finding] {
        switch node {
        case .epoch:
            if !change.isCreation { leader = session }
            return change.isDeletion ? [(.epoch, "the epoch is deleted")] : []
        case .rows, .marker, .definition: return check(change, session)
        case .fence where !change.isCreation: return check(change, session)
        case .inboxEntry where change.isCreation: return check(change, session)
        default: return []
        }
    }

    private func check(_ change: SimulatedEnsemble.Change, _ session: Int64) -> [Finding] {
        if session == 0 || session == leader { return [] }
        return [(.leader, "session \(session), which does not lead, wrote \(change.path)")]
    }
}

/// V7: an attempt is in one inbox at a time, and does not come back once it was journaled.
struct InboxCheck {
    private var entries: [String: Set<JournalID>] = [:]
    private var touched: Set<String> = []

    mutating func saw(
        _ node: KnownNode,
        _ change: SimulatedEnsemble.Change,
        journaled: (String) -> Bool
    ) -> [Finding] {
        guard case .inboxEntry(let journal, let name) = node,
            !name.hasSuffix(".stop"), !name.hasSuffix(".kill"), !name.hasSuffix(".grant")
        else { return [] }
        if change.isDeletion { entries[name]?.remove(journal) }
        guard change.isCreation else { return [] }
        entries[name, default: []].insert(journal)
        touched.insert(name)
        return journaled(name) ? [(.dispatch, "\(name) is dispatched again after it was journaled")] : []
    }

    mutating func transactionEnded() -> [Finding] {
        defer { touched = [] }
        return touched.sorted().compactMap { name in
            let holders = entries[name] ?? []
            guard holders.count > 1 else { return nil }
            let list = holders.sorted().map { "\($0.seat)" }.joined(separator: " and ")
            return (.dispatch, "\(name) is in the inboxes of \(list)")
        }
    }
}

/// P4: the lives of attempts of a task that says so never overlap, wherever they run.
struct OverlapCheck {
    private var alive: [TaskPart: [AttemptID: AgentID]] = [:]
    private var parts: [AttemptID: TaskPart] = [:]

    mutating func started(_ order: LaunchOrder, by agent: AgentID) -> [Finding] {
        guard let max = order.specification.concurrency.livingMax else { return [] }
        let (key, attempt) = (order.fire.key, order.fire.attempt)
        let others = (alive[key] ?? [:]).sorted { $0.key < $1.key }
        alive[key, default: [:]][attempt] = agent
        parts[attempt] = key
        guard others.count >= max, order.specification.concurrency.isExclusive else { return [] }
        let list = others.map { "\($0.key) on \($0.value)" }.joined(separator: " and ")
        return [(.overlap, "\(attempt) of \(order.fire.task) starts on \(agent) while there lives \(list)")]
    }

    mutating func ended(_ attempt: AttemptID) {
        guard let key = parts.removeValue(forKey: attempt) else { return }
        alive[key]?[attempt] = nil
    }
}

/// P4: no two attempts live at the same time that hold one exclusive key, of whatever tasks, wherever they run.
struct KeyCheck {
    private var holders: [PoolID: [AttemptID: AgentID]] = [:]

    mutating func started(_ order: LaunchOrder, by agent: AgentID) -> [Finding] {
        order.specification.demand.keys.flatMap { key -> [Finding] in
            let others = (holders[key] ?? [:]).sorted { $0.key < $1.key }
            holders[key, default: [:]][order.fire.attempt] = agent
            guard !others.isEmpty else { return [] }
            let list = others.map { "\($0.key) on \($0.value)" }.joined(separator: " and ")
            let what = "\(order.fire.attempt) of \(order.fire.task) starts on \(agent)"
            return [(.overlap, "\(what) while \(key) is held by \(list)")]
        }
    }

    mutating func ended(_ attempt: AttemptID) {
        for key in holders.keys { holders[key]?[attempt] = nil }
    }
}

/// P2: an attempt is started once, and a fire that runs at most once has another attempt only after one that has failed.
struct StartCheck {
    struct Start {
        let agent: AgentID
        let task: TaskUID
        /// When its fire was due.
        let due: Instant
        let at: Duration
        /// How its process ended; `nil` while it runs.
        var outcome: AttemptOutcome?
    }

    /// When processes of each run ended last.
    private var lastEnds: [RunID: Duration] = [:]
    private(set) var starts: [AttemptID: Start] = [:]
    private var runs: [RunID: AttemptID] = [:]
    private var running: Set<RunID> = []

    mutating func started(_ fire: JournaledFire, by agent: AgentID, at now: Duration) -> [Finding] {
        var found: [Finding] = []
        if let before = starts[fire.attempt] {
            found.append((.start, "\(fire.attempt) starts on \(agent), and did on \(before.agent)"))
        }
        starts[fire.attempt] = Start(agent: agent, task: fire.uid, due: fire.due, at: now)
        running.insert(fire.attempt.run)
        if fire.delivery == .atMostOnce {
            if let before = runs[fire.attempt.run], before != fire.attempt, starts[before]?.outcome != .failed
            {
                found.append((.start, "\(fire.attempt) starts after \(before), though it may run once"))
            }
            runs[fire.attempt.run] = fire.attempt
        }
        return found
    }

    mutating func ended(_ attempt: AttemptID, _ outcome: AttemptOutcome, at now: Duration) {
        lastEnds[attempt.run] = now
        starts[attempt]?.outcome = outcome
        running.remove(attempt.run)
    }

    /// Whether a process of the run has not ended, or did so after `instant`.
    func isRunning(_ run: RunID, since instant: Duration) -> Bool {
        running.contains(run) || lastEnds[run].map { $0 > instant } ?? false
    }

    /// The tasks of which a process has not ended, or did so after `instant`, each with the first due of those fires.
    func busyTasks(since instant: Duration) -> [TaskUID: Instant] {
        let busy = starts.filter { isRunning($0.key.run, since: instant) }.values
        return Dictionary(busy.map { ($0.task, $0.due) }, uniquingKeysWith: min)
    }

    /// The runs that were started before `instant`.
    func startedRuns(before instant: Duration) -> Set<RunID> {
        Set(starts.filter { $0.value.at < instant }.keys.map(\.run))
    }

    /// The runs that came to an end.
    var endedRuns: Set<RunID> { Set(starts.filter { $0.value.outcome != nil }.keys.map(\.run)) }
}
