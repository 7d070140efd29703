import Documents
import Testing

@testable import NemesisKit

/// The tasks of a run are what `cloudtask apply` accepts, and no more than a small machine can bear.
@Suite struct WorkloadTests {
    @Test("the documents of any seed can be applied", arguments: 0..<30 as Range<UInt64>)
    func documents(seed: UInt64) throws {
        let workload = Workload(seed: seed)
        let text = workload.documents(recordingTo: "/tmp/starts")
        let parsed = try DocumentParser().parse(text, file: "tasks.yaml")
        #expect(parsed.count == workload.items.count)
        #expect((50...200).contains(parsed.count))
    }

    @Test("the same seed gives the same tasks; another seed others")
    func reproducible() {
        #expect(Workload(seed: 4) == Workload(seed: 4))
        #expect(Workload(seed: 4) != Workload(seed: 5))
    }

    @Test("both deliveries, long runs, timeouts and several kinds of schedules come up, at a bearable rate")
    func variety() {
        for seed in 0..<30 as Range<UInt64> {
            let workload = Workload(seed: seed)
            let text = workload.documents(recordingTo: "/tmp/starts")
            for piece in ["at-most-once", "at-least-once", "timeout:", "cron:", "every:", "sleep", "trap"] {
                #expect(text.contains(piece), "seed \(seed) has no \(piece)")
            }
            let perSecond = workload.items.map(\.perSecond).reduce(0, +)
            #expect(perSecond > 2 && perSecond < 9, "seed \(seed): \(perSecond) starts a second")
        }
    }
}
