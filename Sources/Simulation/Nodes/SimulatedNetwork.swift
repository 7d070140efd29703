import Agent
import Center
import Cluster
import Domain
import SimulationKit
import Synchronization

/// The network between agents and centers, and among centers: calls take time, may fail, and may have happened though they failed.
final class SimulatedNetwork: Sendable {
    private struct State {
        var generator: SeededGenerator
        /// Centers that can be called, by name: whoever runs there now.
        var hosts: [CenterID: Host] = [:]
        /// Names of agents and centers that nobody reaches.
        var cutOff: Set<String> = []
        /// The part of answers that are lost.
        var loss = 0.0
    }

    private struct Host: Sendable {
        let process: SimulationExecutor
        let operations: any CenterOperations
    }

    struct Unreachable: Error {}

    private let clock: SimulationClock
    private let state: Mutex<State>

    init(clock: SimulationClock, generator: SeededGenerator) {
        self.clock = clock
        state = Mutex(State(generator: generator))
    }

    /// How long a caller waits for an answer.
    static let patience = Duration.seconds(5)
    private static let latency: ClosedRange<Duration> = .microseconds(200)...(.milliseconds(3))

    func listen(_ center: CenterID, _ process: SimulationExecutor, _ operations: any CenterOperations) {
        state.withLock { $0.hosts[center] = Host(process: process, operations: operations) }
    }

    func setCutOff(_ name: String, _ isCutOff: Bool) {
        state.withLock { state in
            if isCutOff { state.cutOff.insert(name) } else { state.cutOff.remove(name) }
        }
    }

    func setLoss(_ loss: Double) { state.withLock { $0.loss = loss } }

    /// Has something done in the center's process.
    ///
    /// - Throws: `Unreachable` when there is no answer, whether or not it was done; what `body` throws.
    func call<Value: Sendable>(
        _ center: CenterID,
        from caller: String,
        _ body: @escaping @Sendable (any CenterOperations) async throws -> Value
    ) async throws -> Value {
        let answer = Answer<Value>()
        let (there, back, isLost) = state.withLock { state in
            (
                state.generator.duration(in: Self.latency), state.generator.duration(in: Self.latency),
                state.generator.chance(state.loss)
            )
        }
        return try await withCheckedThrowingContinuation { continuation in
            answer.wait(continuation)
            clock.schedule(after: Self.patience) { answer.give(.failure(Unreachable())) }
            clock.schedule(after: there) { [self] in
                guard let host = reach(center, from: caller) else { return }
                _ = host.process.start { [self] in
                    let result: Result<Value, any Error>
                    do {
                        result = .success(try await body(host.operations))
                    } catch {
                        result = .failure(error)
                    }
                    if isLost { return }
                    clock.schedule(after: back) { [self] in
                        if reach(center, from: caller) != nil { answer.give(result) }
                    }
                }
            }
        }
    }

    private func reach(_ center: CenterID, from caller: String) -> Host? {
        state.withLock { state in
            if state.cutOff.contains(caller) || state.cutOff.contains(center.text) { return nil }
            return state.hosts[center]
        }
    }
}

/// The one answer a caller gets: the first that comes.
private final class Answer<Value: Sendable>: Sendable {
    private let continuation = Mutex<CheckedContinuation<Value, any Error>?>(nil)

    func wait(_ waiting: CheckedContinuation<Value, any Error>) { continuation.withLock { $0 = waiting } }

    func give(_ result: Result<Value, any Error>) {
        let waiting = continuation.withLock { continuation in
            defer { continuation = nil }
            return continuation
        }
        waiting?.resume(with: result)
    }
}

/// An agent's way to the centers.
struct SimulatedDelivery: ReportDelivery {
    let network: SimulatedNetwork
    let caller: String

    func deliver(_ batch: ReportBatch, to center: CenterRegistration) async throws(DeliveryError)
        -> DeliveryReceipt
    {
        do {
            let (reports, agent) = (batch.reports.map(\.report), batch.agent)
            let epoch = try await network.call(center.center, from: caller) { operations in
                try await operations.accept(reports, from: agent)
            }
            return DeliveryReceipt(leaderEpoch: epoch)
        } catch {
            throw .unavailable("\(error)")
        }
    }
}

extension SimulatedDelivery {
    func tell(_ progress: [ProgressNote], of agent: AgentID, to center: CenterRegistration)
        async throws(DeliveryError)
    {
        do {
            try await network.call(center.center, from: caller) { await $0.note(progress, from: agent) }
        } catch {
            throw .unavailable("\(error)")
        }
    }
}

/// A center's way to the others.
struct SimulatedPeers: PeerReports {
    let network: SimulatedNetwork
    let caller: String

    func authored(
        by peer: CenterRegistration,
        after sequence: Int64,
        limit: Int
    ) async throws -> [AuthoredReport] {
        try await network.call(peer.center, from: caller) { operations in
            try await operations.history.authored(after: sequence, limit: limit)
        }
    }

    func conclusions(of run: RunID, by peer: CenterRegistration) async throws -> [RunReport] {
        try await network.call(peer.center, from: caller) { operations in
            try await operations.history.run(run)?.conclusions ?? []
        }
    }
}
