import Domain
import Orchestration
import Scheduling

/// A task that is due every ten seconds, its history as it should be, and ways to spoil it.
struct Story {
    static let start = Instant(rfc3339: "2026-03-01T00:00:00Z")!
    static let uid = TaskUID("00000000000000aa")!
    static let incarnation = Incarnation(high: 1, low: 2)

    var definition: TaskDefinition
    var history = RunEvidence()
    var window = Story.due(0)...Story.due(4)
    var policy = RunCheckPolicy(latenessBound: .seconds(5))

    /// Five instants, each started after 20 ms on its agent, ended after two seconds, and recorded so.
    init(_ delivery: Delivery = .atMostOnce) {
        definition = Story.definition(delivery)
        for index in 0...4 {
            history.starts.append(Story.started(index))
            history.runs.append(Story.run(index, .succeeded, attempts: [Story.attempt(index)]))
        }
    }

    static func definition(_ delivery: Delivery, every seconds: Int = 10, count: Int? = nil) -> TaskDefinition
    {
        let end = count.map { start + .seconds(seconds * ($0 - 1)) }
        let schedule = try! IntervalSchedule(every: .seconds(seconds), start: start, end: end)
        var specification = TaskSpecification(name: TaskID("tick")!, action: .command(["true"]))
        specification.schedules = [.every(schedule)]
        specification.delivery = delivery
        return TaskDefinition.created(specification, uid: uid, now: start - .seconds(60))
    }

    static func due(_ index: Int) -> Instant { start + .seconds(10 * index) }

    static func id(_ index: Int) -> RunID { RunID(FireKey(uid: uid, due: due(index))) }

    static func node(_ index: Int) -> AgentID { AgentID("agent-\(index % 3)")! }

    static func started(
        _ index: Int,
        attempt: Int = 1,
        after delay: Duration = .milliseconds(20),
        lasts: Duration? = .seconds(2),
        on node: AgentID? = nil
    ) -> RecordedStart {
        let startedAt = due(index) + delay
        return RecordedStart(
            task: TaskID("tick")!,
            run: id(index),
            due: due(index),
            attempt: attempt,
            node: node ?? Story.node(index),
            startedAt: startedAt,
            endedAt: lasts.map { startedAt + $0 }
        )
    }

    static func attempt(
        _ index: Int,
        number: Int = 1,
        _ outcome: AttemptOutcome? = .succeeded,
        on node: AgentID? = nil,
        endedAfter delay: Duration = .milliseconds(2_020)
    ) -> RunAttempt {
        let result = outcome.map {
            AttemptResult(
                attempt: AttemptID(run: id(index), number: number),
                outcome: $0,
                endedAt: due(index) + delay
            )
        }
        return RunAttempt(
            number: number,
            agent: node ?? Story.node(index),
            incarnation: incarnation,
            revision: 1,
            result: result
        )
    }

    static func run(_ index: Int, _ state: RunState, since: Int? = nil, attempts: [RunAttempt] = []) -> Run {
        Run(
            id: id(index),
            task: TaskID("tick")!,
            uid: uid,
            part: 0,
            runtime: .standard,
            due: due(index),
            trigger: .schedule,
            state: state,
            count: since.map { index - $0 + 1 } ?? 1,
            since: since.map(due),
            attempts: attempts
        )
    }

    mutating func replaceRun(_ index: Int, _ run: Run?) {
        history.runs.removeAll { $0.id == Story.id(index) }
        if let run { history.runs.append(run) }
    }

    mutating func replaceStarts(_ index: Int, _ starts: [RecordedStart]) {
        history.starts.removeAll { $0.run == Story.id(index) }
        history.starts += starts
    }

    func check() throws -> RunCheckReport {
        try RunChecker(definitions: [definition], window: window, policy: policy).check(history)
    }
}
