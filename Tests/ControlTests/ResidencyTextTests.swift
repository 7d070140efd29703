import Domain
import Foundation
import Payloads
import Scheduling
import Testing

@testable import Control

/// What commands print of tasks that are kept running.
@Suite struct ResidencyTextTests {
    private let start = Instant(millisecondsSinceEpoch: 1_767_225_600_000)

    private func task(_ residency: Residency, end: AttemptOutcome? = nil) -> TaskPayload {
        let name = TaskID("gateway")!
        let uid = TaskUID(bits: 1)
        let attempt = AttemptID(run: RunID(FireKey(uid: uid, due: start)), number: 1)
        let fire = JournaledFire(
            attempt: attempt,
            task: name,
            uid: uid,
            revision: 1,
            due: start,
            trigger: .completion,
            delivery: .atMostOnce,
            decision: .launch
        )
        let result = end.map {
            AttemptResult(
                attempt: attempt,
                outcome: $0,
                startedAt: start,
                endedAt: start + .seconds(2),
                message: "unhealthy: exit code 1"
            )
        }
        let report = RunReport(
            fire: fire,
            agent: AgentID("a1")!,
            incarnation: Incarnation(bits: 1),
            runtime: .standard,
            phase: result.map { .ended($0) } ?? .started(at: start)
        )
        return TaskPayload(
            specification: TaskSpecification(name: name, action: .command(["x"]), residency: residency),
            uid: uid,
            revision: 1,
            createdAt: start,
            effectiveFrom: start,
            last: RunPayload(Run(report)),
            restarts: 3
        )
    }

    private func details(_ task: TaskPayload) -> [String] {
        let time = TimeText(zone: TimeZone(identifier: "UTC")!, now: start + .seconds(3))
        return TaskTable.details(of: task, time).map { "\($0.name): \($0.value.text)" }
    }

    @Test("a task that runs says since when and where, how often it was restarted, and how it is")
    func running() {
        let probe = HealthProbe(.http("http://127.0.0.1:1/"), every: .seconds(5), failures: 2)
        var task = task(Residency(probe: probe))
        #expect(details(task).contains("health: not known"))
        task.last?.status = RunStatus("serving 12 clients", at: start + .seconds(1))
        task.last?.health = RunHealth(
            isHealthy: true,
            failures: 0,
            answer: "status 200",
            at: start + .seconds(2)
        )
        let lines = details(task)
        #expect(
            lines.contains("resident: restarted whenever it ends, after 1s to 5m; counted anew after 10m")
        )
        #expect(lines.contains("probe: GET http://127.0.0.1:1/ every 5s, within 2s, at most 2 bad in a row"))
        #expect(
            lines.contains { $0.hasPrefix("process: running since ") && $0.hasSuffix("(3.0s ago) on a1") }
        )
        #expect(lines.contains("restarts: 3 in the last hour"))
        #expect(lines.contains("health: healthy: status 200 (1.0s ago)"))
        #expect(lines.contains("status: serving 12 clients (2.0s ago)"))
        #expect(TaskTable.schedules(of: task.specification) == "resident")
    }

    @Test("a task that has ended says how")
    func ended() {
        let lines = details(
            task(
                Residency(restart: Restart(on: .failure, delay: .seconds(2), maxDelay: .seconds(2))),
                end: .failed
            )
        )
        #expect(lines.contains("resident: restarted when it fails, after 2s; counted anew after 10m"))
        #expect(
            lines.contains { $0.hasPrefix("process: failed at ") && $0.hasSuffix("unhealthy: exit code 1") }
        )
        #expect(!lines.contains { $0.hasPrefix("health") })
    }
}
