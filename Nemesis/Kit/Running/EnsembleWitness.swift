import Foundation
import Logging
import Orchestration
import Scheduling
import Synchronization
import ZooKeeper
import ZooKeeperClient

/// Checks what all else rests on: that ZooKeeper keeps what it acknowledged.
///
/// It writes a node again and again, and reads it. A version below one that was acknowledged means that the ensemble itself
/// went back in time; what CloudTask did then says nothing about CloudTask. (Old releases, 3.8.0 among them, can do so when a server is
/// killed while it catches up: ZOOKEEPER-4643, ZOOKEEPER-4646.)
///
/// It also notes when nothing was acknowledged for a while, whatever the reason: an election that takes long is no plan's fault, and
/// nobody can launch anything meanwhile.
final class EnsembleWitness: Sendable {
    private let hosts: String
    private let sessionTimeout: Duration
    private let state = Mutex(State())

    fileprivate struct State {
        var acknowledged: Int32 = -1
        var loss: String?
        /// When a write was acknowledged last.
        var acknowledgedAt: Instant?
        var outages: [FaultPeriod] = []
    }

    private static let interval = Duration.milliseconds(250)
    /// Longer than a write takes while the disks are slow.
    private static let outageMin = Duration.seconds(2)

    init(hosts: String, sessionTimeout: Duration) {
        self.hosts = hosts
        self.sessionTimeout = sessionTimeout
    }

    /// What ZooKeeper lost, in words; `nil` if nothing.
    var loss: String? { state.withLock(\.loss) }

    /// When ZooKeeper acknowledged nothing, the present outage included.
    var outages: [FaultPeriod] {
        state.withLock { state in
            var state = state
            state.noteGap(until: Instant(Date()), Self.outageMin)
            return state.outages
        }
    }

    /// Watches until cancelled.
    func run() async throws {
        while true {
            // Whatever ends a session, the next one goes on.
            try? await watch()
            try await ContinuousClock().sleep(for: Self.interval)
        }
    }

    private func watch() async throws {
        let connector = ClientConnector(
            ZooKeeperConfiguration(hosts: hosts, sessionTimeout: sessionTimeout),
            logger: Logger(label: "nemesis") { _ in SwiftLogNoOpLogHandler() }
        )
        let session = try await connector.connect(resuming: nil)
        let result: Result<Void, any Error>
        do { result = .success(try await write(session)) } catch { result = .failure(error) }
        await session.close()
        try result.get()
    }

    private func write(_ session: any ZooKeeperSession) async throws {
        let path = try ZNodePath("/nemesis-witness")
        try await session.connected()
        while !(await session.state.isFinal) {
            try await session.sync(path)
            compare(try await session.exists(path)?.version)
            if state.withLock({ $0.acknowledged }) < 0 {
                // Created by an attempt whose reply was lost, it is there.
                _ = try? await session.create(path)
                state.withLock { $0.acknowledged = 0 }
            }
            let version = try await session.set(path, data: [], version: nil).version
            let now = Instant(Date())
            state.withLock { state in
                state.acknowledged = max(state.acknowledged, version)
                state.noteGap(until: now, Self.outageMin)
                state.acknowledgedAt = now
            }
            try await ContinuousClock().sleep(for: Self.interval)
        }
    }

    private func compare(_ version: Int32?) {
        state.withLock { state in
            guard state.acknowledged > 0, state.loss == nil, version ?? -1 < state.acknowledged else {
                return
            }
            let found = version.map { "version \($0)" } ?? "nothing"
            Console.say("          (ZooKeeper went back in time)")
            state.loss = "it acknowledged version \(state.acknowledged) of a node and now has \(found)"
        }
    }
}

extension EnsembleWitness.State {
    /// Notes the time since the last acknowledgement if it was long.
    fileprivate mutating func noteGap(until now: Instant, _ gapMin: Duration) {
        guard let acknowledgedAt, acknowledgedAt.duration(to: now) >= gapMin else { return }
        outages.append(
            FaultPeriod(
                kind: .quorumLost,
                target: "zookeeper",
                start: acknowledgedAt,
                end: now,
                detail: "seen: nothing was acknowledged"
            )
        )
    }
}
