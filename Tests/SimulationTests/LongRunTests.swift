import Foundation
import Testing

@testable import Simulation

/// P14 over time: a day of a cluster's life, with faults, leaves nothing behind.
@Suite struct LongRunTests {
    /// Hours with faults: a few in the suite, a day on request (`CLOUDTASK_LONG_RUN_HOURS=24`), which takes some minutes.
    static let hours = max(
        2,
        ProcessInfo.processInfo.environment["CLOUDTASK_LONG_RUN_HOURS"].flatMap(Int.init) ?? 2
    )
    /// What may come and go with the moment at which it is counted.
    static let slack = 12

    @Test("hours of faults leave no node, watch, session or sleeper behind")
    func hours() throws {
        let world = try LongRun()
        world.live(hours: 1)
        let morning = world.census()
        for _ in 1..<Self.hours { world.live(hours: 1) }
        // Markers of dispatches stay for a day, in which a caller may ask again; sweeping all of them takes an hour more.
        if Self.hours >= 24 { world.rest(hours: 26) }
        let evening = world.census()
        print("long run: after 1 h: \(morning)")
        print("long run: after \(world.cluster.now.components.seconds / 3_600) h: \(evening)")
        let violations = world.cluster.trace.violations
        #expect(violations.isEmpty, "\(violations.prefix(3))")
        #expect(world.startCount > 200 * Self.hours)
        #expect(evening.sessions == morning.sessions)
        #expect(evening.watches <= morning.watches + Self.slack)
        #expect(evening.sleepers <= morning.sleepers + Self.slack)
        for (kind, count) in evening.nodes where kind != "dispatched" || Self.hours >= 24 {
            #expect(count <= (morning.nodes[kind] ?? 0) + Self.slack, "nodes below \(kind) have grown")
        }
    }
}
