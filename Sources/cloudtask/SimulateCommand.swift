import ArgumentParser
import Control
import Domain
import Foundation
import Simulation
import Synchronization

/// `cloudtask simulate`.
struct SimulateCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Simulate whole clusters under faults and check every promise.",
        discussion: """
            Real centers and agents run in simulated time over simulated servers,
            networks, clocks and disks, while everything that can fail does. Each seed is
            one cluster, and gives the same history every time. Exit code 0: every
            promise was kept by every cluster; 1: one was broken.

            Examples:
              cloudtask simulate --seeds 1000
              cloudtask simulate --seeds 1000 --first-seed 5001
              cloudtask simulate --replay 42
              cloudtask simulate --hours 24     one cluster for a day: does anything grow?
            """
    )

    @Option(help: ArgumentHelp("How many clusters (default: 100).", valueName: "number"))
    var seeds: Int = 100
    @Option(help: ArgumentHelp("The seed of the first (default: 1).", valueName: "number"))
    var firstSeed: UInt64 = 1
    @Option(help: ArgumentHelp("Tell everything that happens in the cluster of a seed.", valueName: "seed"))
    var replay: UInt64?
    @Option(
        help: ArgumentHelp(
            "Let one cluster live that long under faults, and say what has grown.",
            valueName: "number"
        )
    )
    var hours: Int?
    @Option(help: ArgumentHelp("Clusters at a time (default: one for each core).", valueName: "number"))
    var jobs: Int = ProcessInfo.processInfo.activeProcessorCount
    @Flag(help: ArgumentHelp("Stop at the first broken promise.")) var failFast = false

    func validate() throws {
        guard seeds >= 1, seeds <= 10_000_000 else {
            throw ValidationError("--seeds \(seeds): give a number from 1 to 10000000")
        }
        guard jobs >= 1, jobs <= 1_024 else {
            throw ValidationError("--jobs \(jobs): give a number from 1 to 1024")
        }
        if let hours, !(2...10_000).contains(hours) {
            throw ValidationError("--hours \(hours): give a number from 2 to 10000")
        }
        guard firstSeed <= UInt64.max - UInt64(seeds) else {
            throw ValidationError("--first-seed \(firstSeed) is too large")
        }
    }

    func execute() async throws {
        if let replay { return try await tell(replay) }
        if let hours { return try endure(hours) }
        let tally = SimulationTally(total: seeds)
        let campaign = Campaign(seeds: firstSeed..<(firstSeed + UInt64(seeds)), width: jobs)
        try await campaign.run { report in
            tally.add(report)
            return report.violations.isEmpty || !failFast
        }
        tally.finish()
        if tally.hasFailures { throw ExitCode(CommandStatus.failed.rawValue) }
    }

    private func tell(_ seed: UInt64) async throws {
        let report = try Simulation(seed: seed).run(keepsTrace: true)
        for line in report.trace { print(line) }
        print(SimulationTally.sentence(report))
        if !report.violations.isEmpty { throw ExitCode(CommandStatus.failed.rawValue) }
    }

    private func endure(_ hours: Int) throws {
        let began = ContinuousClock.now
        let report = try LongRun.run(hours: hours)
        let simulated = report.duration.components.seconds / 3_600
        print(
            "\(simulated) simulated hours, \(report.startCount) process starts, in \(began.duration(to: .now).components.seconds) s"
        )
        print("after one hour: \(report.morning)")
        print("in the end: \(report.evening)")
        for growth in report.growth { print("grown: \(growth)") }
        for violation in report.violations.prefix(50) {
            print("broken: \(violation.promise.rawValue) at \(violation.at): \(violation.detail)")
        }
        if report.growth.isEmpty { print("nothing has grown") }
        if !report.growth.isEmpty || !report.violations.isEmpty {
            throw ExitCode(CommandStatus.failed.rawValue)
        }
    }
}

/// Sums up what became of the clusters, and tells of failures as they come.
private final class SimulationTally: Sendable {
    private struct State {
        var count = 0
        var startCount = 0
        var failed: [UInt64] = []
        var faults: [FaultKind: Int] = [:]
        var simulated = Duration.zero
    }

    private let state = Mutex(State())
    private let total: Int
    private let began = ContinuousClock.now

    init(total: Int) { self.total = total }

    var hasFailures: Bool { state.withLock { !$0.failed.isEmpty } }

    func add(_ report: SimulationReport) {
        let count = state.withLock { state in
            state.count += 1
            state.startCount += report.startCount
            state.simulated += report.duration
            state.faults.merge(report.faults, uniquingKeysWith: +)
            if !report.violations.isEmpty { state.failed.append(report.seed) }
            return state.count
        }
        if !report.violations.isEmpty { print(Self.sentence(report)) }
        if count % 100 == 0, count < total { print("\(count) of \(total) clusters simulated") }
    }

    static func sentence(_ report: SimulationReport) -> String {
        let hash = String(report.traceHash, radix: 16)
        guard let first = report.violations.first else {
            return "seed \(report.seed): every promise was kept (\(report.startCount) starts, trace \(hash))"
        }
        let more = report.violations.count - 1
        return "seed \(report.seed): broken: \(first.promise.rawValue) at \(first.at): \(first.detail)"
            + (more > 0 ? "; and \(more) more" : "") + " (trace \(hash))"
    }

    func finish() {
        let state = state.withLock { $0 }
        let hours = Double(state.simulated.components.seconds) / 3_600
        print(
            "\(state.count) clusters, \(state.startCount) process starts, "
                + "\(String(format: "%.1f", hours)) simulated hours in \(began.duration(to: .now).components.seconds) s"
        )
        let faults = state.faults.sorted { $0.key < $1.key }.map { "\($0.key.rawValue) \($0.value)" }
        print("faults: " + (faults.isEmpty ? "none" : faults.joined(separator: ", ")))
        if state.failed.isEmpty {
            print("every promise was kept")
        } else {
            let seeds = state.failed.sorted().prefix(50).map(String.init).joined(separator: " ")
            print("broken promises in \(state.failed.count) clusters; replay with --replay SEED: \(seeds)")
        }
    }
}
