import Domain
import Orchestration
import Scheduling
import Testing

@Suite("Run checker: what faults excuse")
struct FaultExcuseTests {
    /// What happened, which fault there was, and what must be found. `!` marks a violation.
    struct Row: CustomTestStringConvertible {
        var what: String
        var delivery = Delivery.atMostOnce
        var findings: [String]
        var change: @Sendable (inout Story) -> Void
        var testDescription: String { what }
    }

    /// Sessions last ten seconds; after a fault everything is steady within 25.
    static func story(_ delivery: Delivery) -> Story {
        var story = Story(delivery)
        story.policy.settling = RunCheckPolicy.settling(sessionTimeout: .seconds(10))
        return story
    }

    static let losses = [
        Row(what: "its agent was suspended until its session ended", findings: ["incomplete 3", "lost 3"]) {
            $0.lose(3, .paused, lasts: .seconds(12))
        },
        Row(
            what: "its agent was suspended for a moment",
            findings: ["incomplete 3", "!lost-without-fault 3"]
        ) {
            $0.lose(3, .paused, lasts: .seconds(2))
        },
        Row(what: "its agent was cut off from ZooKeeper", findings: ["incomplete 3", "lost 3"]) {
            $0.lose(3, .cutOff, "agent-0<->zookeeper-1", lasts: .seconds(12))
        },
        Row(what: "another agent was cut off", findings: ["incomplete 3", "!lost-without-fault 3"]) {
            $0.lose(3, .cutOff, "agent-1<->zookeeper-1", lasts: .seconds(12))
        },
        Row(what: "its session was taken away", findings: ["incomplete 3", "lost 3"]) {
            $0.lose(3, .sessionLost, lasts: .zero)
        },
        Row(what: "there was no quorum for long", findings: ["incomplete 3", "lost 3"]) {
            $0.lose(3, .quorumLost, "zookeeper", lasts: .seconds(12))
        },
        Row(what: "one ZooKeeper server was killed", findings: ["incomplete 3", "!lost-without-fault 3"]) {
            $0.lose(3, .zooKeeperKilled, "zookeeper-1", lasts: .seconds(12))
        },
        Row(what: "its clock was set", findings: ["incomplete 3", "!lost-without-fault 3"]) {
            $0.lose(3, .clockStepped, lasts: .seconds(12))
        },
        Row(what: "its disk was full", findings: ["incomplete 3", "!lost-without-fault 3"]) {
            $0.lose(3, .diskFull, lasts: .seconds(12))
        },
    ]

