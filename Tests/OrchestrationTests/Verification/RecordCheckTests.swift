import Domain
import Orchestration
import Scheduling
import Testing

@Suite("Run checker: what agents and centers recorded")
struct RecordCheckTests {
    struct Row: CustomTestStringConvertible {
        var what: String
        var findings: [String]
        var change: @Sendable (inout Story) -> Void
        var testDescription: String { what }
    }

    static let records = [
        Row(what: "agents and centers agree", findings: []) { _ in },
        Row(what: "an agent recorded a run that no center has", findings: ["!missed 3", "!undelivered 3"]) {
            $0.replaceRun(3, nil)
            $0.replaceStarts(3, [])
        },
        Row(
            what: "an agent recorded an end that no center has",
            findings: ["!undecided 3", "!undelivered 3"]
        ) {
            $0.replaceRun(3, Story.run(3, .running, attempts: [Story.attempt(3, nil)]))
        },
        Row(
            what: "the centers never heard the truth about a loss",
            findings: ["lost 3", "!records-differ 3"]
        ) {
            $0.lose(3, killAfter: .seconds(1))
            $0.replaceStarts(3, [Story.started(3)])
        },
        Row(what: "an agent says failed, the centers say succeeded", findings: ["!records-differ 3"]) {
            $0.history.reports[3].phase = .ended(Story.attempt(3, .failed).result!)
        },
        Row(what: "an agent heard only of the start", findings: []) {
            $0.history.reports[3].phase = .started(at: Story.due(3))
        },
        Row(what: "two agents decided one instant", findings: ["!decided-twice 3", "!records-differ 3"]) {
            var second = $0.history.reports[3]
            second.agent = AgentID("agent-7")!
            second.phase = .ended(Story.attempt(3, .missed).result!)
            $0.history.reports.append(second)
        },
        Row(what: "an agent recorded an end after the window", findings: ["!undecided 4"]) {
            $0.replaceRun(4, Story.run(4, .running, attempts: [Story.attempt(4, nil)]))
        },
        Row(what: "an agent's record of an instant outside the window", findings: []) {
            $0.history.reports.append(Story.report(7))
        },
    ]

    @Test("what agents recorded must be what the centers say", arguments: records)
    func agreement(row: Row) throws {
        var story = Story()
        story.history.reports = (0...4).map { Story.report($0) }
        row.change(&story)
        #expect(try story.found() == row.findings)
    }

    static let histories = [
        Row(what: "one center still calls it running", findings: []) {
            $0.history.runs.append(Story.run(3, .running, attempts: [Story.attempt(3, nil)]))
        },
        Row(what: "one center knows better than lost", findings: []) {
            $0.history.runs.append(Story.run(3, .lost, attempts: [Story.attempt(3, .lost)]))
        },
        Row(what: "one center has not heard of the second attempt", findings: []) {
            $0.definition = Story.definition(.atLeastOnce)
            let attempts = [Story.attempt(3, .missed), Story.attempt(3, number: 2)]
            $0.replaceRun(3, Story.run(3, .succeeded, attempts: attempts))
            $0.history.runs.append(Story.run(3, .missed, attempts: [attempts[0]]))
            $0.replaceStarts(3, [Story.started(3, attempt: 2)])
        },
        Row(what: "one center knows when it started, the other does not", findings: []) {
            var run = Story.run(3, .succeeded, attempts: [Story.attempt(3)])
            run.attempts[0].startedAt = Story.due(3)
            $0.history.runs.append(run)
        },
        Row(what: "two centers contradict each other", findings: ["!decided-twice 3"]) {
            $0.history.runs.append(Story.run(3, .failed, attempts: [Story.attempt(3, .failed)]))
        },
    ]

    @Test("the histories of several centers are one", arguments: histories)
    func merging(row: Row) throws {
        var story = Story()
        row.change(&story)
        #expect(try story.found() == row.findings)
    }

