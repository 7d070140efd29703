import Testing

@testable import NemesisKit

/// The same seed gives the same plan, and no plan asks for the impossible.
@Suite struct FaultPlanTests {
    @Test("the same seed, length and kinds give the same plan; another seed another")
    func reproducible() {
        let plan = FaultPlan(seed: 7, length: .seconds(120), kinds: FaultKind.allCases)
        #expect(plan == FaultPlan(seed: 7, length: .seconds(120), kinds: FaultKind.allCases))
        #expect(plan.faults != FaultPlan(seed: 8, length: .seconds(120), kinds: FaultKind.allCases).faults)
    }

    @Test("two minutes hold many faults, all of which end in time, in the order of their start")
    func density() {
        for seed in 0..<200 as Range<UInt64> {
            let plan = FaultPlan(seed: seed, length: .seconds(120), kinds: FaultKind.allCases)
            #expect(plan.faults.count >= 12, "seed \(seed)")
            #expect(plan.faults.allSatisfy { $0.end <= .seconds(120) }, "seed \(seed)")
            #expect(plan.faults.map(\.start) == plan.faults.map(\.start).sorted(), "seed \(seed)")
            #expect(plan.faults.map(\.number) == Array(1...plan.faults.count), "seed \(seed)")
        }
    }

    @Test("no process is hit while it recovers from an earlier fault")
    func recovery() {
        for seed in 0..<40 as Range<UInt64> {
            let plan = FaultPlan(seed: seed, length: .seconds(600), kinds: FaultKind.allCases)
            var left: [String: Duration] = [:]
            let tooEarly = plan.faults.filter { fault in
                defer { left[fault.target] = fault.end }
                return left[fault.target].map { fault.start < $0 + .seconds(6) } ?? false
            }
            #expect(tooEarly.isEmpty, "seed \(seed): \(tooEarly)")
        }
    }

    @Test("every kind comes up within a few seeds, and only kinds that were asked for")
    func kinds() {
        var seen: Set<FaultKind> = []
        for seed in 0..<20 as Range<UInt64> {
            seen.formUnion(
                FaultPlan(seed: seed, length: .seconds(120), kinds: FaultKind.allCases).faults.map(\.kind)
            )
        }
        #expect(seen == Set(FaultKind.allCases))
        let few: [FaultKind] = [.agentKill, .clockStep]
        let plan = FaultPlan(seed: 3, length: .seconds(120), kinds: few)
        #expect(Set(plan.faults.map(\.kind)) == Set(few))
    }

    @Test("a list names kinds and groups; a wrong word is named")
    func lists() throws {
        #expect(try FaultKind.list("clock, agent-kill") == [.agentKill, .clockStep])
        #expect(try FaultKind.list("disk") == [.fsyncStall, .diskFull])
        #expect(throws: UnknownFault(word: "meteor")) { try FaultKind.list("kill,meteor") }
        #expect(throws: UnknownFault.self) { try FaultKind.list("") }
    }

    @Test("a fault reads as one line with its time")
    func line() throws {
        let plan = FaultPlan(seed: 1, length: .seconds(60), kinds: [.clockStep])
        let line = try #require(plan.faults.first).description
        #expect(line.hasPrefix("+00:00.0  clock-step"))
        #expect(line.contains("clock off by"))
        #expect(!line.contains("\n"))
    }
}
