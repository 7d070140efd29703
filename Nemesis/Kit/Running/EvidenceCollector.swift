import CenterClient
import Domain
import Foundation
import Orchestration
import Payloads
import Scheduling

/// Gathers what is known of a run, and has it checked.
struct EvidenceCollector: Sendable {
    let cluster: TestCluster
    let window: ClosedRange<Instant>

    /// The most a fire may be late without a fault: the machine may be busy with other things, another run for instance.
    private static let latenessBound = Duration.seconds(5)

    /// Whether all promises were kept.
    func check() async throws -> Bool {
        let connection = try cluster.connection(to: cluster.topology.centers[0], timeout: .seconds(60))
        let definitions = try await definitions(connection)
        let runs = try await runs(connection)
        let text = try String(contentsOfFile: cluster.startsFile, encoding: .utf8)
        let recorded = RecordedStarts(parsing: text)
        let log = try String(contentsOfFile: cluster.workspace.file("faults.ndjson"), encoding: .utf8)
        let timeout = cluster.topology.sessionTimeout
        let policy = RunCheckPolicy(
            latenessBound: Self.latenessBound,
            sessionTimeout: timeout,
            settling: RunCheckPolicy.settling(sessionTimeout: timeout)
        )
        let report = try RunChecker(definitions: definitions, window: window, policy: policy).check(
            RunEvidence(
                starts: recorded.starts,
                runs: runs,
                faults: try FaultPeriod.log(log),
                unreadableLines: recorded.unreadableLines
            )
        )
        let file = cluster.workspace.file("report.json")
        try report.json().write(toFile: file, atomically: true, encoding: .utf8)
        let counts = report.counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        let expected = report.tasks.map(\.expected).reduce(0, +)
        Console.say("\(expected) instants were due; findings: \(counts.joined(separator: ", "))")
        Console.say("report: \(file)")
        for task in report.tasks {
            for finding in task.findings where finding.isViolation {
                Console.say("  \(task.task): \(finding)")
            }
        }
        for finding in report.strays where finding.isViolation { Console.say("  \(finding)") }
        return report.isValid
    }

    private func definitions(_ connection: CenterConnection) async throws -> [TaskDefinition] {
        try await pages { page in try await connection.tasks(page: page, limit: 1_000) }.map {
            TaskDefinition(
                specification: $0.specification,
                uid: $0.uid,
                revision: $0.revision,
                effectiveFrom: $0.effectiveFrom,
                createdAt: $0.createdAt
            )
        }
    }

    private func runs(_ connection: CenterConnection) async throws -> [Run] {
        let filter = RunFilter(since: window.lowerBound)
        return try await pages { page in try await connection.runs(filter, page: page, limit: 1_000) }
            .map(Run.init(recorded:))
    }

    private func pages<Item>(_ page: (String?) async throws -> ListPayload<Item>) async throws -> [Item] {
        var items: [Item] = []
        var next: String?
        repeat {
            let answer = try await page(next)
            items += answer.items
            next = answer.next
        } while next != nil
        return items
    }
}

extension Run {
    /// The run of an answer of the API.
    init(recorded payload: RunPayload) {
        self.init(
            id: payload.id,
            task: payload.task,
            uid: payload.uid,
            part: payload.part,
            runtime: payload.runtime,
            due: payload.due,
            trigger: payload.trigger,
            state: payload.state,
            reason: payload.reason,
            count: payload.count,
            since: payload.since,
            attempts: payload.attempts.map { attempt in
                let result = attempt.outcome.map { outcome in
                    AttemptResult(
                        attempt: AttemptID(run: payload.id, number: attempt.number),
                        outcome: outcome,
                        exitCode: attempt.exitCode,
                        signal: attempt.signal,
                        startedAt: attempt.startedAt,
                        endedAt: attempt.endedAt ?? payload.due,
                        message: attempt.message
                    )
                }
                return RunAttempt(
                    number: attempt.number,
                    agent: attempt.agent,
                    incarnation: attempt.incarnation,
                    revision: attempt.revision,
                    startedAt: attempt.startedAt,
                    result: result
                )
            }
        )
    }
}
