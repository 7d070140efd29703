import Agent
import Domain
import Scheduling
import SimulationKit
import Synchronization
import ZooKeeper

/// An agent's disk in memory: outlives its processes, can be full.
final class InMemoryStateStore: AgentStateStore {
    struct Full: Error {}

    private struct State {
        var reports: [SpooledReport] = []
        var reportCount: Int64 = 0
        var acknowledged: [ReportReader: Int64] = [:]
        var backlogs: [ReportReader: Int64] = [:]
        var definitions: [TaskUID: TaskDefinition] = [:]
        var session: SessionIdentity?
        var memory: ClusterMemory?
        var isFull = false
        var delay = Duration.zero
    }

    private let state = Mutex(State())
    private let clock: SimulationClock

    init(clock: SimulationClock) { self.clock = clock }

    /// Makes every later write take so long.
    func setDelay(_ delay: Duration) { state.withLock { $0.delay = delay } }

    /// Waits as long as a write takes now; whether it is written before or after that nobody can tell.
    private func wait() async {
        let delay = state.withLock(\.delay)
        guard delay > .zero else { return }
        // A cancelled writer leaves; its write may have happened.
        try? await clock.sleep(until: clock.now.advanced(by: delay), tolerance: nil)
    }

    /// Makes writes fail, or succeed again.
    func setFull(_ isFull: Bool) { state.withLock { $0.isFull = isFull } }

    /// Whether writes fail now.
    var isFull: Bool { state.withLock(\.isFull) }

    /// Makes the disk as another one is: what a cloned machine begins with.
    ///
    /// But for the session: what is remembered of it is good only where it was opened.
    func copy(_ other: InMemoryStateStore) {
        var copied = other.state.withLock { $0 }
        copied.session = nil
        state.withLock { $0 = copied }
    }

    /// The reports that are kept, oldest first.
    var reports: [RunReport] { state.withLock { $0.reports.map(\.report) } }

    func append(_ reports: [RunReport]) async throws -> Int64 {
        let last = try write(reports)
        await wait()
        return last
    }

    private func write(_ reports: [RunReport]) throws -> Int64 {
        try state.withLock { state in
            if state.isFull { throw Full() }
            for report in reports {
                state.reportCount += 1
                state.reports.append(SpooledReport(sequence: state.reportCount, report: report))
            }
            return state.reportCount
        }
    }

    func meet(_ reader: ReportReader) async throws {
        state.withLock { state in
            guard state.acknowledged[reader] == nil else { return }
            state.acknowledged[reader] = state.reportCount
            state.backlogs[reader] = state.reportCount + 1
        }
    }

    func pending(for reader: ReportReader, limit: Int) async throws -> [SpooledReport] {
        state.withLock { state in
            let done = state.acknowledged[reader] ?? 0
            // From the end: what is pending is nearly always the latest of many.
            let count = state.reports.reversed().prefix { $0.sequence > done }.count
            return Array(state.reports.suffix(count).prefix(limit))
        }
    }

    func acknowledge(_ reader: ReportReader, through sequence: Int64) async throws {
        state.withLock { $0.acknowledged[reader] = max($0.acknowledged[reader] ?? 0, sequence) }
    }

    func backlog(for reader: ReportReader, limit: Int) async throws -> [SpooledReport] {
        state.withLock { state in
            guard let end = state.backlogs[reader], end > 0 else { return [] }
            return Array(state.reports.lazy.filter { $0.sequence < end }.reversed().prefix(limit))
        }
    }

    func acknowledgeBacklog(_ reader: ReportReader, downTo sequence: Int64) async throws {
        state.withLock { $0.backlogs[reader] = min($0.backlogs[reader] ?? 0, sequence) }
    }

    func prune(now: Instant, retention: Duration) async throws {
        state.withLock { state in
            let horizon = now - retention
            state.reports.removeAll { $0.report.fire.due < horizon }
        }
    }

    func cachedDefinitions() async throws -> [TaskDefinition] {
        state.withLock { $0.definitions.values.sorted { $0.uid < $1.uid } }
    }

    func cache(_ changed: [TaskDefinition], removing uids: [TaskUID]) async throws {
        try state.withLock { state in
            if state.isFull { throw Full() }
            for definition in changed { state.definitions[definition.uid] = definition }
            for uid in uids { state.definitions[uid] = nil }
        }
    }

    func predecessorSession() async throws -> SessionIdentity? { state.withLock(\.session) }

    func remember(_ session: SessionIdentity?) async throws {
        await wait()
        try state.withLock { state in
            if state.isFull { throw Full() }
            state.session = session
        }
    }

    func clusterMemory() async throws -> ClusterMemory? { state.withLock(\.memory) }

    func remember(cluster memory: ClusterMemory) async throws {
        try state.withLock { state in
            if state.isFull { throw Full() }
            state.memory = memory
        }
    }
}
