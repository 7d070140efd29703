import Agent
import AgentStore
import Domain
import Foundation
import Logging
import Scheduling
import Testing
import ZooKeeper

/// Lends a directory.
func withTemporaryDirectory(_ body: (String) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.path + "/agent-store-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try await body(directory)
}

/// Lends a store in a new directory.
func withStore(_ body: (SQLiteAgentStore) async throws -> Void) async throws {
    try await withTemporaryDirectory { directory in
        try await withStore(in: directory, body)
    }
}

/// Lends a store in `directory`.
func withStore(in directory: String, _ body: (SQLiteAgentStore) async throws -> Void) async throws {
    var log = Logger(label: "test")
    log.logLevel = .critical
    let store = try SQLiteAgentStore(directory: directory, log: log)
    do {
        try await body(store)
    } catch {
        try store.close()
        throw error
    }
    try store.close()
}

/// The instant `seconds` after an arbitrary one.
func at(_ seconds: Int64) -> Instant { Instant(millisecondsSinceEpoch: 1_767_225_600_000 + seconds * 1_000) }

/// A report of an attempt that ended at `at(seconds)`.
func report(_ seconds: Int64, message: String? = nil) throws -> RunReport {
    let uid = try #require(TaskUID("00000000000000a1"))
    let attempt = AttemptID(run: RunID(FireKey(uid: uid, due: at(seconds))), number: 1)
    let fire = JournaledFire(
        attempt: attempt,
        task: try #require(TaskID("nightly")),
        uid: uid,
        revision: 1,
        due: at(seconds),
        trigger: .schedule,
        delivery: .atMostOnce,
        decision: .launch
    )
    return RunReport(
        fire: fire,
        agent: try #require(AgentID("agent-1")),
        incarnation: Incarnation(high: 1, low: 2),
        runtime: .standard,
        phase: .ended(
            AttemptResult(
                attempt: attempt,
                outcome: .succeeded,
                exitCode: 0,
                endedAt: at(seconds),
                message: message
            )
        )
    )
}

/// The definition of a task with this uid and revision.
func definition(_ uid: String, revision: Int = 1) throws -> TaskDefinition {
    let name = try #require(TaskID("task-\(uid)"))
    let specification = TaskSpecification(name: name, action: .command(["true"]))
    var definition = TaskDefinition.created(specification, uid: try #require(TaskUID(uid)), now: at(0))
    definition.revision = revision
    return definition
}

/// A center that reports are kept for, with its history if it has one.
func reader(_ text: String, history: UInt64? = nil) throws -> ReportReader {
    ReportReader(center: try #require(CenterID(text)), history: history.map { Nonce(bits: $0) })
}
