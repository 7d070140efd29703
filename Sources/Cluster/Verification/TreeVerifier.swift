import Domain
public import Orchestration
public import Scheduling
import ZooKeeper

/// Holds a tree against its invariants (docs/architecture.md §5): what must be there, what must not, and what must agree.
///
/// A pure function of one reading. What a healthy cluster passes through counts as found, too: two readings, a moment apart, tell
/// it from what stays; see ``TreeFinding/lasting(_:since:)``.
public struct TreeVerifier: Sendable {
    /// Limits that findings refer to.
    public enum Limit {
        /// From that part of a limit on a size is worth a look.
        public static let share = 0.8
        /// Children of one node whose names a server still sends in one answer, with much margin: 1 MiB of 40-byte names are 25,000.
        public static let childrenMax = 10_000
        /// How long after the rejoin grace open fires may wait to be decided.
        public static let deciding = Duration.seconds(15)
        /// How long after its retry window a marker may wait to be swept: one bucket is swept every few seconds.
        public static let sweeping = Duration.seconds(2 * 3_600)
        /// How long a dispatch may be repeated.
        public static let retryWindow = Duration.seconds(24 * 3_600)
    }

    /// The tree.
    public let snapshot: TreeSnapshot
    /// What it says.
    public let content: TreeContent
    /// The present, by the clock of whoever reads.
    public let now: Instant

    /// Prepares to verify a reading.
    public init(_ snapshot: TreeSnapshot, now: Instant) throws {
        self.snapshot = snapshot
        content = try TreeContent(snapshot)
        self.now = now
    }

    /// Everything that is not as it should be, sorted by path, kind and subject.
    public func findings() throws -> [TreeFinding] {
        let all =
            content.findings + taskFindings + rowFindings + (try headFindings()) + (try journalFindings())
            + markerFindings + sizeFindings
        return Set(all).sorted {
            ($0.path, $0.kind.rawValue, $0.subject ?? "") < ($1.path, $1.kind.rawValue, $1.subject ?? "")
        }
    }

    /// The tasks that no agent may own, with the reason, sorted by name.
    public var unplaceable: [AllocationPlan.Unplaceable] {
        plans.values.flatMap(\.unplaceable).sorted { ($0.task, $0.part) < ($1.task, $1.part) }
    }

    /// The plan of every runtime with tasks, given who owns what now.
    var plans: [RuntimeID: AllocationPlan] {
        let enabled = content.tasks.filter(\.specification.isEnabled)
        let byRuntime = Dictionary(grouping: enabled, by: \.specification.runtime)
        var plans: [RuntimeID: AllocationPlan] = [:]
        for (runtime, tasks) in byRuntime {
            let agents = agents(of: runtime)
            plans[runtime] = AllocationPlanner.plan(
                tasks: tasks.flatMap { PlannableTask.parts(of: $0, among: agents) },
                agents: agents,
                current: owners(in: runtime),
                now: now
            )
        }
        return plans
    }

    private func agents(of runtime: RuntimeID) -> [PlannableAgent] {
        let drained = Set(content.runtimes[runtime]?.drained ?? [])
        return content.agents.filter { $0.key.runtime == runtime && isUsable($0.key, $0.value.incarnation) }
            .sorted { $0.key < $1.key }
            .map { seat, registration in
                PlannableAgent(
                    agent: seat.agent,
                    runtime: runtime,
                    labels: registration.labels,
                    region: registration.region,
                    zone: registration.zone,
                    slots: registration.slots,
                    isDrained: drained.contains(seat.agent)
                )
            }
    }

    private func isUsable(_ seat: Seat, _ incarnation: Incarnation) -> Bool {
        content.journals[JournalID(seat: seat, incarnation: incarnation)]?.fence.value.isSealed == false
    }

    private func owners(in runtime: RuntimeID) -> [TaskPart: AgentID] {
        var owners: [TaskPart: AgentID] = [:]
        for bucket in content.rows {
            guard case .owned(let seat) = bucket.place, seat.runtime == runtime else { continue }
            for row in bucket.rows { owners[row.key] = seat.agent }
        }
        return owners
    }
}
