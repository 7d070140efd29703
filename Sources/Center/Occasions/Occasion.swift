import Cluster
import Domain
import Orchestration
import Scheduling

/// The runs of different tasks that belong together, in an order in which every task stands behind those it comes after.
struct Occasion: Sendable {
    /// A task and its run of the occasion.
    struct Member: Sendable {
        var task: TaskDefinition
        /// Its run, as the history knows it.
        var run: Run?
        /// What is known of its run that waits.
        var awaited: Versioned<AwaitedRun>?
        /// Whether its run was dispatched; the history may not know it yet.
        var isDispatched = false
        /// The runs of its parts, as far as there are any, of a task with several; `run` is the one that says how they stand.
        var parts: [Run] = []
        /// How many parts there are besides whose runs nobody has told of yet.
        var partsMissing = 0

        /// The runs that are to be stopped for it to be over, as far as they are known.
        var unfinished: [RunID] {
            parts.isEmpty ? [run?.id].compactMap(\.self) : parts.filter { !$0.state.isFinal }.map(\.id)
        }

        /// Whether something of it is to come.
        var isUnfinished: Bool {
            if awaited != nil { return true }
            return run.map { !$0.state.isFinal } ?? isDispatched
        }

        /// Whether the occasion has a run of it, or will have one as far as is known.
        var isPresent: Bool { run != nil || awaited != nil || isDispatched }

        /// The run that its run on an occasion repeats.
        func former(in occasion: String) -> RunID? {
            run.flatMap { $0.occasion == occasion ? $0.terms?.retryOf : nil }
        }

        /// Whether its run has not succeeded, for good.
        ///
        /// Of several parts one is enough.
        var hasFailed: Bool { run.map { $0.state.isFinal && $0.state != .succeeded } ?? false }
    }

    /// What the runs have in common.
    var name: String
    var members: [Member]

    /// The occasion that repeats one: there is one only, so that whoever asks twice gets the same.
    static func repetition(of name: String, in tree: Tree) -> String {
        let base = name.split(separator: "~").first.map(String.init) ?? name
        return "\(base)~\(BackfillID.requested(of: TaskUID(bits: 0), key: name, in: tree))"
    }

    /// Takes over the runs of the occasion that this one repeats, of tasks that are not repeated and come after none that is.
    mutating func fill(from former: Occasion) {
        var touched: Set<TaskID> = []
        for index in members.indices {
            let task = members[index].task
            let follows = task.specification.after.edges.contains { touched.contains($0.task) }
            if follows || members[index].isPresent {
                touched.insert(task.name)
            } else if let known = former.members.first(where: { $0.task.name == task.name }) {
                members[index].run = known.run
            }
        }
    }
}

extension Run {
    /// Which runs of different tasks belong together: see `JournaledFire.occasion`.
    var occasion: String {
        if let occasion = origin?.occasion { return occasion }
        switch trigger {
        case .request, .start, .backfill: return id.text
        case .schedule, .completion, .dependency: return String(due.millisecondsSinceEpoch)
        }
    }
}

/// What is run again of an occasion, from what failed on; pure.
struct OccasionRetry: Sendable {
    /// A run that is dispatched at once.
    struct Head: Sendable {
        var task: TaskDefinition
        var former: Run
        /// Whether it comes after others, rather than having begun the occasion.
        var isFollowing: Bool
        var arrivals: [DependencyArrival]
    }

    /// A run that waits for others which are run again, and knows those that are not.
    struct Waiting: Sendable {
        var task: TaskDefinition
        var arrivals: [DependencyArrival]
    }

    private(set) var heads: [Head] = []
    private(set) var waiting: [Waiting] = []
    /// The tasks that are run again, or decided again, sorted.
    private(set) var again: [TaskID] = []

    /// Works out what is run again: what failed or was skipped, and whatever comes after that.
    init(_ occasion: Occasion) {
        var again: Set<TaskID> = []
        let runs = Dictionary(occasion.members.map { ($0.task.name, $0.run) }) { first, _ in first }
        for member in occasion.members {
            let dependencies = member.task.specification.after
            let arrivals = dependencies.edges.compactMap { edge -> DependencyArrival? in
                guard !again.contains(edge.task), let run = runs[edge.task] ?? nil else { return nil }
                return DependencyArrival(run, edge.condition)
            }
            if dependencies.edges.contains(where: { again.contains($0.task) }) {
                again.insert(member.task.name)
                if !arrivals.isEmpty { waiting.append(Waiting(task: member.task, arrivals: arrivals)) }
                continue
            }
            guard member.hasFailed, let run = member.run else { continue }
            let isFollowing = run.trigger == .dependency && !dependencies.edges.isEmpty
            // What would be skipped for the same reason again stays as it is.
            if isFollowing, dependencies.decide(arrivals) != .ready { continue }
            again.insert(member.task.name)
            heads.append(
                Head(
                    task: member.task,
                    former: run,
                    isFollowing: isFollowing,
                    arrivals: isFollowing ? arrivals : []
                )
            )
        }
        self.again = again.sorted()
    }
}

extension DependencyArrival {
    /// What the record of a run says to one that comes after it; `nil` for a run without attempts, of which nobody has told.
    init?(_ run: Run, _ condition: Dependencies.Condition) {
        guard let last = run.attempts.last else { return nil }
        self.init(
            task: run.task,
            run: run.id,
            verdict: condition.verdict(on: last.result?.outcome, exitCode: last.result?.exitCode),
            agent: last.agent,
            incarnation: last.incarnation,
            outputs: run.account?.told.outputs
        )
    }
}
