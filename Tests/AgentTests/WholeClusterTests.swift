import Agent
import Center
import CenterDoubles
import Cluster
import Domain
import Orchestration
import Scheduling
import SimulationKit
import Synchronization
import Testing
import ZooKeeper

/// The promises of the launch protocol, with real agents and real centers, whatever happens to them.
@Suite struct WholeClusterTests {
    private static let names = (0..<4).map { "once\($0)" } + (0..<4).map { "least\($0)" }

    private func specification(_ name: String, every seconds: Int) throws -> TaskSpecification {
        TaskSpecification(
            name: try #require(TaskID(name)),
            action: .command(["true"]),
            schedules: [.every(try IntervalSchedule(every: .seconds(seconds)))],
            delivery: name.hasPrefix("least") ? .atLeastOnce : .atMostOnce
        )
    }

    @Test("no fire is absent, none runs twice, what must run at least once does", arguments: 1...16)
    func promises(seed: UInt64) async throws {
        let world = try ClusterWorld(seed: seed)
        let leader = try #require(world.centers.first { $0.service.status.epoch != nil })
        let specifications = try Self.names.enumerated().map { try specification($1, every: 3 + $0) }
        let operations = leader.service.operations
        _ = try await world.await { try await operations.save(specifications, condition: .any) }
        let tasks = try await world.await {
            try await operations.tasks(TaskFilter(), page: nil, limit: 100).elements.map(\.definition)
        }
        world.run(.seconds(100), faults: 0.35)
        world.repair()
        let end = world.now
        world.run(.seconds(100), faults: 0)
        for machine in world.machines { world.harvest(machine) }
        try checkStarts(world, tasks, seed)
        try await checkDispositions(world, tasks, through: end, seed)
        try await checkOwners(world, seed)
    }

    /// No run stays as it is without an owner, in any center's history: what is not over began just now.
    private func checkOwners(_ world: ClusterWorld, _ seed: UInt64) async throws {
        for center in world.centers {
            let filter = RunFilter(states: [.running], until: world.now - .seconds(60))
            let stuck = try await center.history.runs(filter, page: nil, limit: 10).elements
            #expect(stuck.isEmpty, "\(center.id) has \(stuck.map(\.id)), seed \(seed)")
        }
    }

    /// P2: one start of an attempt, one attempt of what runs at most once.
    private func checkStarts(_ world: ClusterWorld, _ tasks: [TaskDefinition], _ seed: UInt64) throws {
        let once = Set(tasks.filter { $0.specification.delivery == .atMostOnce }.map(\.uid))
        var attempts: Set<AttemptID> = []
        var runs: Set<RunID> = []
        for machine in world.machines {
            for attempt in machine.starts.keys.sorted() {
                #expect(attempts.insert(attempt).inserted, "\(attempt) was started twice, seed \(seed)")
                guard let uid = attempt.run.fireKey?.uid, once.contains(uid) else { continue }
                #expect(runs.insert(attempt.run).inserted, "\(attempt.run) was run twice, seed \(seed)")
            }
        }
        #expect(attempts.count > 100)
    }

    /// P1 and P3: every due instant has a disposition; what must run at least once was started, unless it was too old.
    private func checkDispositions(
        _ world: ClusterWorld,
        _ tasks: [TaskDefinition],
        through end: Instant,
        _ seed: UInt64
    ) async throws {
        var records: [TaskUID: [Run]] = [:]
        for center in world.centers {
            let history = center.history
            let runs = try await world.await {
                try await history.runs(RunFilter(), page: nil, limit: 100_000).elements
            }
            for run in runs { records[run.uid, default: []].append(run) }
        }
        let started = Set(world.machines.flatMap { $0.starts.keys.map(\.run) })
        for task in tasks {
            let runs = records[task.uid] ?? []
            var due = task.nextDue(after: task.createdAt)
            while let instant = due, instant <= end {
                let run = RunID(FireKey(uid: task.uid, due: instant))
                let isRecorded = runs.contains { record in
                    record.id == run || record.since.map { $0 <= instant && instant <= record.due } ?? false
                }
                #expect(isRecorded, "\(task.name) at \(instant) is absent, seed \(seed)")
                let isMissedRange = runs.contains { record in
                    record.attempts.isEmpty
                        && record.since.map { $0 <= instant && instant <= record.due } ?? false
                }
                if task.specification.delivery == .atLeastOnce, !isMissedRange {
                    #expect(started.contains(run), "\(task.name) at \(instant) never ran, seed \(seed)")
                }
                due = task.nextDue(after: instant)
            }
        }
    }
}
