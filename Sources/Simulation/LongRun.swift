import Center
import Domain
import Scheduling
import SimulationKit
import Synchronization
import ZooKeeper

/// A cluster of two centers and three agents that is hurt every few minutes and mended soon after, for hours.
public final class LongRun {
    private let cluster: SimulatedCluster
    private var generator = SeededGenerator(seed: 26)
    private var requestCount = 0

    /// Time between faults.
    private static let pause = Duration.seconds(240)
    private static let tasks = 6

    private init() throws {
        cluster = try SimulatedCluster(seed: 24, keepsTrace: false)
        for number in 1...2 { try cluster.addCenter("center\(number)") }
        for number in 1...3 { try cluster.addAgent("agent\(number)") }
        cluster.run(for: .seconds(8))
        let specifications = try (0..<Self.tasks).map { number in
            TaskSpecification(
                name: try Self.name(number),
                action: .command(["true"]),
                schedules: [.every(try IntervalSchedule(every: .seconds(60 + number)))],
                delivery: number.isMultiple(of: 2) ? .atLeastOnce : .atMostOnce
            )
        }
        onLeader("save") { try await $0.save(specifications, condition: .any) }
        cluster.run(for: .seconds(10))
    }

    private static func name(_ number: Int) throws -> TaskID {
        guard let name = TaskID("task\(number)") else {
            throw CenterError.notFound(kind: "task", name: "\(number)")
        }
        return name
    }

    deinit { cluster.end() }

    private var startCount: Int { cluster.watch.state.withLock { $0.starts.starts.count } }

    /// Lets a cluster live that many hours, at least two, and compares what there is with what there was after the first.
    ///
    /// After a day it rests for another: markers of dispatches stay for a day, in which a caller may ask again. Throws only when the
    /// cluster cannot be built.
    public static func run(hours: Int) throws -> LongRunReport {
        let run = try LongRun()
        run.live(hours: 1)
        let morning = run.census()
        for _ in 1..<max(2, hours) { run.live(hours: 1) }
        // Sweeping all markers takes an hour more.
        let isWholeDay = hours >= 24
        if isWholeDay { run.rest(hours: 26) }
        return LongRunReport(
            duration: run.cluster.now,
            startCount: run.startCount,
            violations: run.cluster.trace.violations,
            morning: morning,
            evening: run.census(),
            passing: isWholeDay ? [] : ["dispatched"]
        )
    }

    /// Lets hours pass with faults and requests.
    private func live(hours: Int) {
        let end = cluster.now + .seconds(3_600 * hours)
        while cluster.now < end {
            hurt()
            request()
            cluster.run(for: Self.pause)
        }
        // Whatever the last fault did is over.
        cluster.run(for: .seconds(120))
    }

    /// Lets hours pass in which nothing happens but the tasks.
    private func rest(hours: Int) { cluster.run(for: .seconds(3_600 * hours)) }

    private func hurt() {
        let agent = cluster.agents[generator.index(below: cluster.agents.count)]
        let center = cluster.centers[generator.index(below: cluster.centers.count)]
        switch generator.index(below: 4) {
        case 0:
            cluster.kill(agent)
            cluster.run(for: .seconds(7))
            cluster.start(agent)
        case 1:
            cluster.kill(center)
            cluster.run(for: .seconds(7))
            cluster.start(center)
        default:
            for session in cluster.ensemble.sessions where generator.chance(0.4) {
                cluster.ensemble.expire(session)
            }
        }
    }

    private func request() {
        guard let task = TaskID("task\(generator.index(below: Self.tasks))") else { return }
        requestCount += 1
        let key = "request-\(requestCount)"
        onLeader("request") { try await $0.requestRun(of: task, key: key) }
    }

    private func onLeader<Value: Sendable>(
        _ name: String,
        _ body: @escaping @Sendable (any CenterOperations) async throws -> Value
    ) {
        guard let operations = cluster.leader?.current?.service.operations else { return }
        cluster.perform(name) {
            _ = try await body(operations)
            return "done"
        }
    }

    private func census() -> LongRunReport.Census {
        var (nodes, bytes): ([String: Int], [String: Int]) = ([:], [:])
        for path in cluster.ensemble.paths {
            let parts = path.text.split(separator: "/").dropFirst(2)
            let kind = parts.first == "runtimes" ? parts.dropFirst(2).first : parts.first
            let name = kind.map(String.init) ?? "root"
            let data = cluster.ensemble.node(path)?.data ?? []
            // The buckets of markers, 256 at most, are made when they are first needed, and stay.
            if name == "dispatched", data.isEmpty { continue }
            nodes[name, default: 0] += 1
            bytes[name, default: 0] += data.count
        }
        return LongRunReport.Census(
            sessions: cluster.ensemble.sessions.count,
            watches: cluster.ensemble.watchCount,
            sleepers: cluster.simulated.clock.waiterCount,
            nodes: nodes,
            bytes: bytes
        )
    }
}
