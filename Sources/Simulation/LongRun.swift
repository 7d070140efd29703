import Center
import Domain
import Scheduling
import SimulationKit
import Synchronization
import ZooKeeper

/// A cluster of two centers and three agents that is hurt every few minutes and mended soon after.
final class LongRun {
    /// How much there is of everything that must not grow.
    struct Census: CustomStringConvertible {
        var sessions: Int
        var watches: Int
        var sleepers: Int
        /// Nodes by the first parts of their paths.
        var nodes: [String: Int]

        var description: String {
            let nodes = nodes.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(
                separator: ", "
            )
            return
                "\(sessions) sessions, \(watches) watches, \(sleepers) sleepers; \(nodes)"
        }
    }

    let cluster: SimulatedCluster
    private var generator = SeededGenerator(seed: 26)
    private var requestCount = 0

    /// Time between faults.
    private static let pause = Duration.seconds(240)
    private static let tasks = 6

    init() throws {
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

    var startCount: Int { cluster.watch.state.withLock { $0.starts.starts.count } }

    /// Lets hours pass with faults and requests.
    func live(hours: Int) {
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
    func rest(hours: Int) { cluster.run(for: .seconds(3_600 * hours)) }

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

    func census() -> Census {
        var nodes: [String: Int] = [:]
        for path in cluster.ensemble.paths {
            let parts = path.text.split(separator: "/").dropFirst(2)
            let kind = parts.first == "runtimes" ? parts.dropFirst(2).first : parts.first
            nodes[kind.map(String.init) ?? "root", default: 0] += 1
        }
        return Census(
            sessions: cluster.ensemble.sessions.count,
            watches: cluster.ensemble.watchCount,
            sleepers: cluster.simulated.clock.waiterCount,
            nodes: nodes
        )
    }
}
