import Foundation

/// What following costs: ten thousand tasks, each of which comes after others, from the first start to the last.
///
/// As a chain, where every step waits for the one before it: what is measured is the time between two starts. As one task with all the
/// others after it: what is measured is how many follow a second.
struct WorkflowBenchmark: Benchmark {
    let name = "workflow"

    private static let steps = 10_000
    private static let slots = 64
    /// How long nothing may start before the benchmark gives up.
    private static let patience = Duration.seconds(60)

    func run(_ workshop: Workshop) async throws {
        let plan = LocalCluster.Plan(centers: 1, agents: 2, slots: Self.slots)
        try await LocalCluster.with(workshop, plan) { cluster in
            let loop = SpawnLoop(workshop: workshop)
            let bare = try await loop.millisecondsInTurn(1_000)
            for shape in ["chain", "fan-out"] {
                let stamps = Stamps(path: workshop.newPath("stamps"))
                try await cluster.apply(documents(shape, stamps, workshop))
                try await cluster.control(["task", "run", "\(shape)-0"])
                try await finished(stamps)
                try Measurement(
                    benchmark: name,
                    parameters: ["shape": .text(shape), "steps": .number(Self.steps)],
                    value: try stamps.span() / Double(Self.steps - 1),
                    unit: "ms/step",
                    baseline: ("posix_spawn and wait of the same program in a loop in C", bare)
                ).report()
            }
        }
    }

    /// Waits for all steps, as long as some go on.
    private func finished(_ stamps: Stamps) async throws {
        var count = 0
        while count < Self.steps {
            try await stamps.wait(for: min(count + 100, Self.steps), limit: Self.patience)
            count = try stamps.count
        }
    }

    private func documents(_ shape: String, _ stamps: Stamps, _ workshop: Workshop) -> [String] {
        (0..<Self.steps).map { number in
            let former = shape == "chain" ? number - 1 : 0
            return """
                kind: Task
                name: \(shape)-\(number)
                command: ["\(workshop.stamp)", "\(stamps.path)"]
                \(number == 0 ? "" : "after: [\(shape)-\(former)]")

                """
        }
    }
}
