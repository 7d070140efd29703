import Foundation

/// How long it takes to make up for ten thousand past fires of one task.
struct BackfillBenchmark: Benchmark {
    let name = "backfill"

    private static let fires = 10_000
    /// The most a backfill may run at a time.
    private static let parallel = 100
    /// How long nothing may start before the benchmark gives up.
    private static let limit = Duration.seconds(1_200)

    func run(_ workshop: Workshop) async throws {
        let plan = LocalCluster.Plan(centers: 1, agents: 2, slots: Self.parallel)
        try await LocalCluster.with(workshop, plan) { cluster in
            let stamps = Stamps(path: workshop.newPath("stamps"))
            let bare = try await SpawnLoop(workshop: workshop).millisecondsInTurn(1_000)
            try await cluster.apply([
                """
                kind: Task
                name: measured
                command: ["\(workshop.stamp)", "\(stamps.path)"]
                schedules: [{every: 1m, start: 2026-01-01T00:00:00Z, end: 2026-01-08T00:00:00Z}]

                """
            ])
            // So many minutes of a week that is over.
            let last = "2026-01-07T22:39:00Z"
            try await cluster.control(
                ["task", "backfill", "measured", "--from", "2026-01-01T00:00:00Z", "--to", last]
                    + ["--parallel", "\(Self.parallel)", "--yes"]
            )
            try await stamps.wait(for: Self.fires, limit: Self.limit)
            try Measurement(
                benchmark: name,
                parameters: ["fires": .number(Self.fires), "parallel": .number(Self.parallel)],
                value: try stamps.span() / Double(Self.fires - 1),
                unit: "ms/fire",
                baseline: ("posix_spawn and wait of the same program in a loop in C", bare)
            ).report()
        }
    }
}
