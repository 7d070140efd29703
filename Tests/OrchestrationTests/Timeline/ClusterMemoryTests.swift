import Domain
import Orchestration
import Testing

/// When a process refuses what it sees (rule T2).
@Suite struct ClusterMemoryTests {
    private static let memory = ClusterMemory(
        cluster: Nonce(bits: 1),
        timeline: Nonce(bits: 2),
        epoch: Epoch(rawValue: 7),
        leader: Nonce(bits: 3),
        transaction: 500,
        marks: ["/a": 400, "/gone": 450]
    )

    /// The same tree, a little later.
    private static var sighting: ClusterSighting {
        ClusterSighting(
            identity: ClusterIdentity(id: Nonce(bits: 1), timeline: Nonce(bits: 2)),
            epoch: Epoch(rawValue: 7),
            leader: Nonce(bits: 3),
            marks: ["/a": 410]
        )
    }

    struct Row: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var refusal: ClusterRefusal?
        var change: @Sendable (inout ClusterSighting) -> Void = { _ in }
    }

    static let rows = [
        Row(testDescription: "nothing but time has passed"),
        Row(testDescription: "a node that is gone says nothing") { $0.marks = [:] },
        Row(testDescription: "another center has taken office since") {
            $0.epoch = Epoch(rawValue: 8)
            $0.leader = Nonce(bits: 4)
        },
        Row(testDescription: "a write of now is later than all that was seen") { $0.latest = 501 },
        Row(testDescription: "no /cluster", refusal: .lost(Nonce(bits: 1), Epoch(rawValue: 7))) {
            $0.identity = nil
        },
        Row(
            testDescription: "another cluster",
            refusal: .another(found: Nonce(bits: 9), remembered: Nonce(bits: 1), Epoch(rawValue: 7))
        ) { $0.identity?.id = Nonce(bits: 9) },
        Row(
            testDescription: "a lower epoch",
            refusal: .epochBehind(
                found: Epoch(rawValue: 6),
                remembered: Epoch(rawValue: 7),
                isNewTimeline: false
            )
        ) { $0.epoch = Epoch(rawValue: 6) },
        Row(
            testDescription: "no epoch",
            refusal: .epochBehind(found: nil, remembered: Epoch(rawValue: 7), isNewTimeline: false)
        ) { $0.epoch = nil },
        Row(testDescription: "the same epoch, another leader", refusal: .anotherLeader(Epoch(rawValue: 7))) {
            $0.leader = Nonce(bits: 4)
        },
        Row(testDescription: "no tasks", refusal: .withoutTasks) { $0.hasTasks = false },
        Row(testDescription: "an older node", refusal: .older("/a", found: 399, remembered: 400)) {
            $0.marks["/a"] = 399
        },
        Row(
            testDescription: "a write of now that is not the latest",
            refusal: .behind(found: 500, remembered: 500)
        ) {
            $0.latest = 500
        },
        Row(testDescription: "a new timeline, whatever its transactions are") {
            $0.identity?.timeline = Nonce(bits: 8)
            $0.leader = Nonce(bits: 4)
            $0.marks = ["/a": 1]
            $0.latest = 2
        },
        Row(
            testDescription: "a new timeline with a lower epoch",
            refusal: .epochBehind(
                found: Epoch(rawValue: 6),
                remembered: Epoch(rawValue: 7),
                isNewTimeline: true
            )
        ) {
            $0.identity?.timeline = Nonce(bits: 8)
            $0.epoch = Epoch(rawValue: 6)
        },
    ]

    @Test("what is refused and what is not", arguments: rows)
    func refusals(row: Row) {
        var sighting = Self.sighting
        row.change(&sighting)
        #expect(Self.memory.refusal(of: sighting) == row.refusal)
    }

    @Test("a refusal says what to do", arguments: rows.compactMap(\.refusal) + [.headless])
    func remedies(refusal: ClusterRefusal) {
        #expect(refusal.description.contains("cloudtask cluster bump-epoch"))
    }

    @Test("transactions never fall within a timeline, and begin anew with another")
    func remembering() throws {
        var sighting = Self.sighting
        let same = try #require(ClusterMemory(sighting, after: Self.memory))
        #expect(same.transaction == 500 && same.marks == ["/a": 410])
        sighting.latest = 600
        #expect(ClusterMemory(sighting, after: Self.memory)?.transaction == 600)
        sighting.latest = nil
        sighting.identity?.timeline = Nonce(bits: 8)
        #expect(ClusterMemory(sighting, after: Self.memory)?.transaction == 410)
    }

    @Test("a tree that is not complete yet is not remembered")
    func incomplete() {
        for change: (inout ClusterSighting) -> Void in [
            { $0.identity = nil }, { $0.epoch = nil }, { $0.hasTasks = false },
        ] {
            var sighting = Self.sighting
            change(&sighting)
            #expect(ClusterMemory(sighting, after: nil) == nil)
        }
    }
}
