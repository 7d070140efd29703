import Cluster
import Domain
import Scheduling
import Testing

@testable import Center

/// What a center remembers of progress, and for how long.
@Suite struct ProgressBoardTests {
    private let due = Instant(millisecondsSinceEpoch: 0)
    private let start = MonotonicInstant(sinceOrigin: .seconds(1_000))

    private func report(_ number: Int, _ outcome: AttemptOutcome? = nil) -> RunReport {
        let uid = TaskUID(bits: 1)
        let attempt = AttemptID(run: RunID(FireKey(uid: uid, due: due)), number: number)
        let fire = JournaledFire(
            attempt: attempt,
            task: TaskID("t")!,
            uid: uid,
            revision: 1,
            due: due,
            trigger: .schedule,
            delivery: .atLeastOnce,
            decision: .launch
        )
        let phase: RunReport.Phase =
            outcome.map { .ended(AttemptResult(attempt: attempt, outcome: $0, endedAt: due)) }
            ?? .started(at: due)
        return RunReport(
            fire: fire,
            agent: AgentID("a")!,
            incarnation: Incarnation(bits: 1),
            runtime: .standard,
            phase: phase
        )
    }

    private func note(_ number: Int, _ percent: Double) -> ProgressNote {
        ProgressNote(report(number).fire.attempt, RunProgress(percent: percent, at: due))
    }

    @Test("the latest word of the attempt that runs counts")
    func latest() {
        let board = ProgressBoard()
        var run = Run(report(1))
        #expect(board[run] == nil)
        board.note([note(1, 10), note(1, 20)], now: start)
        #expect(board[run]?.progress?.percent == 20)
        // A second attempt has said nothing yet; then it has, and the first does not speak any more.
        run.apply(report(1, .lost))
        #expect(board[run] == nil)
        run.apply(report(2))
        #expect(board[run] == nil)
        board.note([note(2, 5)], now: start)
        board.note([note(1, 99)], now: start)
        #expect(board[run]?.progress?.percent == 5)
    }

    @Test("the report of an end takes the word away, also one that comes after it does not count")
    func ended() {
        let board = ProgressBoard()
        board.note([note(1, 10)], now: start)
        board.forget([report(1)])
        #expect(board[Run(report(1))]?.progress?.percent == 10)
        board.forget([report(1, .succeeded)])
        #expect(board[Run(report(1))] == nil)
        board.note([note(1, 100)], now: start)
        #expect(board[Run(report(1, .succeeded))] == nil)
    }

    @Test("what is not repeated for five minutes is forgotten")
    func old() {
        let board = ProgressBoard()
        board.note([note(1, 10)], now: start)
        board.note([], now: start + .seconds(290))
        #expect(board[Run(report(1))] != nil)
        board.note([], now: start + .seconds(360))
        #expect(board[Run(report(1))] == nil)
    }
}
