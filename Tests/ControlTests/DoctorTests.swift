import Domain
import Payloads
import Scheduling
import Testing

@testable import Control

@Suite("Doctor: what the history says")
struct DoctorTests {
    private static let now = Instant(rfc3339: "2026-03-02T12:00:00Z")!

    private static func run(
        _ minutesAgo: Int,
        _ state: RunState,
        count: Int = 1,
        on agent: String = "a1"
    ) -> RunPayload {
        let due = now - .seconds(60 * minutesAgo)
        let uid = TaskUID(bits: 1)
        return RunPayload(
            Run(
                id: RunID(FireKey(uid: uid, due: due)),
                task: TaskID("report")!,
                uid: uid,
                part: 0,
                runtime: .standard,
                due: due,
                trigger: .schedule,
                state: state,
                count: count,
                attempts: [
                    RunAttempt(
                        number: 1,
                        agent: AgentID(agent)!,
                        incarnation: Incarnation(bits: 1),
                        revision: 1
                    )
                ]
            )
        )
    }

    private static func node(_ name: String, isOnline: Bool) -> NodePayload {
        let agent = AgentID(name)!
        let registration = AgentRegistration(
            agent: agent,
            incarnation: Incarnation(bits: 1),
            slots: 4,
            url: nil,
            version: "1",
            host: "h",
            processID: 1,
            startedAt: now
        )
        return NodePayload(
            agent: agent,
            runtime: .standard,
            registration: isOnline ? registration : nil,
            isDrained: false,
            taskCount: 1
        )
    }

    @Test("missed fires, each of a range, and lost runs are counted, with where to look")
    func losses() {
        let last = Self.run(5, .lost)
        let found = [last, Self.run(9, .missed, count: 12), Self.run(30, .missed)]
        let check = HistoryChecks(losses: found, now: Self.now).check
        #expect(check.state == .warning && check.id == "losses")
        #expect(check.what.contains("day: 13, lost runs: 1, the latest of report"))
        #expect(check.what.hasSuffix("due 5m ago"))
        #expect(check.fix?.contains("run list --state missed --state lost") == true)
        #expect(check.fix?.contains("run explain \(last.id)") == true)
    }

    @Test("more than are read are said to be at least so many, and none to be none")
    func lossesBounds() {
        let many = (0..<HistoryChecks.recordsMax).map { Self.run($0, .missed) }
        let check = HistoryChecks(losses: many, now: Self.now).check
        #expect(check.what.contains("at least 1000, lost"))
        #expect(HistoryChecks(losses: [], now: Self.now).check.state == .ok)
    }

    @Test("an agent that has ended is away, and it is said how to have it forgotten")
    func gone() {
        let nodes = [
            Self.node("a1", isOnline: true), Self.node("a3", isOnline: false),
            Self.node("a2", isOnline: false),
        ]
        let check = ClusterChecks.agents(nodes)
        #expect(check.state == .warning)
        #expect(check.what == "1 of 3 agents are online; away: a2, a3")
        #expect(check.fix?.contains("cloudtask node forget a2") == true)
        #expect(ClusterChecks.agents([nodes[0]]).state == .ok)
        #expect(ClusterChecks.agents([nodes[1]]).state == .failed)
    }
}
