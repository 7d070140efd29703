import CenterDoubles
import Cluster
import Domain
import Scheduling
import SimulationKit
import Testing
import ZooKeeper

@testable import Center

/// A leader, and tasks whose fires have several parts.
struct ShardScene {
    static let due = Workshop.start + .seconds(60)

    let workshop: Workshop
    let leader: Leader

    init(_ workshop: Workshop? = nil) async throws {
        self.workshop = try workshop ?? Workshop()
        leader = try await self.workshop.leader()
        try await leader.pass()
    }

    static func task(_ name: String, _ split: TaskSplit, every seconds: Int = 60) -> TaskSpecification {
        var task = TaskSpecification.every(seconds, name)
        task.shards = split.shards
        task.isBroadcast = split == .broadcast
        return task
    }

    /// A task that only comes after `t`.
    static func child(_ name: String, _ condition: Dependencies.Condition) -> TaskSpecification {
        var task = TaskSpecification.every(60, name)
        task.schedules = []
        task.after = Dependencies([.init(TaskID("t")!, on: condition)])
        return task
    }

    func save(_ tasks: TaskSpecification...) async throws {
        _ = try await leader.control.save(tasks, condition: .any)
        try await leader.pass()
    }

    func task(_ name: String) async throws -> TaskDefinition {
        try await leader.control.task(TaskID(name)!).definition
    }

    /// Where the parts of the only task are; fails a precondition when one is in two places (V5).
    func parts() throws -> [Int: (place: Place, row: AllocationRow)] {
        var parts: [Int: (place: Place, row: AllocationRow)] = [:]
        for (place, rows) in try workshop.rows() {
            for row in rows {
                precondition(
                    parts.updateValue((place, row), forKey: row.part) == nil,
                    "part \(row.part) twice"
                )
            }
        }
        return parts
    }

    func launches() throws -> [DispatchedRun] {
        try workshop.inboxes().compactMap { if case .launch(let run) = $0.dispatch { run } else { nil } }
    }

    func accept(_ fire: JournaledFire, _ outcome: AttemptOutcome, from agent: Agent) async throws {
        let result = AttemptResult(
            attempt: fire.attempt,
            outcome: outcome,
            exitCode: outcome == .succeeded ? 0 : 1,
            endedAt: workshop.now
        )
        let report = report(fire, .ended(result), from: agent)
        #expect(try await leader.control.accept([report], from: agent.name) != nil)
    }

    func report(_ fire: JournaledFire, _ phase: RunReport.Phase, from agent: Agent) -> RunReport {
        RunReport(
            fire: fire,
            agent: agent.name,
            incarnation: agent.id.incarnation,
            runtime: .standard,
            phase: phase
        )
    }
}

extension TaskDefinition {
    /// A fire of a part of this task as an agent journals it.
    func fire(_ due: Instant, part: Int, _ decision: FireDecision = .launch) -> JournaledFire {
        var fire = fire(due, decision)
        fire.part = part
        fire.attempt.run = RunID(FireKey(uid: uid, part: part, due: due))
        return fire
    }
}
