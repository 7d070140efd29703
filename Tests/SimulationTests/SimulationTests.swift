import Foundation
import Simulation
import Synchronization
import Testing

/// Whole clusters keep their promises, whatever happens to them.
@Suite struct SimulationTests {
    @Test("a cluster that once broke a promise keeps every one", arguments: try Seeds.regressions())
    func regressions(seed: UInt64) throws {
        expectAllKept(try Simulation(seed: seed).run())
    }

    @Test("as many fresh clusters as fit into a minute keep every promise")
    func fresh() async throws {
        let first = Seeds.first
        let deadline = ContinuousClock.now + .seconds(60)
        let count = Mutex(0)
        try await Campaign(seeds: first..<(first + 1_000_000), width: 2).run { report in
            expectAllKept(report)
            count.withLock { $0 += 1 }
            return report.violations.isEmpty && ContinuousClock.now < deadline
        }
        let simulated = count.withLock { $0 }
        print("simulated \(simulated) clusters, seeds \(first) to \(first + UInt64(simulated) - 1)")
        #expect(simulated >= 1)
    }

    @Test("one seed gives one history")
    func isDeterministic() throws {
        let reports = try [0, 1].map { _ in try Simulation(seed: 1).run(keepsTrace: true) }
        #expect(reports[0].traceHash == reports[1].traceHash)
        #expect(reports[0].trace == reports[1].trace)
        #expect(try Simulation(seed: 2).run().traceHash != reports[0].traceHash)
    }
}

private func expectAllKept(_ report: SimulationReport) {
    for violation in report.violations.prefix(3) {
        Issue.record(
            "seed \(report.seed): \(violation.promise.rawValue) at \(violation.at): \(violation.detail)"
        )
    }
}

private enum Seeds {
    /// The seeds of `seeds.txt`.
    static func regressions() throws -> [UInt64] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "seeds.txt")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
            .compactMap { UInt64($0.prefix { $0.isNumber }) }
    }

    /// `SIMULATION_SEED` to see one again, else others every time.
    static var first: UInt64 {
        let given = ProcessInfo.processInfo.environment["SIMULATION_SEED"].flatMap { UInt64($0) }
        return given ?? .random(in: 1...1_000_000_000)
    }
}
