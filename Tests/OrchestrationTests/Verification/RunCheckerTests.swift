import Domain
import Foundation
import Orchestration
import Scheduling
import Testing

@Suite("Run checker: verdicts")
struct RunCheckerTests {
    /// What is done to a good history, and what must be found then. `!` marks a violation.
    struct Row: CustomTestStringConvertible {
        var what: String
        var delivery = Delivery.atMostOnce
        var findings: [String]
        var change: @Sendable (inout Story) -> Void
        var testDescription: String { what }
    }

    static let dispositions = [
        Row(what: "nothing is wrong", findings: []) { _ in },
        Row(what: "nothing is wrong, at least once", delivery: .atLeastOnce, findings: []) { _ in },
        Row(what: "an instant is silently absent", findings: ["!missed 2"]) {
            $0.replaceRun(2, nil)
            $0.replaceStarts(2, [])
        },
        Row(
            what: "an absent instant of an at-least-once task",
            delivery: .atLeastOnce,
            findings: ["!missed 0"]
        ) {
            $0.replaceRun(0, nil)
            $0.replaceStarts(0, [])
        },
        Row(what: "started, but the cluster knows nothing", findings: ["!start-without-run 2"]) {
            $0.replaceRun(2, nil)
        },
        Row(what: "skipped", findings: []) {
            $0.replaceRun(1, Story.run(1, .skipped))
            $0.replaceStarts(1, [])
        },
        Row(what: "an at-least-once task skipped", delivery: .atLeastOnce, findings: ["!not-completed 1"]) {
            $0.replaceRun(1, Story.run(1, .skipped))
            $0.replaceStarts(1, [])
        },
        Row(what: "started although skipped", findings: ["!start-of-unlaunched 1"]) {
            $0.replaceRun(1, Story.run(1, .skipped))
        },
        Row(what: "started although missed", findings: ["!start-of-unlaunched 1"]) {
            $0.replaceRun(1, Story.run(1, .missed))
        },
        Row(what: "a range of missed instants", findings: []) { story in
            for index in 1...3 {
                story.replaceRun(index, index == 3 ? Story.run(3, .missed, since: 1) : nil)
                story.replaceStarts(index, [])
            }
        },
        Row(what: "a range that includes an instant that ran", findings: ["!decided-twice 2"]) { story in
            for index in [1, 3] {
                story.replaceRun(index, index == 3 ? Story.run(3, .missed, since: 1) : nil)
                story.replaceStarts(index, [])
            }
        },
        Row(what: "a range that begins before and one that ends after the window", findings: []) { story in
            for index in [0, 4] { story.replaceStarts(index, []) }
            story.replaceRun(0, Story.run(0, .missed, since: -7))
            story.replaceRun(4, nil)
            story.history.runs.append(Story.run(9, .missed, since: 4))
        },
        Row(what: "two records of one instant", findings: ["!decided-twice 2"]) {
            $0.history.runs.append(Story.run(2, .failed, attempts: [Story.attempt(2, .failed)]))
        },
        Row(what: "the same record from two centers", findings: []) {
            $0.history.runs.append($0.history.runs[2])
        },
        Row(what: "still running", findings: ["!undecided 4"]) {
            $0.replaceRun(4, Story.run(4, .running, attempts: [Story.attempt(4, nil)]))
        },
        Row(what: "succeeded without a start", findings: ["!success-without-start 3"]) {
            $0.replaceStarts(3, [])
        },
        Row(what: "could not be started", findings: []) {
            $0.replaceRun(3, Story.run(3, .failed, attempts: [Story.attempt(3, .notStarted)]))
            $0.replaceStarts(3, [])
        },
    ]

