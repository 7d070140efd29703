import Agent
import Cluster
import Domain
import Executor
import Foundation
import Logging
import Scheduling

/// How late programs start that a runner gets at one instant: the executor's share of an agent's lateness.
struct ExecutorStartBenchmark: Benchmark {
    let name = "executor-start"

    private static let counts = [10, 100, 1_000]

    func run(_ workshop: Workshop) async throws {
        let time = TimeSource(clock: ContinuousClock(), wall: { Instant(Date()) })
        guard let node = AgentID("agent-1") else { throw BenchmarkError("agent-1 is no name") }
        let configuration = RunnerConfiguration(
            dataDirectory: try workshop.newDirectory("runner"),
            node: node,
            adoptsOrphans: true
        )
        let logger = Logger(label: "benchmarks", factory: { _ in SwiftLogNoOpLogHandler() })
        let runner = try ProcessRunner(configuration, time: time, log: logger)
        do {
            for count in Self.counts {
                try await measure(count, workshop, RunnerRounds(runner: runner, time: time))
            }
        } catch {
            await runner.shutDown(grace: .zero)
            throw error
        }
        await runner.shutDown(grace: .zero)
    }

    private func measure(_ count: Int, _ workshop: Workshop, _ starts: RunnerRounds) async throws {
        let loop = SpawnLoop(workshop: workshop)
        _ = try await starts.lateness(count, workshop)
        let (ours, theirs) = try await interleaved {
            try await starts.lateness(count, workshop)
        } against: {
            try await loop.lateness(count)
        }
        try LatenessReport(benchmark: name, count: count).report(ours, theirs)
    }
}

/// Rounds of starts through one runner.
private struct RunnerRounds {
    let runner: ProcessRunner
    let time: TimeSource

    /// How long a round may take before it is given up.
    private static let limit = Duration.seconds(60)

    func lateness(_ count: Int, _ workshop: Workshop) async throws -> [String: Double] {
        let stamps = Stamps(path: workshop.newPath("stamps"))
        let orders = try orders(count, [workshop.stamp, stamps.path])
        let due = Machine.now
        await runner.start(orders)
        try await stamps.wait(for: count, limit: Self.limit)
        try await ended(orders)
        return try stamps.lateness(due: due)
    }

    /// Takes the events of a round, so that the next one begins with an idle runner.
    private func ended(_ orders: [LaunchOrder]) async throws {
        var open = Set(orders.map(\.fire.attempt))
        // The runner told of every end that `stamps` saw or will tell soon; refused starts were seen missing before.
        for await event in runner.events {
            guard case .ended(let result) = event else { continue }
            guard result.outcome == .succeeded else { throw BenchmarkError("an attempt ended: \(result)") }
            open.remove(result.attempt)
            if open.isEmpty { return }
        }
    }

    private func orders(_ count: Int, _ command: [String]) throws -> [LaunchOrder] {
        let uid = TaskUID(bits: .random(in: 0...(.max)))
        return try (0..<count).map { number in
            guard let name = TaskID("stamp-\(number)") else {
                throw BenchmarkError("stamp-\(number) is no name")
            }
            let due = time.now + .milliseconds(number)
            let fire = JournaledFire(
                attempt: AttemptID(run: RunID(FireKey(uid: uid, due: due)), number: 1),
                task: name,
                uid: uid,
                revision: 1,
                due: due,
                trigger: .schedule,
                delivery: .atMostOnce,
                decision: .launch
            )
            return LaunchOrder(
                fire: fire,
                specification: TaskSpecification(name: name, action: .command(command)),
                notAfter: time.monotonic + Self.limit,
                fence: FencingToken(transaction: 1, index: 0)
            )
        }
    }
}
