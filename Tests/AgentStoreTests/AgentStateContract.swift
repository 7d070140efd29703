import Agent
import Domain
import Scheduling
import Testing
import ZooKeeper

/// What every implementation of `AgentStateStore` keeps to; each check gets an empty store.
enum AgentStateContract: String, CaseIterable {
    case sequencesAscend, centersAreIndependent, acknowledgementsNeverGoBack, pruning, newCenters
    case definitions, sessions, memory

    func check(_ store: some AgentStateStore) async throws {
        switch self {
        case .sequencesAscend: try await sequencesAscend(store)
        case .centersAreIndependent: try await centersAreIndependent(store)
        case .acknowledgementsNeverGoBack: try await acknowledgementsNeverGoBack(store)
        case .pruning: try await pruning(store)
        case .newCenters: try await newCenters(store)
        case .definitions: try await definitions(store)
        case .sessions: try await sessions(store)
        case .memory: try await memory(store)
        }
    }

    private func sequencesAscend(_ store: some AgentStateStore) async throws {
        let a = try center("a")
        #expect(try await store.pending(for: a, limit: 10).isEmpty)
        #expect(try await store.append([report(1), report(2)]) == 2)
        #expect(try await store.append([report(3)]) == 3)
        #expect(try await store.append([]) == 3)
        let pending = try await store.pending(for: a, limit: 10)
        #expect(pending.map(\.sequence) == [1, 2, 3])
        #expect(try pending.map(\.report) == [report(1), report(2), report(3)])
        #expect(try await store.pending(for: a, limit: 2).map(\.sequence) == [1, 2])
    }

    private func centersAreIndependent(_ store: some AgentStateStore) async throws {
        let (a, b) = (try center("a"), try center("b"))
        _ = try await store.append([report(1), report(2), report(3)])
        try await store.acknowledge(a, through: 2)
        #expect(try await store.pending(for: a, limit: 10).map(\.sequence) == [3])
        #expect(try await store.pending(for: b, limit: 10).map(\.sequence) == [1, 2, 3])
    }

    private func acknowledgementsNeverGoBack(_ store: some AgentStateStore) async throws {
        let a = try center("a")
        _ = try await store.append([report(1), report(2), report(3)])
        try await store.acknowledge(a, through: 3)
        try await store.acknowledge(a, through: 1)
        #expect(try await store.pending(for: a, limit: 10).isEmpty)
    }

    private func pruning(_ store: some AgentStateStore) async throws {
        let a = try center("a")
        _ = try await store.append([report(0), report(50), report(100)])
        try await store.prune(now: at(110), retention: .seconds(60))
        #expect(try await store.pending(for: a, limit: 10).map(\.sequence) == [2, 3])
        try await store.prune(now: at(1_000), retention: .seconds(60))
        #expect(try await store.pending(for: a, limit: 10).isEmpty)
        // Sequences are not used again.
        #expect(try await store.append([report(1_001)]) == 4)
        #expect(try await store.pending(for: a, limit: 10).map(\.sequence) == [4])
    }

    private func newCenters(_ store: some AgentStateStore) async throws {
        let a = try center("a")
        _ = try await store.append([report(100)])
        try await store.acknowledge(a, through: 1)
        try await store.prune(now: at(100), retention: .seconds(60))
        try await store.prune(now: at(150), retention: .seconds(60))
        #expect(try await store.pending(for: a, limit: 10).isEmpty)
        #expect(try await store.pending(for: try center("new"), limit: 10).map(\.sequence) == [1])
    }

    private func definitions(_ store: some AgentStateStore) async throws {
        #expect(try await store.cachedDefinitions().isEmpty)
        let (x, y) = (try definition("00000000000000aa"), try definition("00000000000000bb"))
        try await store.cache([x, y], removing: [])
        let edited = try definition("00000000000000bb", revision: 2)
        try await store.cache([edited], removing: [x.uid])
        #expect(try await store.cachedDefinitions() == [edited])
        try await store.cache([x], removing: [edited.uid, edited.uid])
        #expect(try await store.cachedDefinitions() == [x])
    }

    private func sessions(_ store: some AgentStateStore) async throws {
        #expect(try await store.predecessorSession() == nil)
        let first = SessionIdentity(id: -5, password: Array(0..<16))
        let second = SessionIdentity(id: .max, password: Array(repeating: 0, count: 16))
        try await store.remember(first)
        try await store.remember(second)
        #expect(try await store.predecessorSession() == second)
        try await store.remember(nil)
        #expect(try await store.predecessorSession() == nil)
    }

    private func memory(_ store: some AgentStateStore) async throws {
        #expect(try await store.clusterMemory() == nil)
        var memory = ClusterMemory(
            cluster: Nonce(bits: 1),
            timeline: Nonce(bits: 2),
            epoch: Epoch(rawValue: 3)
        )
        try await store.remember(cluster: memory)
        memory.leader = Nonce(bits: 4)
        memory.transaction = .max
        memory.marks = ["/a/b": 5, "/c": -1]
        try await store.remember(cluster: memory)
        #expect(try await store.clusterMemory() == memory)
    }
}
