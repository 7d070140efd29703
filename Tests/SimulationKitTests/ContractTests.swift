import SimulationKit
import Testing
import ZooKeeper
import ZooKeeperContract

/// The in-memory ensemble keeps the promises a real server keeps: what passes on it may be believed.
@Suite struct ContractTests {
    @Test("the ensemble in memory keeps every promise of a session", arguments: SessionContract.cases)
    func promise(_ promise: ContractCase) async throws {
        try await promise.run(in: MemoryWorld())
    }
}

private struct MemoryWorld: ContractWorld {
    let ensemble = InMemoryEnsemble()

    var connector: any ZooKeeperConnector { ensemble }

    func expire(_ session: any ZooKeeperSession) async throws {
        ensemble.expire(try #require(await session.identity).id)
    }

    func suspend() async throws { ensemble.setDown(true) }

    func resume() async throws { ensemble.setDown(false) }
}
