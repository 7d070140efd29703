import Agent
import Domain
import Scheduling
import Testing
import ZooKeeper

/// What every implementation of `AgentStateStore` keeps to; each check gets an empty store.
enum AgentStateContract: String, CaseIterable {
    case sequencesAscend, readersAreIndependent, acknowledgementsNeverGoBack, pruning, newReaders, backlogs
    case definitions, sessions, memory

    func check(_ store: some AgentStateStore) async throws {
        switch self {
        case .sequencesAscend: try await sequencesAscend(store)
        case .readersAreIndependent: try await readersAreIndependent(store)
        case .acknowledgementsNeverGoBack: try await acknowledgementsNeverGoBack(store)
        case .pruning: try await pruning(store)
        case .newReaders: try await newReaders(store)
        case .backlogs: try await backlogs(store)
        case .definitions: try await definitions(store)
        case .sessions: try await sessions(store)
        case .memory: try await memory(store)
        }
    }

    private func sequencesAscend(_ store: some AgentStateStore) async throws {
        let a = try reader("a")
        #expect(try await store.pending(for: a, limit: 10).isEmpty)
        #expect(try await store.append([report(1), report(2)]) == 2)
        #expect(try await store.append([report(3)]) == 3)
        #expect(try await store.append([]) == 3)
        let pending = try await store.pending(for: a, limit: 10)
        #expect(pending.map(\.sequence) == [1, 2, 3])
        #expect(try pending.map(\.report) == [report(1), report(2), report(3)])
        #expect(try await store.pending(for: a, limit: 2).map(\.sequence) == [1, 2])
    }

    private func readersAreIndependent(_ store: some AgentStateStore) async throws {
        let (a, b) = (try reader("a"), try reader("b"))
        _ = try await store.append([report(1), report(2), report(3)])
        try await store.acknowledge(a, through: 2)
        #expect(try await store.pending(for: a, limit: 10).map(\.sequence) == [3])
        #expect(try await store.pending(for: b, limit: 10).map(\.sequence) == [1, 2, 3])
    }

    private func acknowledgementsNeverGoBack(_ store: some AgentStateStore) async throws {
        let a = try reader("a")
        _ = try await store.append([report(1), report(2), report(3)])
        try await store.acknowledge(a, through: 3)
        try await store.acknowledge(a, through: 1)
        #expect(try await store.pending(for: a, limit: 10).isEmpty)
    }

    private func pruning(_ store: some AgentStateStore) async throws {
        let a = try reader("a")
        _ = try await store.append([report(0), report(50), report(100)])
        try await store.prune(now: at(110), retention: .seconds(60))
        #expect(try await store.pending(for: a, limit: 10).map(\.sequence) == [2, 3])
        try await store.prune(now: at(1_000), retention: .seconds(60))
        #expect(try await store.pending(for: a, limit: 10).isEmpty)
        // Sequences are not used again.
        #expect(try await store.append([report(1_001)]) == 4)
        #expect(try await store.pending(for: a, limit: 10).map(\.sequence) == [4])
    }

    private func newReaders(_ store: some AgentStateStore) async throws {
        let a = try reader("a")
        _ = try await store.append([report(100)])
        try await store.acknowledge(a, through: 1)
        try await store.prune(now: at(100), retention: .seconds(60))
        try await store.prune(now: at(150), retention: .seconds(60))
        #expect(try await store.pending(for: a, limit: 10).isEmpty)
        #expect(try await store.pending(for: try reader("new"), limit: 10).map(\.sequence) == [1])
    }

    private func backlogs(_ store: some AgentStateStore) async throws {
        let (old, new) = (try reader("a", history: 1), try reader("a", history: 2))
        try await store.meet(old)
        #expect(try await store.backlog(for: old, limit: 10).isEmpty)
        _ = try await store.append((1...5).map { try report($0) })
        try await store.acknowledge(old, through: 5)
        // The same center with an empty history.
        try await store.meet(new)
        try await store.meet(old)
        #expect(try await store.append([report(6)]) == 6)
        for reader in [old, new] {
            #expect(try await store.pending(for: reader, limit: 10).map(\.sequence) == [6])
        }
        #expect(try await store.backlog(for: old, limit: 10).isEmpty)
        #expect(try await store.backlog(for: new, limit: 2).map(\.sequence) == [5, 4])
        try await store.acknowledgeBacklog(new, downTo: 4)
        try await store.acknowledgeBacklog(new, downTo: 5)
        // Meeting it again changes nothing.
        try await store.meet(new)
        #expect(try await store.backlog(for: new, limit: 10).map(\.sequence) == [3, 2, 1])
        try await store.acknowledge(new, through: 6)
        #expect(try await store.backlog(for: new, limit: 10).map(\.sequence) == [3, 2, 1])
        try await store.prune(now: at(62), retention: .seconds(60))
        #expect(try await store.backlog(for: new, limit: 10).map(\.sequence) == [3, 2])
        try await store.acknowledgeBacklog(new, downTo: 0)
        #expect(try await store.backlog(for: new, limit: 10).isEmpty)
        // By its name alone a center is somebody else.
        #expect(try await store.pending(for: reader("a"), limit: 10).map(\.sequence) == [2, 3, 4, 5, 6])
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
