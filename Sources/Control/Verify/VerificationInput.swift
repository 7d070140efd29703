import CenterClient
import Domain
import Foundation
import Orchestration
import Payloads
import Scheduling

/// The evidence for a check, and what it is held against.
struct VerificationInput: Sendable {
    var definitions: [TaskDefinition] = []
    var evidence = RunEvidence()
    /// When the evidence was complete: what came due shortly before may not be decided yet.
    var readAt: Instant = .epoch
    /// What a person should know of how it was read.
    var remarks: [String] = []
}

/// Reads the evidence from files, from the centers and from the agents' directories.
struct VerificationReader {
    /// Most runs of one check: more are hardly ever meant.
    static let runsMax = 2_000_000

    let options: VerifyRunsOptions
    let records: any AgentRecords

    func read(now: Instant) async throws -> VerificationInput {
        var input = VerificationInput()
        var marks = try self.marks()
        input.evidence.faults = try faults()
        let isOffline = options.definitions != nil && !options.runs.isEmpty
        if let file = options.definitions {
            input.definitions = try Self.list(TaskPayload.self, file).map(TaskDefinition.init(listed:))
        } else {
            let connection = try options.server.connection()
            input.definitions = try await Paging.all(limit: Self.runsMax) {
                page,
                size throws(CenterClientError) in
                try await connection.tasks(page: page, limit: size)
            }.map(TaskDefinition.init(listed:))
        }
        // Before the histories: what an agent records meanwhile cannot be in them yet.
        for directory in options.agentData {
            input.evidence.reports += try await records.reports(in: directory)
        }
        if options.runs.isEmpty {
            try await readRuns(&input, since: try options.bounds(now: now).from)
            let over = Set(input.evidence.runs.lazy.filter(\.state.isFinal).map(\.id))
            marks = marks.completed(by: try self.marks(), ofRunsThatAreOver: over)
        } else {
            input.evidence.runs = try options.runs.flatMap { file in
                try Self.list(RunPayload.self, file).map(Run.init(listed:))
            }
        }
        input.evidence.starts = marks.starts
        input.evidence.unreadableLines = marks.unreadableLines
        input.readAt = isOffline ? Self.last(of: input.evidence) : now
        return input
    }

    private func marks() throws -> RecordedStarts {
        RecordedStarts(parsing: try options.starts.map(Self.text).joined(separator: "\n"))
    }

    /// Every center keeps a history of its own.
    private func readRuns(_ input: inout VerificationInput, since: Instant?) async throws {
        let filter = RunFilter(since: since)
        let centers = try await options.server.connection().cluster().centers.map(\.url)
        var failure: (any Error)?
        var answers = 0
        for url in centers {
            do {
                let connection = try options.server.connection(at: url)
                let runs = try await Paging.all(limit: Self.runsMax) { page, size throws(CenterClientError) in
                    try await connection.runs(filter, page: page, limit: size)
                }
                guard runs.count < Self.runsMax else {
                    throw ControlError("there are more than \(Self.runsMax) runs: give --from", .usage)
                }
                input.evidence.runs += runs.map(Run.init(listed:))
                answers += 1
            } catch {
                guard ControlError(error).status == .unreachable else { throw error }
                failure = error
                input.remarks.append("\(url) does not answer: its history is not considered")
            }
        }
        if answers == 0, let failure { throw failure }
    }

    private func faults() throws -> [FaultPeriod] {
        guard let file = options.faults else { return [] }
        let text = try Self.text(file)
        do throws(FaultLogError) {
            return try FaultPeriod.log(text)
        } catch {
            throw ControlError("\(file):\(error.line): the line \(error.reason)", .usage)
        }
    }

    private static func text(_ file: String) throws -> String {
        guard FileManager.default.fileExists(atPath: file) else {
            throw ControlError("there is no file \(file)", .notFound)
        }
        guard let bytes = FileManager.default.contents(atPath: file) else {
            throw ControlError("\(file) cannot be read: check its owner and that it is a file")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The elements of a list as the API gives it, or of a plain array.
    private static func list<Item: Codable & Sendable>(_ type: Item.Type, _ file: String) throws -> [Item] {
        let bytes = Data(try text(file).utf8)
        do {
            if bytes.first(where: { $0 > 0x20 }) == UInt8(ascii: "[") {
                return try PayloadCoding.decode([Item].self, from: bytes)
            }
            return try PayloadCoding.decode(ListPayload<Item>.self, from: bytes).items
        } catch {
            let command = type == RunPayload.self ? "run" : "task"
            throw ControlError(
                "\(file) does not hold what 'cloudtask \(command) list -o json' prints: \(error)",
                .usage
            )
        }
    }

    private static func last(of evidence: RunEvidence) -> Instant {
        let starts = evidence.starts.map { $0.endedAt ?? $0.startedAt }
        let runs = evidence.runs.flatMap { run in [run.due] + run.attempts.compactMap { $0.result?.endedAt } }
        return (starts + runs).max() ?? .epoch
    }
}

extension TaskDefinition {
    /// The task of an answer of the API, which leaves out superseded schedules.
    init(listed payload: TaskPayload) {
        self.init(
            specification: payload.specification,
            uid: payload.uid,
            revision: payload.revision,
            effectiveFrom: payload.effectiveFrom,
            createdAt: payload.createdAt,
            completionSince: payload.completionSince,
            pause: payload.pause,
            exceptions: payload.exceptions ?? [],
            suspension: payload.suspended == true
                ? payload.suspendedUntil.map(Suspension.until) ?? .open : .absent
        )
    }
}

extension Run {
    /// The run of an answer of the API.
    init(listed payload: RunPayload) {
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
            attempts: payload.attempts.map { RunAttempt(listed: $0, of: payload) }
        )
    }
}

extension RunAttempt {
    fileprivate init(listed attempt: AttemptPayload, of run: RunPayload) {
        let result = attempt.outcome.map { outcome in
            AttemptResult(
                attempt: AttemptID(run: run.id, number: attempt.number),
                outcome: outcome,
                exitCode: attempt.exitCode,
                signal: attempt.signal,
                startedAt: attempt.startedAt,
                endedAt: attempt.endedAt ?? run.due,
                message: attempt.message
            )
        }
        self.init(
            number: attempt.number,
            agent: attempt.agent,
            incarnation: attempt.incarnation,
            revision: attempt.revision,
            startedAt: attempt.startedAt,
            result: result
        )
    }
}
