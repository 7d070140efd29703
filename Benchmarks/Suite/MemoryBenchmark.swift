import Foundation
import TestServers
import ZooKeeper

/// Memory of a center and an agent without tasks and with 100,000, and how long it takes to apply those.
struct MemoryBenchmark: Benchmark {
    let name = "memory"

    private static let taskCount = 100_000
    private static let tasksPerFile = 10_000
    private static let roles = ["center", "agent"]

    func run(_ workshop: Workshop) async throws {
        try await LocalCluster.with(workshop, slots: 64) { cluster in
            try await settle(cluster)
            try reportMemory(cluster, tasks: 0)
            let znodes = try await znodeRate(cluster)
            let tasks = try await applyRate(cluster)
            try Measurement(
                benchmark: name,
                parameters: ["measure": "apply", "tasks": .number(Self.taskCount)],
                value: tasks,
                unit: "tasks/s",
                baseline: ("nodes of 300 bytes, 100 to a transaction, in the same ZooKeeper", znodes)
            ).report()
            try await waitUntilOwned(cluster)
            try await settle(cluster)
            try reportMemory(cluster, tasks: Self.taskCount)
        }
    }

    private func reportMemory(_ cluster: LocalCluster, tasks: Int) throws {
        let server = try Machine.residentMegabytes(of: cluster.process("zookeeper"))
        for role in Self.roles {
            try Measurement(
                benchmark: name,
                parameters: ["measure": "resident", "role": .text(role), "tasks": .number(tasks)],
                value: try Machine.residentMegabytes(of: cluster.process(role)),
                unit: "MiB",
                baseline: ("the ZooKeeper server of the same cluster", server)
            ).report()
        }
    }
}

// MARK: Applying

extension MemoryBenchmark {
    private func applyRate(_ cluster: LocalCluster) async throws -> Double {
        let start = ContinuousClock.now
        for first in stride(from: 0, to: Self.taskCount, by: Self.tasksPerFile) {
            try await cluster.apply((first..<first + Self.tasksPerFile).map(document))
            Progress.say("applied \(first + Self.tasksPerFile) tasks in \(ContinuousClock.now - start)")
        }
        return Double(Self.taskCount) / ((ContinuousClock.now - start) / .seconds(1))
    }

    /// A task that is due once a year, half a year from now at the earliest.
    private func document(_ number: Int) -> String {
        let month = (Calendar(identifier: .gregorian).component(.month, from: Date()) + 6) % 12 + 1
        return """
            kind: Task
            name: task-\(number)
            command: [/usr/local/bin/report, --number, "\(number)"]
            environment: {LANG: C.UTF-8}
            schedules: [{cron: "\(number % 60) \(number / 60 % 24) \(number / 1_440 % 28 + 1) \(month) *"}]

            """
    }

    /// Nodes a second that a client writes without CloudTask, measured in rounds and removed again.
    private func znodeRate(_ cluster: LocalCluster) async throws -> Double {
        try await withSession(try cluster.zookeeper()) { session in
            let path = try ZNodePath("/benchmark-multi")
            _ = try await session.create(path)
            var rates: [Double] = []
            for _ in 0..<rounds {
                rates.append(try await TransactionRounds(session: session, path: path).rate())
            }
            try await session.delete(path, version: nil)
            return rates.median
        }
    }
}

// MARK: Waiting

extension MemoryBenchmark {
    private struct Status: Decodable {
        struct Node: Decodable {
            var tasks: Int
        }
        var nodes: [Node]
    }

    /// How long planning and loading may take.
    private static let patience = Duration.seconds(300)
    /// Memory that changes less than this in one interval is at rest.
    private static let restMegabytes = 0.5
    private static let interval = Duration.seconds(3)

    private func waitUntilOwned(_ cluster: LocalCluster) async throws {
        let deadline = ContinuousClock.now + Self.patience
        while true {
            let text = try await cluster.control(["cluster", "status", "-o", "json"])
            let owned = try JSONDecoder().decode(Status.self, from: Data(text.utf8)).nodes.map(\.tasks)
                .reduce(0, +)
            if owned == Self.taskCount { return }
            guard ContinuousClock.now < deadline else {
                throw BenchmarkError("only \(owned) tasks were allocated")
            }
            try await ContinuousClock().sleep(for: Self.interval)
        }
    }

    /// Waits until the memory of both processes is at rest.
    private func settle(_ cluster: LocalCluster) async throws {
        let deadline = ContinuousClock.now + Self.patience
        var before: [Double] = []
        while ContinuousClock.now < deadline {
            let now = try Self.roles.map { try Machine.residentMegabytes(of: cluster.process($0)) }
            let changes = zip(before, now).map { abs($0 - $1) }
            if !changes.isEmpty, changes.allSatisfy({ $0 < Self.restMegabytes }) { return }
            before = now
            try await ContinuousClock().sleep(for: Self.interval)
        }
        throw BenchmarkError("the memory of the processes does not come to rest")
    }
}

/// Rounds of transactions of many small nodes, a few of them under way at a time.
private struct TransactionRounds: Sendable {
    let session: any ZooKeeperSession
    let path: ZNodePath

    private static let transactions = 100
    private static let nodes = 100
    private static let bytes = 300
    /// Transactions under way at a time.
    private static let inFlight = 4

    func rate() async throws -> Double {
        let data = [UInt8](repeating: 1, count: Self.bytes)
        let start = ContinuousClock.now
        try await all { .create($0, data: data) }
        let rate = Double(Self.transactions * Self.nodes) / ((ContinuousClock.now - start) / .seconds(1))
        try await all { .delete($0, version: nil) }
        return rate
    }

    private func all(_ operation: @escaping @Sendable (ZNodePath) -> ZooKeeper.Operation) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<Self.inFlight {
                group.addTask {
                    for transaction in stride(from: caller, to: Self.transactions, by: Self.inFlight) {
                        let nodes = try (0..<Self.nodes).map { try path.child("n\(transaction)-\($0)") }
                        _ = try await session.multi(nodes.map(operation))
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
