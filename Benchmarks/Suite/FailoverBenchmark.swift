import Foundation
import TestServers
import ZooKeeper

/// How long after ZooKeeper has dropped a killed process's ephemeral node its tasks run elsewhere.
///
/// ZooKeeper takes its time to notice a death, which the session timeout decides and nobody else can shorten. What is measured is what
/// CloudTask adds to that: from the moment at which an observer with a session of its own is told that the node is gone, to the first
/// start of each task that the killed agent had. A task is due every second, so that by then each of them has a fire that is
/// overdue, and no start waits for its schedule.
struct FailoverBenchmark: Benchmark {
    let name = "failover"

    private static let timeouts: [Duration] = [.seconds(2), .seconds(4), .seconds(10)]
    private static let kills = 20

    func run(_ workshop: Workshop) async throws {
        for timeout in Self.timeouts {
            let plan = LocalCluster.Plan(centers: 2, agents: 3, slots: 256, sessionTimeout: timeout)
            try await LocalCluster.with(workshop, plan) { cluster in
                try await withSession(try cluster.zookeeper()) { session in
                    let rounds = FailoverRounds(
                        workshop: workshop,
                        cluster: cluster,
                        observatory: try Observatory(session),
                        marks: Marks(path: workshop.newPath("marks")),
                        crew: Crew(workshop, cluster, timeout)
                    )
                    defer { rounds.crew.dismiss() }
                    try await rounds.applyTasks()
                    for victim in FailoverRounds.Victim.allCases {
                        var takeovers: [Takeover] = []
                        for number in 1...Self.kills {
                            takeovers.append(try await rounds.kill(victim))
                            Progress.say("\(victim) \(number) of \(Self.kills): \(takeovers[number - 1])")
                        }
                        try report(takeovers, victim, timeout)
                    }
                }
            }
        }
    }

    private func report(
        _ takeovers: [Takeover],
        _ victim: FailoverRounds.Victim,
        _ timeout: Duration
    ) throws {
        func line(
            _ measure: String,
            _ value: Double,
            baseline: (String, Double)? = nil,
            target: Measurement.Target? = nil
        ) throws {
            try Measurement(
                benchmark: name,
                parameters: [
                    "killed": .text(victim.rawValue), "sessionTimeout": .number(Int(timeout / .seconds(1))),
                    "kills": .number(takeovers.count), "measure": .text(measure),
                ],
                value: value,
                unit: "ms",
                baseline: baseline,
                target: target
            ).report()
        }
        let first = takeovers.map(\.first)
        let all = takeovers.flatMap(\.tasks)
        try line("first fire after drop, p50", first.median)
        try line("first fire after drop, p99", first.percentile(0.99), target: .valueAtMost(250))
        try line("every moved task after drop, p50", all.median)
        try line("every moved task after drop, p99", all.percentile(0.99), target: .valueAtMost(250))
        try line("every moved task after drop, max", all.max() ?? 0)
        let offices = takeovers.compactMap(\.office)
        if !offices.isEmpty {
            try line("new leader in office after drop, p50", offices.median)
            try line("new leader in office after drop, p99", offices.percentile(0.99))
        }
        let dropped = ("kill to the end of the ephemeral node", takeovers.map(\.dropped).median)
        try line(
            "kill to first fire, p50",
            zip(takeovers.map(\.dropped), first).map(+).median,
            baseline: dropped
        )
    }
}

/// What one kill came to, in milliseconds.
struct Takeover: CustomStringConvertible {
    /// From the kill to the end of the node.
    var dropped: Double
    /// From the end of the node to the first start of each moved task elsewhere.
    var tasks: [Double]
    /// From the end of the leader's node until another center was in office; `nil` when the leader lived.
    var office: Double?

    /// The first of them.
    var first: Double { tasks.min() ?? 0 }

    var description: String {
        let all = tasks.sorted().map { "\(Int($0))" }.joined(separator: " ")
        return "dropped after \(Int(dropped)) ms, tasks then after \(all) ms"
            + (office.map { ", office taken after \(Int($0)) ms" } ?? "")
    }
}

/// Kills one process after the other and replaces it.
private struct FailoverRounds: Sendable {
    let workshop: Workshop
    let cluster: LocalCluster
    let observatory: Observatory
    let marks: Marks
    let crew: Crew

    /// What is killed.
    enum Victim: String, CaseIterable {
        /// An agent.
        case agent
        /// The leader, and an agent with it: only the next leader can move the tasks.
        case leader
    }

    private static let tasks = 24
    private static let agents = 3
    private static let centers = 2

    /// Applies tasks that are due every second, spread over the second.
    func applyTasks() async throws {
        try await cluster.apply(
            (0..<Self.tasks).map { number in
                let start = "2026-01-01T00:00:00.\(String(1_000 + number * 1_000 / Self.tasks).dropFirst())Z"
                return """
                    kind: Task
                    name: task-\(number)
                    command: ["\(workshop.mark)", "\(marks.path)"]
                    schedules: [{every: 1s, start: "\(start)"}]

                    """
            }
        )
        try await observatory.settled(agents: Self.agents, centers: Self.centers, tasks: Self.tasks)
        try await observatory.wait(for: "every task to run") {
            Set(try marks.all().map(\.task)).count == Self.tasks
        }
    }

    /// Kills, measures, and puts the cluster into the state it was in.
    func kill(_ victim: Victim) async throws -> Takeover {
        let owned = try await observatory.owned()
        // Whoever has most: a leader is killed together with an agent.
        let agent = owned.keys.sorted().max { (owned[$0]?.count ?? 0) < (owned[$1]?.count ?? 0) } ?? ""
        let moving = Set(owned[agent] ?? [])
        guard let leader = try await observatory.leader(), !moving.isEmpty else {
            throw BenchmarkError("nobody leads, or no agent has a task")
        }
        let agentEnd = try await observatory.end(ofAgent: agent)
        let leaderEnd = victim == .leader ? try await observatory.end(of: leader.candidate) : nil
        let office = victim == .leader ? try await observatory.nextEpoch() : nil
        let (written, killed) = (try marks.end, Machine.now)
        if victim == .leader { try crew.kill("center", leader.center) }
        try crew.kill("agent", agent)

        async let inOffice = office?.instant()
        async let leaderEnded = leaderEnd?.instant()
        let (agentDropped, leaderDropped) = (try await agentEnd.instant(), try await leaderEnded)
        let dropped = max(agentDropped, leaderDropped ?? 0)
        var starts: [String: Int64] = [:]
        try await observatory.wait(for: "the tasks of \(agent) to run elsewhere") {
            starts = try firstStarts(of: moving, notOn: agent, since: written, after: killed)
            return starts.count == moving.count
        }
        let takeover = Takeover(
            dropped: Double(dropped - killed) / 1e6,
            tasks: starts.values.map { Double($0 - dropped) / 1e6 },
            office: try await inOffice.map { Double($0 - (leaderDropped ?? 0)) / 1e6 }
        )
        if victim == .leader { try crew.replace("center") }
        try crew.replace("agent")
        try await observatory.settled(agents: Self.agents, centers: Self.centers, tasks: Self.tasks)
        return takeover
    }

    /// The first start of each task on any other agent.
    private func firstStarts(
        of tasks: Set<String>,
        notOn agent: String,
        since offset: Int,
        after killed: Int64
    ) throws -> [String: Int64] {
        try marks.all(since: offset).reduce(into: [:]) { starts, mark in
            guard tasks.contains(mark.task), mark.node != agent, mark.start > killed else { return }
            starts[mark.task] = min(starts[mark.task] ?? .max, mark.start)
        }
    }
}