    static let starts = [
        Row(what: "an instant started twice", findings: ["!doubled 1"]) { story in
            story.history.starts.append(Story.started(1, after: .seconds(3)))
        },
        Row(what: "a second attempt of an at-most-once task", findings: ["!contradiction 1", "!doubled 1"]) {
            story in
            story.history.starts.append(Story.started(1, attempt: 2, after: .seconds(3)))
        },
        Row(what: "a second attempt after a loss", delivery: .atLeastOnce, findings: ["incomplete 1"]) {
            story in
            story.replaceStarts(
                1,
                [Story.started(1, lasts: nil), Story.started(1, attempt: 2, after: .seconds(8))]
            )
            story.replaceRun(
                1,
                Story.run(1, .succeeded, attempts: [Story.attempt(1, .lost), Story.attempt(1, number: 2)])
            )
        },
        Row(what: "the same attempt twice", delivery: .atLeastOnce, findings: ["!doubled 1"]) { story in
            story.history.starts.append(Story.started(1, after: .seconds(3)))
        },
        Row(what: "attempts in the wrong order", delivery: .atLeastOnce, findings: ["!doubled 1"]) { story in
            story.replaceStarts(1, [Story.started(1, after: .seconds(4)), Story.started(1, attempt: 2)])
            story.replaceRun(
                1,
                Story.run(1, .succeeded, attempts: [Story.attempt(1), Story.attempt(1, number: 2)])
            )
        },
        Row(what: "exactly at the bound", findings: []) {
            $0.replaceStarts(2, [Story.started(2, after: .seconds(5))])
        },
        Row(what: "later than the bound", findings: ["!late 2"]) {
            $0.replaceStarts(2, [Story.started(2, after: .milliseconds(5_001))])
        },
        Row(what: "before its instant", findings: ["!early 2"]) {
            $0.replaceStarts(2, [Story.started(2, after: .milliseconds(-1))])
        },
        Row(what: "before its instant by less than the clocks differ", findings: []) {
            $0.policy.clockSkew = .milliseconds(1)
            $0.replaceStarts(2, [Story.started(2, after: .milliseconds(-1))])
        },
        Row(what: "attempts of two instants overlap", findings: ["overlapping 2"]) {
            $0.replaceStarts(2, [Story.started(2, lasts: .milliseconds(10_500))])
        },
        Row(what: "attempts of an exclusive task overlap", findings: ["!overlapping 2"]) {
            $0.policy.exclusiveTasks = [Story.uid]
            $0.replaceStarts(2, [Story.started(2, lasts: .milliseconds(10_500))])
        },
        Row(what: "attempts of a task with concurrency: forbid overlap", findings: ["!overlapping 2"]) {
            $0.definition.specification.concurrency = Concurrency(.forbid)
            $0.replaceStarts(2, [Story.started(2, lasts: .milliseconds(10_500))])
        },
        Row(
            what: "instants that wait behind a run that still runs",
            findings: ["incomplete 2", "undecided 2", "waiting 3", "waiting 4"]
        ) {
            $0.form(line: .queueAll, behind: 2, lasts: nil)
        },
        Row(
            what: "instants that wait, one of which is just being launched",
            findings: ["waiting 3", "waiting 4"]
        ) {
            $0.form(line: .queueAll, behind: 2, lasts: .seconds(25))
            $0.replaceRun(3, Story.run(3, .running, attempts: [Story.attempt(3, nil)]))
        },
        Row(what: "a line in which nothing has begun for long", findings: ["!missed 3", "!missed 4"]) {
            $0.form(line: .queueAll, behind: 2, lasts: .seconds(12))
        },
        Row(what: "a run that ended before the others were due", findings: ["!missed 3", "!missed 4"]) {
            $0.form(line: .queueOne, behind: 2, lasts: .seconds(2))
        },
        Row(what: "no line: the task's runs wait for nothing", findings: ["!missed 3", "!missed 4"]) {
            $0.form(line: .allow, behind: 2, lasts: .seconds(25))
        },
        Row(what: "a range of skipped instants", findings: []) {
            $0.definition = Story.definition(.atLeastOnce)
            $0.definition.specification.concurrency = Concurrency(.queueOne)
            $0.replaceStarts(2, [])
            $0.replaceStarts(3, [])
            $0.replaceRun(2, nil)
            $0.replaceRun(3, Story.run(3, .skipped, since: 2))
        },
        Row(what: "a start at no due instant", findings: ["!start-not-due 7"]) {
            $0.window = Story.due(0)...Story.due(8)
            $0.definition = Story.definition(.atMostOnce, count: 5)
            $0.history.starts.append(Story.started(7))
        },
        Row(what: "a run at no due instant", findings: ["!run-not-due 7"]) {
            $0.window = Story.due(0)...Story.due(8)
            $0.definition = Story.definition(.atMostOnce, count: 5)
            $0.history.runs.append(Story.run(7, .missed))
        },
        Row(what: "outside the window", findings: []) {
            $0.history.starts += [Story.started(7), Story.started(7)]
            $0.history.runs.append(Story.run(8, .running))
        },
        Row(what: "a start of an unknown task", findings: ["!start-not-due 1"]) {
            var start = Story.started(1)
            start.run = RunID(FireKey(uid: TaskUID(bits: 77), due: start.due))
            $0.history.starts.append(start)
        },
        Row(what: "a run of an unknown task", findings: ["!run-not-due 1"]) {
            var run = Story.run(1, .missed)
            run.uid = TaskUID(bits: 77)
            run.id = RunID(FireKey(uid: run.uid, due: run.due))
            $0.history.runs.append(run)
        },
        Row(what: "a start on another agent than recorded", findings: ["!contradiction 1"]) {
            $0.replaceStarts(1, [Story.started(1, on: AgentID("elsewhere"))])
        },
        Row(what: "a start that was told another instant", findings: ["!contradiction 2"]) {
            $0.history.starts[1].due = Story.due(2)
        },
        Row(what: "an unreadable line", findings: ["!unreadable"]) {
            $0.history.unreadableLines = ["tick 0000"]
        },
        Row(what: "a requested run", findings: []) {
            var start = Story.started(1, after: .seconds(9))
            start.run = RunID(request: Nonce(high: 3, low: 4))
            $0.history.starts.append(start)
        },
    ]

