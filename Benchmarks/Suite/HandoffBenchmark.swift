import Foundation
import Scheduling
import TestServers
import ZooKeeper

/// How late fires are while an agent that has a thousand tasks is drained.
///
/// The tasks are due every forty seconds, spread evenly, so that one is due every twenty milliseconds whoever owns it. Every fire counts that
/// is due from a second before the drain to two seconds after the last task has moved; each must have started.
struct HandoffBenchmark: Benchmark {
    let name = "handoff"

    private static let tasks = 2_000
    private static let period = Duration.seconds(40)
    private static let before = Duration.seconds(10)
    private static let margin = (before: Duration.seconds(1), after: Duration.seconds(2))

    func run(_ workshop: Workshop) async throws {
        let plan = LocalCluster.Plan(centers: 1, agents: 2, slots: 1_000)
        try await LocalCluster.with(workshop, plan) { cluster in
            try await withSession(try cluster.zookeeper()) { session in
                let observatory = try Observatory(session)
                let marks = Marks(path: workshop.newPath("marks"))
                try await cluster.apply(documents(workshop, marks))
                try await observatory.settled(agents: 2, centers: 1, tasks: Self.tasks)
                var rounds: [(moved: Int, quiet: Lateness, handoff: Lateness, took: Double)] = []
                // The first one does not count: a ZooKeeper that was just started runs most of it uncompiled.
                for number in 0...benchmarkRounds {
                    let (drained, other) =
                        number.isMultiple(of: 2) ? ("agent-2", "agent-1") : ("agent-1", "agent-2")
                    let figures = try await round(draining: drained, to: other, cluster, observatory, marks)
                    Progress.say("handoff \(number): \(figures)")
                    if number > 0 { rounds.append(figures) }
                    try await cluster.control(["node", "undrain", drained])
                    try await observatory.settled(agents: 2, centers: 1, tasks: Self.tasks)
                }
                try report(rounds)
            }
        }
    }

    /// Rounds of which each is a sample; the worst of them counts.
    private let benchmarkRounds = rounds

    private func round(
        draining agent: String,
        to other: String,
        _ cluster: LocalCluster,
        _ observatory: Observatory,
        _ marks: Marks
    ) async throws -> (moved: Int, quiet: Lateness, handoff: Lateness, took: Double) {
        let quiet = Instant(Date())
        try await ContinuousClock().sleep(for: Self.before)
        let moving = try await observatory.tasks(of: agent).count
        let began = Instant(Date())
        try await cluster.control(["node", "drain", agent])
        try await observatory.wait(for: "\(agent) to be drained") {
            try await observatory.tasks(of: agent).isEmpty
        }
        let ended = Instant(Date())
        try await ContinuousClock().sleep(for: Self.margin.after * 2)
        return (
            moving,
            try lateness(marks, from: quiet, to: began - Self.margin.before),
            try lateness(marks, from: began - Self.margin.before, to: ended + Self.margin.after),
            Double(ended.millisecondsSinceEpoch - began.millisecondsSinceEpoch)
        )
    }

    /// Lateness in milliseconds.
    struct Lateness {
        var fires: Int
        var p50: Double
        var p99: Double
        var max: Double
    }

    /// The lateness of all fires that were due between two instants; throws when one was not started, or twice.
    private func lateness(_ marks: Marks, from: Instant, to: Instant) throws -> Lateness {
        let found = try marks.all().filter { from <= $0.due && $0.due < to }
        let step = Self.period.wholeMilliseconds / Int64(Self.tasks)
        let count = Int((to.millisecondsSinceEpoch - from.millisecondsSinceEpoch) / step)
        let distinct = Set(found.map { "\($0.task)@\($0.due)" }).count
        guard found.count == distinct, abs(distinct - count) <= 1 else {
            throw BenchmarkError(
                "\(count) fires were due, \(found.count) starts of \(distinct) fires were made"
            )
        }
        let values = found.map(\.lateness)
        return Lateness(
            fires: found.count,
            p50: values.median,
            p99: values.percentile(0.99),
            max: values.max() ?? 0
        )
    }

    private func report(_ rounds: [(moved: Int, quiet: Lateness, handoff: Lateness, took: Double)]) throws {
        let measures: [(String, KeyPath<Lateness, Double>, Measurement.Target?)] = [
            ("p50", \.p50, nil), ("p99", \.p99, nil), ("max", \.max, .valueAtMost(100)),
        ]
        for (measure, path, target) in measures {
            // The worst round: no fire may be later.
            try Measurement(
                benchmark: name,
                parameters: ["tasks": .number(rounds.map(\.moved).min() ?? 0), "measure": .text(measure)],
                value: rounds.map { $0.handoff[keyPath: path] }.max() ?? 0,
                unit: "ms",
                baseline: (
                    "the same tasks while nothing moves", rounds.map { $0.quiet[keyPath: path] }.max() ?? 0
                ),
                target: target
            ).report()
        }
        try Measurement(
            benchmark: name,
            parameters: ["tasks": .number(rounds.map(\.moved).min() ?? 0), "measure": "duration"],
            value: rounds.map(\.took).median,
            unit: "ms"
        ).report()
    }

    private func documents(_ workshop: Workshop, _ marks: Marks) -> [String] {
        let step = Self.period.wholeMilliseconds / Int64(Self.tasks)
        let anchor = Instant(rfc3339: "2026-01-01T00:00:00Z") ?? Instant(millisecondsSinceEpoch: 0)
        return (0..<Self.tasks).map { number in
            """
            kind: Task
            name: task-\(number)
            command: ["\(workshop.mark)", "\(marks.path)"]
            schedules: [{every: 40s, start: "\((anchor + .milliseconds(Int64(number) * step)).formatted())"}]

            """
        }
    }
}
