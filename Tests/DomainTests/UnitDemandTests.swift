import Domain
import Foundation
import Testing

@Suite("Keys and units") struct UnitDemandTests {
    private func task(_ demand: UnitDemand) -> TaskSpecification {
        TaskSpecification(name: TaskID("t")!, action: .command(["true"]), demand: demand)
    }

    private static let license = PoolID("license")!

    @Test("everything that is wrong with a demand is found at once")
    func problems() {
        let many = (0...16).map { PoolID("k\($0)")! }
        #expect(task(UnitDemand(keys: many)).problems.map(\.field) == ["exclusive"])
        let demand = UnitDemand(
            keys: [Self.license, Self.license],
            pools: [Self.license: 0, PoolID("io")!: -3]
        )
        let problems = task(demand).problems
        #expect(problems.map(\.field) == ["exclusive[1]", "pools.io", "pools.license"])
        #expect(problems[1].message.contains("1 to 1000000 units of pool 'io', not -3"))
        #expect(task(UnitDemand(keys: [Self.license], pools: [Self.license: 1])).problems.isEmpty)
    }

    @Test("a pool that is not there, or has fewer units, is named with what to do")
    func known() {
        let demand = UnitDemand(pools: [Self.license: 3, PoolID("io")!: 1])
        let found = demand.problems(knowing: [Self.license: Pool(name: Self.license, units: 2)])
        #expect(found.map(\.field) == ["pools.io", "pools.license"])
        #expect(found[0].message.contains("cloudtask pool set io --units 1"))
        #expect(found[1].message.contains("3 units of pool 'license', which has 2"))
        #expect(UnitDemand(keys: [Self.license]).problems(knowing: [:]).isEmpty)
    }

    @Test("a specification without demand is the same JSON as before")
    func json() throws {
        let text = String(decoding: try JSONEncoder().encode(task(UnitDemand())), as: UTF8.self)
        #expect(!text.contains("exclusive") && !text.contains("pools"))
        let demand = UnitDemand(keys: [Self.license], pools: [Self.license: 2])
        let data = try JSONEncoder().encode(task(demand))
        #expect(try JSONDecoder().decode(TaskSpecification.self, from: data).demand == demand)
    }

    @Test("attempts that hold something must not outlive the lease")
    func lease() {
        #expect(!task(UnitDemand()).endsWithLease)
        #expect(task(UnitDemand(keys: [Self.license])).endsWithLease)
        #expect(task(UnitDemand(pools: [Self.license: 1])).endsWithLease)
    }
}