    @Test("a task that marks no starts is judged by what the cluster says, if that is allowed")
    func unmarked() throws {
        var story = Story()
        story.history.starts = []
        #expect(try story.found().allSatisfy { $0.hasPrefix("!success-without-start") })
        story.policy.expectsMarks = false
        for index in story.history.runs.indices {
            story.history.runs[index].attempts[0].startedAt = story.history.runs[index].due + .seconds(6)
        }
        #expect(try story.found() == ["unmarked"] + (0...4).map { "!late \($0)" })
    }

    @Test("runs of a task that is gone are named once, if the definitions may be incomplete")
    func unknownTask() throws {
        var story = Story()
        story.policy.knowsAllTasks = false
        for index in 1...3 {
            var run = Story.run(index, .missed)
            run.uid = TaskUID(bits: 77)
            run.id = RunID(FireKey(uid: run.uid, due: run.due))
            story.history.runs.append(run)
        }
        #expect(try story.found() == ["unknown-task 1"])
        #expect(try story.check().isValid)
    }

    @Test("instants of a revision whose schedule is not known are neither expected nor wrong")
    func unknownRevision() throws {
        var story = Story()
        story.definition.revision = 2
        story.definition.effectiveFrom = Story.due(1)
        story.replaceRun(0, nil)
        #expect(try story.found().isEmpty)
        story.replaceRun(2, nil)
        #expect(try story.found() == ["!start-without-run 2"])
    }
}

@Suite("Fault log")
struct FaultLogTests {
    @Test("a line holds a period; empty lines hold none")
    func lines() throws {
        let text = """
            {"kind":"killed","target":"agent-1","start":"2026-03-01T00:00:10.250Z","end":"2026-03-01T00:00:14Z","detail":"SIGKILL"}

            {"kind":"cut-off","target":"agent-2<->zookeeper-1","start":"2026-03-01T00:01:00Z","by":"iptables"}
            """
        let periods = try FaultPeriod.log(text)
        #expect(periods.map(\.kind) == [.killed, .cutOff])
        #expect(periods.map(\.names) == [["agent-1"], ["agent-2", "zookeeper-1"]])
        #expect(periods[0].detail == "SIGKILL")
        #expect(periods[1].end == nil)
    }

    @Test(
        "a line that is none is named with its reason",
        arguments: [
            ("{", "is not a JSON object"), ("[]", "is not a JSON object"),
            (#"{"kind":"killed","start":"2026-03-01T00:00:10Z"}"#, "has no 'target'"),
            (#"{"kind":"eaten","target":"a","start":"2026-03-01T00:00:10Z"}"#, "none of killed, stopped"),
            (
                #"{"kind":"killed","target":"a","start":"noon"}"#,
                "has a 'start' that is not what it should be"
            ),
        ]
    )
    func mistakes(line: String, reason: String) {
        let good = #"{"kind":"killed","target":"agent-1","start":"2026-03-01T00:00:10Z"}"#
        let error = #expect(throws: FaultLogError.self) { try FaultPeriod.log(good + "\n" + line) }
        #expect(error?.line == 2)
        #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
    }

    @Test("every kind is spelt the same way")
    func spelling() {
        for kind in FaultPeriod.Kind.allCases {
            #expect(kind.rawValue.allSatisfy { $0 == "-" || ("a"..."z").contains($0) })
        }
    }
}

extension Story {
    static func report(_ index: Int) -> RunReport {
        let attempt = Story.attempt(index)
        return RunReport(
            fire: JournaledFire(
                attempt: AttemptID(run: id(index), number: 1),
                task: TaskID("tick")!,
                uid: uid,
                revision: 1,
                due: due(index),
                trigger: .schedule,
                delivery: .atMostOnce,
                decision: .launch
            ),
            agent: node(index),
            incarnation: incarnation,
            runtime: .standard,
            phase: .ended(attempt.result!)
        )
    }
}