    static let delays = [
        Row(what: "late for no reason", findings: ["!late 3"]) { $0.delay(3) },
        Row(what: "its agent was killed just before", findings: ["late 3"]) {
            $0.delay(3)
            $0.hit(.killed, "agent-0", at: 3, .seconds(-2))
        },
        Row(what: "the agent that ran it before was killed", findings: ["late 3"]) {
            $0.delay(3)
            $0.hit(.killed, "agent-2", at: 3, .seconds(-2))
        },
        Row(what: "an agent that may have had it in between was killed", findings: ["late 3"]) {
            $0.delay(3)
            $0.hit(.killed, "agent-1", at: 3, .seconds(-2))
        },
        Row(what: "an agent that had it no more was killed", findings: ["!late 3"]) {
            $0.delay(3)
            $0.hit(.killed, "agent-1", at: 2, .milliseconds(10))
        },
        Row(what: "its agent was killed long before", findings: ["!late 3"]) {
            $0.delay(3)
            $0.hit(.killed, "agent-0", at: 0, .seconds(1), lasts: .seconds(1))
        },
        Row(what: "its agent was killed only afterwards", findings: ["!late 3"]) {
            $0.delay(3)
            $0.hit(.killed, "agent-0", at: 3, .seconds(6))
        },
        Row(what: "takeover took longer than it may", findings: ["!late 0"]) {
            $0.window = Story.due(0)...Story.due(0)
            $0.replaceStarts(0, [Story.started(0, after: .seconds(36))])
            $0.hit(.paused, "agent-0", at: 0, .seconds(1), lasts: .seconds(120))
        },
        Row(what: "its disk was slow all the time", findings: ["late 0"]) {
            $0.window = Story.due(0)...Story.due(0)
            $0.replaceStarts(0, [Story.started(0, after: .seconds(36))])
            $0.hit(.diskSlow, "agent-0", at: 0, .seconds(1), lasts: .seconds(120))
        },
        Row(what: "there was no quorum", findings: ["late 3"]) {
            $0.delay(3)
            $0.hit(.quorumLost, "zookeeper", at: 2, .seconds(1), lasts: .seconds(11))
        },
        Row(what: "ZooKeeper's servers could not reach each other", findings: ["late 3"]) {
            $0.delay(3)
            $0.hit(.cutOff, "zookeeper-1<->zookeeper-2", at: 3, .seconds(-1))
        },
        Row(what: "a center was killed, which nobody needed", findings: ["!late 3"]) {
            $0.delay(3)
            $0.hit(.killed, "center-1", at: 3, .seconds(-1))
        },
        Row(what: "the leader was killed while it had to hand over", findings: ["late 0"]) {
            $0.window = Story.due(0)...Story.due(0)
            $0.replaceStarts(0, [Story.started(0, after: .seconds(36))])
            $0.hit(.killed, "agent-0", at: 0, .seconds(-1))
            $0.hit(.killed, "center-1", at: 0, .seconds(20))
        },
        Row(what: "its clock was set back", findings: ["late 3"]) {
            $0.delay(3)
            $0.hit(.clockStepped, "agent-0", at: 3, .seconds(1), lasts: .seconds(30))
        },
        Row(what: "too early, as its clock was set forth", findings: ["early 3"]) {
            $0.replaceStarts(3, [Story.started(3, after: .seconds(-3))])
            $0.hit(.clockStepped, "agent-0", at: 3, .seconds(-4), lasts: .seconds(2))
        },
        Row(what: "too early, as another's clock was set forth", findings: ["!early 3"]) {
            $0.replaceStarts(3, [Story.started(3, after: .seconds(-3))])
            $0.hit(.clockStepped, "agent-1", at: 3, .seconds(-4), lasts: .seconds(2))
        },
    ]

    static let dispositions = [
        Row(what: "recorded as missed for no reason", findings: ["!not-launched 3"]) { $0.miss(3) },
        Row(what: "recorded as missed, its agent was cut off", findings: ["not-launched 3"]) {
            $0.miss(3)
            $0.hit(.cutOff, "agent-0<->zookeeper-1", at: 3, .seconds(-1))
        },
        Row(what: "recorded as missed, its next agent had been killed", findings: ["not-launched 3"]) {
            $0.miss(3)
            $0.hit(.killed, "agent-1", at: 3, .seconds(-1))
        },
        Row(what: "missed before it came, its agent's clock had been ahead", findings: ["not-launched 3"]) {
            $0.miss(3, decidedAfter: .seconds(-60))
            $0.hit(.clockStepped, "agent-0", at: 3, .seconds(-100), lasts: .seconds(11))
        },
        Row(what: "missed before it came, another's clock had been ahead", findings: ["!not-launched 3"]) {
            $0.miss(3, decidedAfter: .seconds(-60))
            $0.hit(.clockStepped, "agent-1", at: 3, .seconds(-100), lasts: .seconds(11))
        },
        Row(what: "missed when it came, its agent's clock had been ahead", findings: ["!not-launched 3"]) {
            $0.miss(3, decidedAfter: .seconds(1))
            $0.hit(.clockStepped, "agent-0", at: 3, .seconds(-100), lasts: .seconds(11))
        },
        Row(
            what: "missed because a snapshot was restored",
            delivery: .atLeastOnce,
            findings: ["not-completed 3", "not-launched 3"]
        ) { $0.miss(3, MissedReason.restored) },
        Row(
            what: "missed, though it must run at least once",
            delivery: .atLeastOnce,
            findings: ["!not-completed 3", "!not-launched 3"]
        ) { $0.miss(3) },
        Row(
            what: "lost once, then a newer run took its place, as the task's concurrency says",
            delivery: .atLeastOnce,
            findings: ["lost 3"]
        ) {
            $0.definition.specification.concurrency = Concurrency(.replace)
            $0.lose(3, killAfter: .seconds(1))
            $0.replaceStarts(3, [Story.started(3)])
            $0.history.runs[$0.history.runs.count - 1].reason = SkippedReason.replaced
        },
        Row(
            what: "missed for want of a quorum, though it must run at least once",
            delivery: .atLeastOnce,
            findings: ["not-completed 3", "not-launched 3"]
        ) {
            $0.miss(3)
            $0.hit(.quorumLost, "zookeeper", at: 3, .seconds(-1), lasts: .seconds(90))
        },
        Row(what: "absent is never excused", findings: ["!missed 3"]) {
            $0.replaceRun(3, nil)
            $0.replaceStarts(3, [])
            $0.hit(.quorumLost, "zookeeper", at: 2, .zero, lasts: .seconds(60))
            $0.hit(.killed, "agent-0", at: 3, .seconds(-1))
        },
        Row(what: "doubled is never excused", findings: ["!doubled 3"]) {
            $0.history.starts.append(Story.started(3, after: .seconds(3)))
            $0.hit(.clockStepped, "agent-0", at: 2, .zero, lasts: .seconds(60))
        },
        Row(what: "still running", findings: ["incomplete 4", "undecided 4"]) { $0.keepRunning(4) },
        Row(what: "still running, its agent was killed", findings: ["incomplete 4", "!undecided 4"]) {
            $0.keepRunning(4)
            $0.hit(.killed, "agent-1", at: 4, .seconds(1))
        },
    ]