    static let losses = [
        Row(what: "lost with its agent", findings: ["incomplete 3", "lost 3"]) {
            $0.lose(3, killAfter: .seconds(1))
        },
        Row(what: "lost with an agent that was killed after journaling", findings: ["lost 3"]) {
            $0.lose(3, killAfter: .milliseconds(-900))
            $0.replaceStarts(3, [])
        },
        Row(what: "lost, nobody was killed", findings: ["incomplete 3", "!lost-without-fault 3"]) {
            $0.lose(3, killAfter: .seconds(1))
            $0.history.faults = []
        },
        Row(what: "lost, another agent was killed", findings: ["incomplete 3", "!lost-without-fault 3"]) {
            $0.lose(3, killAfter: .seconds(1))
            $0.history.faults[0].target = "agent-1"
        },
        Row(what: "lost, its agent was paused for ever", findings: ["incomplete 3", "lost 3"]) {
            $0.lose(3, killAfter: .seconds(1))
            $0.history.faults[0].kind = .paused
        },
        Row(
            what: "lost, its agent was killed long before",
            findings: ["incomplete 3", "!lost-without-fault 3"]
        ) {
            $0.lose(3, killAfter: .milliseconds(-1_001))
        },
        Row(
            what: "lost, its agent was killed only later",
            findings: ["incomplete 3", "!lost-without-fault 3"]
        ) {
            $0.lose(3, killAfter: .seconds(7))
        },
        Row(
            what: "lost and not attempted again",
            delivery: .atLeastOnce,
            findings: ["incomplete 3", "lost 3", "!not-completed 3"]
        ) { $0.lose(3, killAfter: .seconds(1)) },
        Row(
            what: "lost, recorded by a center whose clock was set back",
            findings: ["incomplete 3", "lost 3"]
        ) {
            $0.lose(3, killAfter: .seconds(7))
            let attempt = Story.attempt(3, .lost, endedAfter: .seconds(-50))
            $0.replaceRun(3, Story.run(3, .lost, attempts: [attempt]))
            $0.history.faults.append(
                FaultPeriod(
                    kind: .clockStepped,
                    target: "center-1",
                    start: Story.due(3) + .seconds(6),
                    end: Story.due(3) + .seconds(20)
                )
            )
        },
        Row(what: "timed out before it could record its start", delivery: .atLeastOnce, findings: []) {
            $0.replaceRun(3, Story.run(3, .failed, attempts: [Story.attempt(3, .timedOut)]))
            $0.replaceStarts(3, [])
        },
        Row(what: "not started for good", delivery: .atLeastOnce, findings: ["!not-completed 3"]) {
            $0.replaceRun(3, Story.run(3, .failed, attempts: [Story.attempt(3, .notStarted)]))
            $0.replaceStarts(3, [])
        },
        Row(what: "no end recorded, the cluster knows it", findings: []) {
            $0.replaceStarts(3, [Story.started(3, lasts: nil)])
        },
    ]

    @Test("each flaw of a history is found, and nothing else", arguments: dispositions + starts + losses)
    func verdict(row: Row) throws {
        var story = Story(row.delivery)
        row.change(&story)
        let report = try story.check()
        let findings = (report.tasks.flatMap(\.findings) + report.strays).map { finding in
            let index =
                finding.due.map { " \(Story.start.duration(to: $0).wholeMilliseconds / 10_000)" } ?? ""
            return (finding.isViolation ? "!" : "") + finding.kind.rawValue + index
        }
        #expect(findings == row.findings)
        #expect(report.isValid == !row.findings.contains { $0.hasPrefix("!") })
        #expect(report.counts.values.reduce(0, +) == row.findings.count)
    }

