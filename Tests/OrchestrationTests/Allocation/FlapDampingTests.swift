import Domain
import Orchestration
import Testing

/// When an agent that starts again and again is held back (fault F58).
@Suite struct FlapDampingTests {
    struct Row: CustomTestStringConvertible, Sendable {
        var testDescription: String
        /// When the agent starts, in seconds.
        var starts: [Int]
        /// When somebody looks, and how long it is held then.
        var looks: [Int: Int]
        var damping = FlapDamping(startsMax: 3, window: .seconds(60), rejoinDelay: .seconds(60))
    }

    static let rows = [
        Row(testDescription: "one restart is nothing", starts: [0, 30], looks: [30: 0, 100: 0]),
        Row(testDescription: "three starts a minute are nothing", starts: [0, 10, 20], looks: [20: 0]),
        Row(
            testDescription: "the fourth is held until stable",
            starts: [0, 10, 20, 30],
            looks: [30: 60, 89: 1, 90: 0]
        ),
        Row(testDescription: "starts go out of date", starts: [0, 30, 61, 92, 123], looks: [123: 0]),
        Row(
            testDescription: "who starts again while held has to wait anew",
            starts: [0, 10, 20, 30, 85],
            looks: [85: 60, 144: 1, 145: 0]
        ),
        Row(
            testDescription: "five restarts a minute are never given tasks while they last",
            starts: Array(stride(from: 0, to: 600, by: 12)),
            looks: [24: 0, 36: 60, 47: 49, 300: 60, 588: 60, 600: 48, 648: 0]
        ),
        Row(
            testDescription: "after it was stable one more start is nothing",
            starts: [0, 1, 2, 3, 200],
            looks: [63: 0, 200: 0]
        ),
        Row(
            testDescription: "a delay of zero turns damping off",
            starts: [0, 1, 2, 3, 4, 5],
            looks: [5: 0],
            damping: FlapDamping(rejoinDelay: .zero)
        ),
    ]

    @Test("how long it is held", arguments: rows)
    func held(row: Row) {
        let agent = AgentID("a")!
        var history = FlapHistory()
        var incarnation = 0
        for second in 0...700 {
            if row.starts.contains(second) {
                incarnation += 1
                // Gone in between, as a process is that starts again.
                history.note([:], now: .seconds(second), row.damping)
            }
            let live = [agent: Incarnation(high: 0, low: UInt64(incarnation))]
            history.note(live, now: .seconds(second), row.damping)
            guard let expected = row.looks[second] else { continue }
            let found = history.held(at: .seconds(second))[agent] ?? .zero
            #expect(found == .seconds(expected), "at \(second) s")
        }
    }

    @Test("one agent's starts hold back nobody else, and are forgotten when it is gone for good")
    func others() {
        let (a, b) = (AgentID("a")!, AgentID("b")!)
        var history = FlapHistory()
        let damping = FlapDamping()
        for second in 0..<6 {
            history.note(
                [a: Incarnation(high: 0, low: UInt64(second)), b: Incarnation(high: 9, low: 9)],
                now: .seconds(second),
                damping
            )
        }
        #expect(Array(history.held(at: .seconds(6)).keys) == [a])
        history.note([b: Incarnation(high: 9, low: 9)], now: .seconds(1_000), damping)
        #expect(history.held(at: .seconds(1_000)).isEmpty)
        history.note([a: Incarnation(high: 0, low: 7)], now: .seconds(1_001), damping)
        #expect(history.held(at: .seconds(1_001)).isEmpty)
    }
}
