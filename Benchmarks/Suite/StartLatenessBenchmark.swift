import Foundation
import Scheduling

/// How late programs start that are due in the same second on one agent, through the whole of CloudTask.
struct StartLatenessBenchmark: Benchmark {
    let name = "start-lateness"

    private static let counts = [10, 100, 1_000]
    /// No start may wait for a slot.
    private static let slots = 4_000

    func run(_ workshop: Workshop) async throws {
        try await LocalCluster.with(workshop, slots: Self.slots) { cluster in
            let loop = SpawnLoop(workshop: workshop)
            let starts = ClusterRounds(cluster: cluster, workshop: workshop)
            // The first starts of a process are slow, and a scheduler is no young process.
            _ = try await starts.lateness(100)
            for count in Self.counts {
                let (ours, theirs) = try await interleaved {
                    try await starts.lateness(count)
                } against: {
                    try await loop.lateness(count)
                }
                try LatenessReport(benchmark: name, count: count).report(ours, theirs)
            }
        }
    }
}

/// Rounds of tasks that are due at one instant.
private struct ClusterRounds {
    let cluster: LocalCluster
    let workshop: Workshop

    /// Time in which the cluster plans and the agent learns of its tasks; what remains of it is rest.
    private static let settling = Duration.seconds(5)
    /// Time for a document to be applied; doubled until it suffices.
    private static let applyingOne = Duration.milliseconds(5)
    /// Doublings before giving up.
    private static let triesMax = 5
    /// How long after they are due all programs must have been started.
    private static let limit = Duration.seconds(60)
    /// Time in which results are delivered, so that the next round meets an idle cluster.
    private static let rest = Duration.seconds(3)

    func lateness(_ count: Int) async throws -> [String: Double] {
        for attempt in 0..<Self.triesMax {
            let stamps = Stamps(path: workshop.newPath("stamps"))
            let lead = Self.settling + Self.applyingOne * count * (1 << attempt)
            // The next whole second.
            let second = (Machine.now + lead.wholeMilliseconds * 1_000_000) / 1_000_000_000 + 1
            let due = Instant(millisecondsSinceEpoch: second * 1_000)
            try await cluster.apply(documents(count, due: due, stamps))
            guard Instant(Date()) + Self.settling < due else {
                Progress.say("applying \(count) tasks took longer than expected; again with more time")
                continue
            }
            try await started(count, stamps, limit: lead + Self.limit)
            try await ContinuousClock().sleep(for: Self.rest)
            return try stamps.lateness(due: second * 1_000_000_000)
        }
        throw BenchmarkError("\(count) tasks could not be applied in time")
    }

    /// Waits for the starts; should some be missing, says what became of them.
    private func started(_ count: Int, _ stamps: Stamps, limit: Duration) async throws {
        do {
            try await stamps.wait(for: count, limit: limit)
        } catch {
            let states = ["--state", "missed", "--state", "lost", "--state", "skipped", "--state", "failed"]
            let runs = try await cluster.control(["run", "list", "-o", "yaml", "-n", "1"] + states)
            throw BenchmarkError("\(error); for instance:\n\(runs)")
        }
    }

    private func documents(_ count: Int, due: Instant, _ stamps: Stamps) -> [String] {
        (0..<count).map { number in
            """
            kind: Task
            name: stamp-\(count)-\(due.millisecondsSinceEpoch)-\(number)
            command: ["\(workshop.stamp)", "\(stamps.path)"]
            schedules: [{at: "\(due.formatted())"}]

            """
        }
    }
}