    @Test("what a shard lacks is said of its own runs")
    func shards() throws {
        var story = Story()
        story.definition.specification.shards = .count(2)
        story.history.runs += [0, 1, 3].map { index in
            var run = Story.run(index, .skipped)
            run.part = 1
            run.id = RunID(FireKey(uid: Story.uid, part: 1, due: Story.due(index)))
            return run
        }
        let report = try story.check()
        let findings = report.tasks.flatMap(\.findings)
        #expect(findings.map(\.kind) == [.missed, .missed])
        let runs = [2, 4].map { RunID(FireKey(uid: Story.uid, part: 1, due: Story.due($0))) }
        #expect(findings.map(\.run) == runs)
    }

    @Test("the report sums up what happened")
    func summary() throws {
        var story = Story()
        story.replaceStarts(4, [Story.started(4, after: .milliseconds(700))])
        story.replaceRun(0, Story.run(0, .skipped))
        story.replaceStarts(0, [])
        let task = try #require(try story.check().tasks.first)
        #expect((task.expected, task.started, task.completed) == (5, 4, 4))
        #expect(task.dispositions == ["succeeded": 4, "skipped": 1])
        #expect(task.lateness?.p50Milliseconds == 20)
        #expect(task.lateness?.p99Milliseconds == 700)
        #expect(task.lateness?.maxMilliseconds == 700)
    }

    @Test(
        "the report is the same whatever the order of the history, and survives JSON",
        arguments: 1...5 as ClosedRange<UInt64>
    )
    func deterministic(seed: UInt64) throws {
        var numbers = SeededNumbers(seed)
        var story = Story(.atLeastOnce)
        story.lose(3, killAfter: .seconds(1))
        story.replaceRun(1, nil)
        story.history.starts += [Story.started(2), Story.started(2, on: AgentID("elsewhere"))]
        story.history.unreadableLines = ["b", "a"]
        let expected = try story.check()
        story.history.starts.shuffle(using: &numbers)
        story.history.runs.shuffle(using: &numbers)
        story.history.unreadableLines.reverse()
        let report = try story.check()
        #expect(try report.json() == expected.json())
        #expect(try JSONDecoder().decode(RunCheckReport.self, from: Data(report.json().utf8)) == expected)
    }

    @Test("instants before an edit are those of the schedule then in force")
    func editedDefinition() throws {
        var specification = Story.definition(.atMostOnce).specification
        specification.schedules = [.every(try IntervalSchedule(every: .seconds(30)))]
        let edited = Story.definition(.atMostOnce).edited(specification, now: Story.due(2))
        let instants = try RunChecker.expectedInstants(of: edited, in: Story.due(0)...Story.due(9))
        #expect(instants == [0, 1, 2, 3, 6, 9].map(Story.due))
    }

    @Test("when processes of a resident task begin is not known beforehand, and so not checked")
    func resident() throws {
        var story = Story()
        var specification = Story.definition(.atMostOnce).specification
        specification.schedules = []
        specification.residency = Residency()
        let task = TaskDefinition.created(specification, uid: Story.uid, now: Story.due(0))
        #expect(try RunChecker.expectedInstants(of: task, in: Story.due(0)...Story.due(9)).isEmpty)
        story.history.runs = [Story.run(0, .succeeded)]
        let checker = RunChecker(
            definitions: [task],
            window: Story.due(0)...Story.due(9),
            policy: story.policy
        )
        #expect(try checker.check(story.history).isValid)
    }

    @Test("a window with more instants than a check can hold is refused")
    func tooManyInstants() {
        let window = Story.due(0)...Story.due(10 * RunChecker.instantsMax)
        #expect(throws: RunCheckError.tooManyInstants(TaskID("tick")!)) {
            try RunChecker.expectedInstants(of: Story.definition(.atMostOnce, every: 1), in: window)
        }
    }
}

extension Story {
    /// The instant's agent is killed, and five seconds after the instant the leader gives its attempt up.
    mutating func lose(_ index: Int, killAfter delay: Duration) {
        replaceStarts(index, [Story.started(index, lasts: nil)])
        let attempt = Story.attempt(index, .lost, endedAfter: .seconds(5))
        replaceRun(index, Story.run(index, .lost, attempts: [attempt]))
        history.faults = [
            FaultPeriod(kind: .killed, target: Story.node(index).text, start: Story.due(index) + delay)
        ]
    }
}

extension Story {
    /// Nothing is known of the instants after one whose run takes so long.
    fileprivate mutating func form(line policy: Concurrency.Policy, behind index: Int, lasts: Duration?) {
        definition.specification.concurrency = Concurrency(policy)
        replaceStarts(index, [Story.started(index, lasts: lasts)])
        if lasts == nil {
            replaceRun(index, Story.run(index, .running, attempts: [Story.attempt(index, nil)]))
        }
        for later in index + 1...4 {
            replaceStarts(later, [])
            replaceRun(later, nil)
        }
    }
}
