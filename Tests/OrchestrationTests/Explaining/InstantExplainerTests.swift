import Domain
import Orchestration
import Scheduling
import Testing

@Suite struct InstantExplainerTests {
    typealias Facts = TaskExplainerTests

    static func explain(
        _ text: String,
        _ definition: TaskDefinition,
        run: [Explanation.Finding] = []
    ) throws -> [Explanation.Finding] {
        let instant = try #require(Instant(rfc3339: text))
        return InstantExplainer.explain(instant, of: definition, now: Facts.now, run: run, Facts.paths)
    }

    @Test("an instant is due, to come, not due, or before anything that is known")
    func instants() throws {
        let task = try Facts.task()
        let past = try Self.explain("2026-03-02T11:50:00Z", task)
        #expect(past.map(\.cause) == [.unrecorded, .due])
        #expect(past[1].fact.contains("Every 10m"))
        let recorded = try Self.explain(
            "2026-03-02T11:50:00Z",
            task,
            run: [.init(.ran, "It ran.", in: "history")]
        )
        #expect(recorded.map(\.cause) == [.ran, .due])
        let told = try Self.explain("2026-03-02T11:50:00Z", task, run: recorded)
        #expect(told == recorded)
        #expect(try Self.explain("2026-03-02T12:10:00Z", task).map(\.cause) == [.stillToCome, .due])
        let other = try Self.explain("2026-03-02T11:55:00Z", task)
        #expect(other.map(\.cause) == [.notDue])
        #expect(other[0].fact.contains("after that it is due at 2026-03-02T12:00:00"))
        let early = try Self.explain("2026-02-01T00:00:00Z", task)
        #expect(early.map(\.cause) == [.tooEarly])
        #expect(early[0].fact.contains("was created at"))
    }

    @Test("what kept an instant from being due is told: a pause, a day left out, changed clocks, a shift")
    func obstacles() throws {
        let paused = try Facts.task().paused(
            PauseRecord(since: Facts.now - .seconds(7_200), until: Facts.now + .seconds(7_200))
        )
        #expect(try Self.explain("2026-03-02T11:50:00Z", paused).map(\.cause) == [.paused, .notDue])
        var exclude = DaySelection()
        exclude.calendars = ["holidays"]
        exclude.weekdays = [.monday]
        let excluded = try Facts.task {
            var schedule = Schedule.every(try IntervalSchedule(every: .seconds(600)))
            schedule.exclude = exclude
            $0.schedules = [schedule]
        }
        let day = try Self.explain("2026-03-02T11:50:00Z", excluded)
        #expect(day.map(\.cause) == [.excludedDay, .notDue])
        #expect(day[0].fact.contains("calendars holidays"))
        let options = CronOptions(timeZone: try TimeZoneID("Europe/Berlin"), gap: .skip)
        let cron = try CronExpression("30 2 * * *", options: options)
        let nightly = Facts.task { $0.schedules = [.cron(CronSchedule(cron))] }
        let gap = try Self.explain("2026-03-29T01:30:00Z", nightly)
        #expect(gap.map(\.cause) == [.clockChange, .notDue])
        #expect(gap[0].fact.contains("The clocks of Europe/Berlin change at 2026-03-29T01:00:00"))
        #expect(gap[0].fact.contains("put forward by 1h, local times in between are left out, and gap"))
        let to = Facts.now + .seconds(900)
        let shifted = try Facts.task().changed(
            by: FireChange(.shift(to: to), reason: "later"),
            now: Facts.now
        ).definition
        #expect(try Self.explain("2026-03-02T12:10:00Z", shifted).map(\.cause) == [.fireChanged, .notDue])
        #expect(
            try Self.explain("2026-03-02T12:15:00Z", shifted).map(\.cause) == [.stillToCome, .fireChanged]
        )
    }
}

@Suite struct RunExplainerTests {
    typealias Facts = TaskExplainerTests

    /// A run that came due a minute ago and started so many seconds after that.
    static func run(startedAfter seconds: Double, _ state: RunState = .succeeded) -> Run {
        var run = Facts.run(state, Facts.result(.succeeded))
        run.attempts[0].startedAt = run.due + .milliseconds(Int64(seconds * 1_000))
        return run
    }

    static func late(_ facts: RunFacts) -> Explanation.Finding? {
        RunExplainer.explain(facts).first { $0.cause == .late }
    }

