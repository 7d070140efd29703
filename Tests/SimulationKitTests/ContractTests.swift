import SimulationKit
import Synchronization
import Testing
import ZooKeeper
import ZooKeeperContract

/// The in-memory ensemble keeps the promises a real server keeps: what passes on it may be believed.
@Suite struct ContractTests {
    @Test("the ensemble in memory keeps every promise of a session", arguments: SessionContract.cases)
    func promise(_ promise: ContractCase) async throws {
        try await promise.run(in: MemoryWorld())
    }

    @Test("the ensemble in simulated time keeps every promise of a session", arguments: SessionContract.cases)
    func simulatedPromise(_ promise: ContractCase) throws {
        for seed in UInt64(1)...5 {
            let world = SimulatedServers(seed: seed)
            let outcome = Mutex<Result<Void, any Error>?>(nil)
            _ = world.simulated.executor.start {
                let result: Result<Void, any Error>
                do {
                    result = .success(try await promise.run(in: world))
                } catch {
                    result = .failure(error)
                }
                outcome.withLock { $0 = result }
            }
            let isOver = world.simulated.run(until: { outcome.withLock { $0 != nil } })
            #expect(isOver, "it ends, seed \(seed)")
            try outcome.withLock { $0 }?.get()
        }
    }
}

/// Three servers that lag, in simulated time.
private struct SimulatedServers: ContractWorld {
    let simulated: SimulatedWorld
    let ensemble: SimulatedEnsemble
    let connector: any ZooKeeperConnector

    init(seed: UInt64) {
        simulated = SimulatedWorld(seed: seed)
        ensemble = SimulatedEnsemble(clock: simulated.clock, generator: SeededGenerator(seed: seed))
        connector = ensemble.connector(of: simulated.executor)
    }

    func expire(_ session: any ZooKeeperSession) async throws {
        ensemble.expire(try #require(await session.identity).id)
    }

    func suspend() async throws {
        for server in 0..<ensemble.serverCount { ensemble.stop(server: server) }
    }

    func resume() async throws {
        for server in 0..<ensemble.serverCount { ensemble.start(server: server) }
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