    @Test("faults excuse what they explain, and nothing else", arguments: losses + delays + dispositions)
    func verdict(row: Row) throws {
        var story = Self.story(row.delivery)
        row.change(&story)
        #expect(try story.found() == row.findings)
    }

    @Test("an excused finding names its fault")
    func named() throws {
        var story = Self.story(.atMostOnce)
        story.delay(3)
        story.hit(.killed, "agent-0", at: 3, .seconds(-2))
        let report = try story.check()
        #expect(report.tasks[0].findings.map(\.excuse) == [story.history.faults[0]])
        #expect(report.isValid && report.violations == 0)
    }
}

extension Story {
    /// What is found in the order of the report, with the instants' indices and `!` for violations.
    func found() throws -> [String] {
        let report = try check()
        return (report.tasks.flatMap(\.findings) + report.strays).map { finding in
            let index = finding.due.map { Story.start.duration(to: $0).wholeMilliseconds / 10_000 }
            return (finding.isViolation ? "!" : "") + finding.kind.rawValue
                + (index.map { " \($0)" } ?? "")
        }
    }

    mutating func hit(
        _ kind: FaultPeriod.Kind,
        _ target: String,
        at index: Int,
        _ delay: Duration,
        lasts: Duration? = nil
    ) {
        let start = Story.due(index) + delay
        history.faults.append(
            FaultPeriod(kind: kind, target: target, start: start, end: lasts.map { start + $0 })
        )
    }

    mutating func lose(
        _ index: Int,
        _ kind: FaultPeriod.Kind,
        _ target: String = "agent-0",
        lasts: Duration
    ) {
        lose(index, killAfter: .seconds(1))
        history.faults = []
        hit(kind, target, at: index, .seconds(1), lasts: lasts)
    }

    /// The instant starts eight seconds late.
    mutating func delay(_ index: Int) {
        replaceStarts(index, [Story.started(index, after: .seconds(8))])
    }

    mutating func miss(
        _ index: Int,
        _ reason: String = MissedReason.late,
        decidedAfter delay: Duration? = nil
    ) {
        let attempts = delay.map { [Story.attempt(index, .missed, endedAfter: $0)] } ?? []
        var run = Story.run(index, .missed, attempts: attempts)
        run.reason = reason
        replaceRun(index, run)
        replaceStarts(index, [])
    }

    mutating func keepRunning(_ index: Int) {
        replaceRun(index, Story.run(index, .running, attempts: [Story.attempt(index, nil)]))
        replaceStarts(index, [Story.started(index, lasts: nil)])
    }
}