    @Test("why so late: an earlier run, full slots, nobody there, a change of owner")
    func lateness() throws {
        let run = Self.run(startedAfter: 30)
        let counted = Facts.task { $0.concurrency = Concurrency(.queueOne) }
        var earlier = Facts.run(.succeeded, due: -600, Facts.result(.succeeded))
        earlier.attempts[0].result?.endedAt = run.due + .seconds(29)
        var facts = RunFacts(
            run: run,
            definition: counted,
            now: Facts.now,
            neighbours: [earlier],
            slots: 1,
            paths: Facts.paths
        )
        #expect(
            Self.late(facts)?.fact.contains(
                "30s after it was due: it waited for the end of run \(earlier.id)"
            ) == true
        )
        facts.definition = try Facts.task()
        #expect(Self.late(facts)?.fact.contains("had just taken it over") == true)
        earlier.attempts[0].result?.endedAt = run.due + .seconds(30)
        facts.neighbours = [earlier]
        #expect(Self.late(facts)?.fact.contains("all 1 slots of agent a were taken") == true)
        // It became free a moment before, and the same run is known of the task and of the agent.
        earlier.attempts[0].result?.endedAt = run.due + .milliseconds(29_900)
        facts.neighbours = [earlier, earlier]
        #expect(Self.late(facts)?.fact.contains("all 1 slots of agent a were taken") == true)
        facts.slots = 2
        #expect(Self.late(facts)?.fact.contains("had just taken it over") == true)
        facts.run = Self.run(startedAfter: 90)
        #expect(Self.late(facts)?.fact.contains("misfire policy made up for it") == true)
        facts.run = Self.run(startedAfter: 1)
        #expect(Self.late(facts) == nil)
    }

    @Test("why so late: what held its exclusive key until then; else nothing is made up")
    func heldKey() throws {
        let key = try #require(PoolID("ledger"))
        let run = Self.run(startedAfter: 30)
        var facts = RunFacts(
            run: run,
            definition: Facts.task { $0.demand = UnitDemand(keys: [key]) },
            now: Facts.now,
            slots: 4,
            paths: Facts.paths
        )
        let unknown = try #require(Self.late(facts)).fact
        #expect(unknown.contains("what it waited for is not on record: perhaps a free slot of agent a, "))
        #expect(unknown.contains("its exclusive keys or units of pools"))
        var holder = Facts.run(.succeeded, due: -600, Facts.result(.succeeded))
        holder.attempts[0].result?.endedAt = run.due + .seconds(29)
        facts.sharers = [key: [run, holder]]
        #expect(
            Self.late(facts)?.fact.contains(
                "it waited for exclusive key ledger, which run \(holder.id) (report) held until"
            ) == true
        )
        holder.attempts[0].result?.endedAt = run.due + .seconds(10)
        facts.sharers = [key: [run, holder]]
        #expect(Self.late(facts)?.fact.contains("not on record") == true)
    }

    @Test("why there: who has the task now is told as that, and who had it then by name")
    func place() {
        var facts = RunFacts(
            run: Facts.run(.succeeded, Facts.result(.succeeded)),
            now: Facts.now,
            place: Explanation.Finding(.place, "Agent b has it: it comes first.", in: "computed"),
            owner: AgentID("b"),
            paths: Facts.paths
        )
        func sentence() -> String? { RunExplainer.explain(facts).first { $0.cause == .place }?.fact }
        #expect(sentence()?.hasPrefix("It was given to agent a, which had the task then; ") == true)
        #expect(sentence()?.hasSuffix("As things are now: Agent b has it: it comes first.") == true)
        facts.owner = AgentID("a")
        #expect(sentence() == "Agent b has it: it comes first.")
        facts.run = Facts.run(.missed)
        #expect(sentence() == "As things are now: Agent b has it: it comes first.")
    }

    @Test("what is resident is begun again, and neither repeated nor run for an instant")
    func resident() {
        let definition = Facts.task {
            $0.schedules = []
            $0.residency = Residency()
        }
        for state in [RunState.failed, .timedOut, .stopped, .lost, .skipped, .missed] {
            let facts = RunFacts(
                run: Facts.run(state, Facts.result(.failed)),
                definition: definition,
                now: Facts.now,
                paths: Facts.paths
            )
            let advice = RunExplainer.explain(facts).first?.advice ?? ""
            let isRefused = advice.contains("run retry") || advice.contains("--due")
            #expect(!advice.isEmpty && !isRefused, "\(advice)")
        }
    }

    @Test("a start before its instant is a matter of clocks")
    func clocks() throws {
        let facts = RunFacts(run: Self.run(startedAfter: -3), now: Facts.now, paths: Facts.paths)
        #expect(
            RunExplainer.explain(facts).contains {
                $0.cause == .clockDiffers && $0.fact.contains("clock of agent a")
            }
        )
    }

    @Test("what it was for: a schedule, a request with its note, a shifted fire, a retry")
    func origin() throws {
        var run = Self.run(startedAfter: 0)
        run.due = Facts.now - .seconds(600)
        var facts = RunFacts(run: run, definition: try Facts.task(), now: Facts.now, paths: Facts.paths)
        #expect(RunExplainer.explain(facts).map(\.cause).prefix(2) == [.ran, .due])
        facts.run.terms = RunTerms(
            note: "disks",
            requestedBy: "ann",
            shiftedFrom: Facts.now - .seconds(1_200)
        )
        let shifted = RunExplainer.explain(facts).first { $0.cause == .fireChanged }
        #expect(shifted?.fact.contains("by ann: disks") == true)
        facts.run.trigger = .request
        facts.run.terms = RunTerms(note: "again", requestedBy: "ann", retryOf: run.id)
        facts.retries = [run.id]
        let asked = RunExplainer.explain(facts).filter { $0.cause == .requested }
        #expect(asked.first?.fact.contains("by ann: again; it repeats run \(run.id)") == true)
        #expect(asked.last?.fact.contains("It was repeated by \(run.id)") == true)
    }

    @Test("a living run whose agent is gone says so first")
    func away() throws {
        let facts = RunFacts(run: Facts.run(.running), now: Facts.now, isAgentHere: false, paths: Facts.paths)
        #expect(RunExplainer.explain(facts).map(\.cause).prefix(2) == [.agentAway, .living])
    }
}
