import Foundation
import Simulation
import Testing

/// P14 over time: hours of a cluster's life, with faults, leave nothing behind.
@Suite struct LongRunTests {
    /// A few in the suite; `cloudtask simulate --hours 24` makes it a day.
    private static let hours = 2

    @Test("hours of faults leave no node, watch, session or sleeper behind")
    func hours() throws {
        let report = try LongRun.run(hours: Self.hours)
        #expect(report.violations.isEmpty, "\(report.violations.prefix(3))")
        #expect(report.growth.isEmpty)
        #expect(report.startCount > 200 * Self.hours)
    }
}
