import Domain
import Orchestration
import Scheduling
import Testing

@Suite struct LaunchQueueTests {
    private static let noon = Instant(millisecondsSinceEpoch: 1_800_000_000_000)
    private static let reports = GroupID("reports")!

    /// A queue of numbered elements, all of one group.
    private func queue(_ claims: [(priority: Int, seconds: Int)]) -> LaunchQueue<Int> {
        var queue = LaunchQueue<Int>()
        for (index, claim) in claims.enumerated() {
            queue.insert(index, Self.claim(claim.priority, claim.seconds))
        }
        return queue
    }

    private static func claim(_ priority: Int = 0, _ seconds: Int = 0, _ group: GroupID = .standard)
        -> LaunchQueue<Int>.Claim
    {
        .init(group: group, priority: priority, readyAt: noon + .seconds(seconds))
    }

    /// Takes everything, and lets every element keep its slot.
    private func order(_ queue: LaunchQueue<Int>) -> [Int] {
        var queue = queue
        var taken: [Int] = []
        while let element = queue.popNext() { taken.append(element) }
        return taken
    }

    @Test(
        "higher priority first, then what has waited longer, then what came first",
        arguments: [
            (claims: [(0, 0), (0, 0), (0, 0)], order: [0, 1, 2]),
            (claims: [(0, 2), (0, 1), (0, 0)], order: [2, 1, 0]),
            (claims: [(0, 0), (1, 0), (-1, 0)], order: [1, 0, 2]),
            (claims: [(-100, 0), (100, 0), (0, 0)], order: [1, 2, 0]),
            // A point is worth three seconds of waiting.
            (claims: [(1, 2), (0, 0)], order: [0, 1]),
            (claims: [(1, 4), (0, 0)], order: [1, 0]),
            (claims: [(0, 0), (1, 3)], order: [0, 1]),
        ] as [(claims: [(Int, Int)], order: [Int])]
    )
    func priorities(_ row: (claims: [(Int, Int)], order: [Int])) {
        #expect(order(queue(row.claims.map { (priority: $0.0, seconds: $0.1) })) == row.order)
    }

    @Test("what waits goes before everything that comes ten minutes later, whatever the priorities")
    func nothingStarves() {
        #expect(order(queue([(100, 601), (-100, 0)])) == [1, 0])
        #expect(order(queue([(100, 599), (-100, 0)])) == [0, 1])
    }

    /// Runs two groups that always have something waiting for so many seconds, and says how many seconds of slots each has used.
    private func used(weights: [GroupID: Int], slots: Int, seconds: Int, lengths: [GroupID: Int]) -> [GroupID:
        Int]
    {
        var queue = LaunchQueue<GroupID>()
        queue.setWeights(weights)
        for group in lengths.keys.sorted() {
            queue.insert(group, .init(group: group, priority: 0, readyAt: Self.noon))
        }
        var ends: [(at: Int, group: GroupID)] = []
        var used: [GroupID: Int] = [:]
        for second in 0..<seconds {
            queue.advance(to: .seconds(second))
            for end in ends where end.at == second { queue.ended(end.group) }
            ends.removeAll { $0.at == second }
            while ends.count < slots, let group = queue.popNext() {
                queue.started(group)
                ends.append((second + lengths[group]!, group))
                queue.insert(group, .init(group: group, priority: 0, readyAt: Self.noon + .seconds(second)))
            }
            for end in ends { used[end.group, default: 0] += 1 }
        }
        return used
    }

    @Test(
        "a share with a small weight gets its part of few slots",
        arguments: [
            (slots: 4, reports: 3, imports: 1), (slots: 1, reports: 3, imports: 1),
            (slots: 4, reports: 1, imports: 7), (slots: 2, reports: 20, imports: 1),
        ]
    )
    func fewSlots(_ row: (slots: Int, reports: Int, imports: Int)) {
        let imports = GroupID("imports")!
        let used = used(
            weights: [Self.reports: 300, imports: 50],
            slots: row.slots,
            seconds: 3_500,
            lengths: [Self.reports: row.reports, imports: row.imports]
        )
        let part = 7 * (used[imports] ?? 0)
        #expect(abs(part - 3_500 * row.slots) <= 35 * row.slots + 7 * 20)
    }

    @Test("a share that had nothing to run is owed nothing")
    func notOwed() {
        let imports = GroupID("imports")!
        var queue = LaunchQueue<Int>()
        queue.setWeights([Self.reports: 100, imports: 100])
        queue.advance(to: .zero)
        queue.insert(0, Self.claim(0, 0, Self.reports))
        _ = queue.popNext()
        queue.started(Self.reports)
        queue.advance(to: .seconds(1_000))
        for number in 1...4 {
            queue.insert(number, Self.claim(0, 1_000, number > 2 ? imports : Self.reports))
        }
        #expect(queue.first(4) == [3, 1, 4, 2])
    }

