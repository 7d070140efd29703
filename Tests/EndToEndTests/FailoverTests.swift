import Domain
import Foundation
import Orchestration
import Payloads
import Scheduling
import TestServers
import Testing

extension EndToEnd {
    /// A minute of killing: three ZooKeeper servers, two centers, three agents, sixty tasks; a random process is killed
    /// with -9 every few seconds and started again. Afterwards the checker holds every due instant against what ran.
    @Suite struct FailoverTests {
        /// Session timeout + tick + 500 ms, and a second for machines that do other things as well.
        static let latenessBound = Duration.seconds(4) + .milliseconds(500) + .milliseconds(500) + .seconds(1)
        static let killing = Duration.seconds(60)
        /// Longer than a takeover, so that one fault is over before the next: the bound is about single faults.
        static let pause = Duration.seconds(6)

        @Test(
            "a minute of kill -9 misses nothing, doubles nothing and loses only what a killed agent had journaled"
        )
        func randomKills() async throws {
            try await withQuorum(tickTime: .milliseconds(500)) { quorum in
                try await withCluster(
                    "--zookeeper",
                    quorum.connectString,
                    "--centers",
                    "2",
                    "--agents",
                    "3",
                    "--session-timeout",
                    "4s"
                ) { cluster in
                    let file = try Marks(in: cluster.folder)
                    try await apply(to: cluster, file)
                    let seed = UInt64.random(in: 0...1_000_000)
                    var nemesis = Nemesis(cluster: cluster, quorum: quorum, seed: seed)
                    let from = Instant.now
                    let end = ContinuousClock.now + Self.killing
                    while ContinuousClock.now < end {
                        try await nemesis.strike()
                        try await Task.sleep(for: Self.pause)
                    }
                    try await nemesis.heal()
                    let to = Instant.now
                    // What was journaled before the end of the window must have ended and reached the history.
                    try await Task.sleep(for: .seconds(8))
                    let report = try await check(cluster, file, from: from, to: to, faults: nemesis.faults)
                    let json = try report.json().prefix(20_000)
                    #expect(
                        report.isValid,
                        "seed \(seed)\nfaults \(nemesis.faults)\n\(json)"
                    )
                    #expect(report.tasks.count == 60)
                    let completed = report.tasks.map(\.completed).reduce(0, +)
                    #expect(completed > 500, "hardly anything ran")
                    #expect(nemesis.faults.count >= 6, "hardly anything was killed")
                }
            }
        }

        private func apply(to cluster: LocalCluster, _ file: Marks) async throws {
            let documents = (0..<60).map { number in
                taskDocument(
                    "task-\(number)",
                    every: "\(number % 5 + 1)s",
                    script: file.script(then: file.scriptOfEnd),
                    extra: "delivery: \(number % 2 == 0 ? "at-most-once" : "at-least-once")"
                )
            }
            let applied = try await cluster.control("apply", "-f", "-", input: documents.joined())
            try #require(applied.status == 0, "\(applied.errors)")
            try await eventually("every task has run") { Set(try file.all().map(\.task)).count == 60 }
        }

        private func check(
            _ cluster: LocalCluster,
            _ file: Marks,
            from: Instant,
            to: Instant,
            faults: [FaultPeriod]
        ) async throws -> RunCheckReport {
            let tasks = try await cluster.control("task", "list", "--limit", "1000", "-o", "json")
            let definitions = try tasks.json(ListPayload<TaskPayload>.self).items.map {
                TaskDefinition(
                    specification: $0.specification,
                    uid: $0.uid,
                    revision: $0.revision,
                    effectiveFrom: $0.effectiveFrom,
                    createdAt: $0.createdAt
                )
            }
            let listed = try await cluster.control(
                "run",
                "list",
                "--since",
                from.formatted(),
                "--limit",
                "100000",
                "-o",
                "json"
            )
            try #require(listed.status == 0, "\(listed.errors)")
            let runs = try listed.json(ListPayload<RunPayload>.self).items.map(Run.init(recorded:))
            let recorded = RecordedStarts(parsing: try String(contentsOf: file.file, encoding: .utf8))
            let checker = RunChecker(
                definitions: definitions,
                window: from...to,
                policy: RunCheckPolicy(latenessBound: Self.latenessBound)
            )
            return try checker.check(
                RunEvidence(
                    starts: recorded.starts,
                    runs: runs,
                    faults: faults,
                    unreadableLines: recorded.unreadableLines
                )
            )
        }
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

/// Kills one random process at a time and remembers what it did.
struct Nemesis {
    let cluster: LocalCluster
    let quorum: ZooKeeperQuorum
    private var random: SeededRandom
    private(set) var faults: [FaultPeriod] = []
    private var killedServer: Int?

    init(cluster: LocalCluster, quorum: ZooKeeperQuorum, seed: UInt64) {
        self.cluster = cluster
        self.quorum = quorum
        random = SeededRandom(seed: seed)
    }

    mutating func strike() async throws {
        try await heal()
        switch Int.random(in: 0..<6, using: &random) {
        case 0: try await killServer()
        case 1, 2: try kill(role: "center")
        default: try kill(role: "agent")
        }
    }

    /// Brings back what `up` does not.
    mutating func heal() async throws {
        if let server = killedServer { try await quorum.servers[server].restart() }
        killedServer = nil
    }

    private mutating func killServer() async throws {
        let server = Int.random(in: 0..<quorum.servers.count, using: &random)
        faults.append(FaultPeriod(kind: .killed, target: "zookeeper-\(server + 1)", start: .now))
        await quorum.servers[server].kill()
        killedServer = server
    }

    private mutating func kill(role: String) throws {
        let running = try cluster.processes(role)
        guard let id = running.keys.sorted().randomElement(using: &random), let pid = running[id] else {
            return
        }
        faults.append(FaultPeriod(kind: .killed, target: id, start: .now, end: .now + .seconds(5)))
        Foundation.kill(pid, SIGKILL)
    }
}

/// Sebastiano Vigna's SplitMix64: small, and the same on every machine.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
