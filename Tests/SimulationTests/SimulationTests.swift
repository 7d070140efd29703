import Foundation
import Simulation
import Testing

/// Whole clusters keep their promises, whatever happens to them.
@Suite struct SimulationTests {
    @Test("a cluster keeps every promise", arguments: UInt64(1)...4)
    func promises(seed: UInt64) throws {
        let report = try Simulation(seed: seed).run()
        for violation in report.violations {
            Issue.record(
                "seed \(seed): \(violation.promise.rawValue) at \(violation.at): \(violation.detail)"
            )
        }
    }
}