    @Test("groups with weights share the slots in proportion, all others are one share")
    func shares() {
        var queue = LaunchQueue<Int>()
        queue.setWeights([Self.reports: 300])
        let others = [GroupID.standard, GroupID("imports")!]
        for index in 0..<40 { queue.insert(index, Self.claim(0, index, others[index % 2])) }
        for index in 100..<140 { queue.insert(index, Self.claim(0, index, Self.reports)) }
        var taken: [Bool] = []
        for _ in 0..<16 {
            guard let element = queue.popNext() else { break }
            taken.append(element >= 100)
            queue.started(element >= 100 ? Self.reports : others[element % 2])
        }
        #expect(taken.count { $0 } == 12)
        // A slot that becomes free goes to the share that gave it back.
        queue.ended(Self.reports)
        #expect(queue.popNext().map { $0 >= 100 } == true)
        queue.started(Self.reports)
        queue.ended(others[0])
        #expect(queue.popNext().map { $0 < 100 } == true)
    }

    @Test("a share that wants nothing leaves its slots to the others")
    func idleShare() {
        var queue = LaunchQueue<Int>()
        queue.setWeights([Self.reports: 1])
        for index in 0..<3 { queue.insert(index, Self.claim(0, 0, Self.reports)) }
        #expect(order(queue) == [0, 1, 2])
    }

    @Test("weights may change while attempts wait and run")
    func changingWeights() {
        var queue = LaunchQueue<Int>()
        for index in 0..<4 { queue.insert(index, Self.claim(0, index, index < 2 ? .standard : Self.reports)) }
        for _ in 0..<5 { queue.started(Self.reports) }
        #expect(queue.next == 0)
        queue.setWeights([Self.reports: 1_000])
        // One running for each hundredth of the weight: (5 + 1) / 1000 is less than (0 + 1) / 100.
        #expect(queue.next == 2)
        queue.setWeights([Self.reports: 500])
        #expect(queue.next == 0)
        queue.setWeights([:])
        #expect(order(queue) == [0, 1, 2, 3])
    }

    @Test("what is taken out leaves the others in order")
    func extract() {
        var queue = queue([(0, 0), (5, 0), (0, 1), (0, 2)])
        let taken = queue.extract { element, kept in element == 2 || kept >= 2 ? "\(kept)" : nil }
        #expect(taken.map(\.element) == [2, 3])
        #expect(taken.map(\.reason) == ["2", "2"])
        #expect(queue.count == 2)
        #expect(order(queue) == [1, 0])
    }

    @Test("the first elements are shown as they would be taken, and stay")
    func first() {
        var queue = LaunchQueue<Int>()
        queue.setWeights([Self.reports: 100])
        for index in 0..<3 { queue.insert(index, Self.claim()) }
        for index in 10..<12 { queue.insert(index, Self.claim(0, 1, Self.reports)) }
        #expect(queue.first(4) == [0, 10, 1, 11])
        #expect(queue.first(99).count == 5)
        #expect(queue.count == 5)
    }
}

@Suite struct StartPaceTests {
    /// The instants, in milliseconds, of starts that begin as soon as the pace allows it.
    private func starts(_ count: Int, perSecond: Double?, after idle: Duration = .zero) -> [Int64] {
        var pace = StartPace(perSecond: perSecond)
        var now = idle
        return (0..<count).map { _ in
            now += pace.wait(at: now)
            pace.started(at: now)
            return now.components.seconds * 1_000 + now.components.attoseconds / 1_000_000_000_000_000
        }
    }

    @Test("without a limit everything starts at once")
    func unlimited() { #expect(starts(1_000, perSecond: nil).allSatisfy { $0 == 0 }) }

    @Test("a slow pace is even")
    func even() { #expect(starts(4, perSecond: 2) == [0, 500, 1_000, 1_500]) }

    @Test("a fast pace begins with a tenth of a second's starts at once, and keeps to the limit")
    func burst() {
        let starts = starts(1_100, perSecond: 1_000, after: .seconds(60))
        #expect(starts.count { $0 == 60_000 } == 100)
        #expect(starts.last == 61_000)
    }

    @Test("a limit that is lifted or changed counts at once")
    func change() {
        var pace = StartPace(perSecond: 1)
        pace.started(at: .zero)
        #expect(pace.wait(at: .milliseconds(400)) == .milliseconds(600))
        pace.perSecond = nil
        #expect(pace.wait(at: .milliseconds(400)) == .zero)
    }
}
