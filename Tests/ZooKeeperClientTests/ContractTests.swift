import TestServers
import Testing
import ZooKeeperContract

@Suite struct ContractTests {
    @Test(
        "the client keeps every promise of a session",
        arguments: SessionContract.cases.filter { !$0.isDisruptive }
    )
    func promise(_ promise: ContractCase) async throws {
        try await withSharedServer { hosts in
            try await promise.run(in: RealWorld(hosts: hosts))
        }
    }

    @Test(
        "the client keeps the promises about lost connections",
        arguments: SessionContract.cases.filter(\.isDisruptive)
    )
    func promiseUnderFault(_ promise: ContractCase) async throws {
        try await withServer { server in
            try await promise.run(in: RealWorld(hosts: server.address, server: server))
        }
    }
}
