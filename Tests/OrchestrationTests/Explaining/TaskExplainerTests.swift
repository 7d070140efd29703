import Domain
import Orchestration
import Scheduling
import Testing

/// What is known of a task, and what is said first about it.
struct ExplainCase: CustomTestStringConvertible, Sendable {
    var name: String
    var cause: Explanation.Cause
    var words: String
    var change: @Sendable (inout TaskFacts) throws -> Void

    var testDescription: String { name }
}

@Suite struct TaskExplainerTests {
    static let now = Instant(rfc3339: "2026-03-02T12:00:00Z")!
    static let created = now - .seconds(86_400)
    static let paths = ExplanationPaths(
        definition: "/t",
        row: "/row",
        agents: "/agents",
        runtime: "/runtime",
        group: "/group",
        epoch: "/epoch"
    )

    static func agent(_ name: String, slots: Int = 4, acceptsFrom: Instant? = nil) -> PlannableAgent {
        PlannableAgent(agent: AgentID(name)!, runtime: .standard, slots: slots, acceptsFrom: acceptsFrom)
    }

    static func task(_ change: (inout TaskSpecification) throws -> Void = { _ in }) rethrows -> TaskDefinition
    {
        var specification = TaskSpecification(
            name: TaskID("report")!,
            action: .command(["true"]),
            schedules: [.every(try! IntervalSchedule(every: .seconds(600)))]
        )
        try change(&specification)
        return .created(specification, uid: TaskUID(bits: 7), now: created)
    }

    /// A task that agent a has, of two agents, with nothing in its way.
    static func facts(_ definition: TaskDefinition? = nil) throws -> TaskFacts {
        let definition = try definition ?? task()
        return TaskFacts(
            definition: definition,
            now: now,
            place: .owned(AgentID("a")!),
            row: AllocationRow(task: definition.name, uid: definition.uid, revision: 1, cursor: created),
            agents: [agent("a"), agent("b")],
            paths: paths
        )
    }

    static func run(
        _ state: RunState,
        due seconds: Int = -60,
        reason: String? = nil,
        _ result: AttemptResult? = nil
    ) -> Run {
        let due = now + .seconds(seconds)
        let attempt = RunAttempt(
            number: 1,
            agent: AgentID("a")!,
            incarnation: Incarnation(high: 1, low: 1),
            revision: 1,
            startedAt: due,
            result: result
        )
        return Run(
            id: RunID(FireKey(uid: TaskUID(bits: 7), due: due)),
            task: TaskID("report")!,
            uid: TaskUID(bits: 7),
            part: 0,
            runtime: .standard,
            due: due,
            trigger: .schedule,
            state: state,
            reason: reason,
            attempts: state == .skipped || state == .missed ? [] : [attempt]
        )
    }

    static func result(_ outcome: AttemptOutcome, retryAt: Instant? = nil, _ message: String? = nil)
        -> AttemptResult
    {
        var result = AttemptResult(
            attempt: AttemptID(run: RunID(FireKey(uid: TaskUID(bits: 7), due: now)), number: 1),
            outcome: outcome,
            endedAt: now,
            message: message
        )
        result.retryAt = retryAt
        return result
    }

    static let cases: [ExplainCase] = [
        .init(name: "nothing wrong", cause: .healthy, words: "on agent a") { _ in },
        .init(name: "no leader", cause: .noLeader, words: "ZooKeeper is away") {
            $0.leaderless = "ZooKeeper is away"
            $0.place = .unknown
        },
        .init(
            name: "paused until",
            cause: .paused,
            words: "by ann: new disks; it ends by itself at 2026-03-02T14:00:00"
        ) {
            let pause = PauseRecord(
                since: now - .seconds(60),
                until: now + .seconds(7_200),
                reason: "new disks",
                author: "ann"
            )
            $0.definition = $0.definition.paused(pause)
        },
        .init(name: "disabled", cause: .paused, words: "it does not end by itself") {
            $0.definition = $0.definition.paused(PauseRecord(since: now - .seconds(60)))
            $0.place = .parked
        },
        .init(
            name: "group paused",
            cause: .suspended,
            words: "group default was paused at 2026-03-02T11:59:00"
        ) {
            $0.definition = $0.definition.edited($0.definition.specification, now: now, suspension: .open)
            $0.groupPause = PauseRecord(since: now - .seconds(60), reason: "database moves")
        },
        .init(name: "runtime paused", cause: .suspended, words: "by ann: new drivers") {
            $0.definition = $0.definition.edited($0.definition.specification, now: now, suspension: .open)
            $0.runtimePause = PauseRecord(since: now - .seconds(60), reason: "new drivers", author: "ann")
        },
        .init(name: "no schedule", cause: .noSchedule, words: "on request only") {
            $0.definition = task { $0.schedules = [] }
        },
        .init(name: "schedule over", cause: .scheduleOver, words: "no instant after") {
            $0.definition = task { $0.schedules = [.once(now - .seconds(10))] }
        },
        .init(name: "no agent", cause: .noAgent, words: "no live agent in runtime default") {
            $0.place = .parked
            $0.agents = []
            $0.reason = .noLiveAgent(.standard)
        },
        .init(name: "placement", cause: .placement, words: "no agent has label gpu=yes") {
            $0.place = .parked
            $0.reason = .noAgentWithLabel(key: "gpu", value: "yes")
        },
        .init(name: "drained", cause: .drained, words: "drained: a, b") {
            $0.place = .parked
            $0.reason = .onlyDrained([AgentID("a")!, AgentID("b")!])
        },
        .init(name: "no slots at all", cause: .noSlots, words: "have no slots: a") {
            $0.place = .parked
            $0.reason = .onlyWithoutSlots([AgentID("a")!])
        },
        .init(name: "about to be placed", cause: .placing, words: "about to be placed") {
            $0.place = .nowhere
        },
        .init(name: "agent away", cause: .agentAway, words: "Agent a, which has it, is away") {
            $0.agents = [agent("b")]
        },
        .init(name: "revoked", cause: .revoked, words: "was revoked") { $0.row?.state = .revoked },
        .init(name: "on hold", cause: .onHold, words: "on agent b. 1 former owners were cut off") {
            let held = HeldAttempt(
                AttemptID(run: RunID(FireKey(uid: TaskUID(bits: 7), due: now)), number: 2),
                runtime: .standard,
                agent: AgentID("b")!,
                incarnation: Incarnation(high: 1, low: 1)
            )
            $0.row?.hold = RowHold(attempts: [held], cutOffs: 1)
        },
        .init(name: "queued", cause: .queued, words: "waits for its end (concurrency: queue-one)") {
            $0.definition = task { $0.concurrency = Concurrency(.queueOne) }
            $0.living = [run(.running)]
        },
        .init(name: "lives, forbid", cause: .living, words: "is skipped (concurrency: forbid)") {
            $0.definition = task { $0.concurrency = Concurrency(.forbid) }
            $0.living = [run(.running)]
        },
        .init(name: "retrying", cause: .retrying, words: "the next one is due at 2026-03-02T12:01:00") {
            $0.living = [run(.retrying, result(.failed, retryAt: now + .seconds(60)))]
        },
        .init(name: "skipped by concurrency", cause: .concurrency, words: "had not ended (concurrency)") {
            $0.latest = run(.skipped, reason: SkippedReason.lives(nil))
        },
        .init(name: "skipped on request", cause: .skipped, words: "skipped on request of ann: holiday") {
            let exception = FireException(due: now, isSkipped: true, reason: "holiday", author: "ann")
            $0.latest = run(.skipped, reason: SkippedReason.requested(exception))
        },
        .init(name: "missed", cause: .missed, words: MissedReason.noSlot) {
            $0.latest = run(.missed, reason: MissedReason.noSlot)
        },
        .init(name: "lost", cause: .lost, words: "the session of agent a had ended") {
            $0.latest = run(.lost, result(.lost, "the session of agent a had ended"))
        },
        .init(name: "failed", cause: .failed, words: "and failed") {
            $0.latest = run(.failed, result(.failed))
        },
        .init(name: "slots full", cause: .slotsFull, words: "All 4 slots of agent a are taken") {
            $0.running = [AgentID("a")!: 4]
        },
        .init(name: "waits for a key", cause: .waitsForUnits, words: "waits for exclusive key ledger") {
            $0.unitWaits = [
                .init(
                    .waitsForUnits,
                    "Run 1 waits for exclusive key ledger: held by run 2 (other).",
                    in: "znode /claim",
                    advice: "\"cloudtask pool list\" shows who holds what."
                )
            ]
            $0.running = [AgentID("a")!: 4]
        },
        .init(name: "rests", cause: .following, words: "it is restarted after failures only") {
            $0.definition = task {
                $0.schedules = []
                $0.residency = Residency(restart: Restart(on: .failure))
            }
            $0.latest = run(.succeeded, result(.succeeded))
        },
        .init(
            name: "flapping",
            cause: .heldBack,
            words: "Agent b started too often lately: until 2026-03-02T12:05:00"
        ) {
            $0.agents = [agent("a"), agent("b", acceptsFrom: now + .seconds(300))]
        },
        .init(name: "clock ahead", cause: .clockDiffers, words: "The clock of agent a on host is ahead") {
            $0.registrations = [
                AgentRegistration(
                    agent: AgentID("a")!,
                    incarnation: Incarnation(high: 1, low: 1),
                    slots: 4,
                    version: "1",
                    host: "host",
                    processID: 1,
                    startedAt: now + .seconds(90)
                )
            ]
        },
    ]

    @Test("what keeps a task from running comes first, with its record and what to do", arguments: cases)
    func first(testCase: ExplainCase) throws {
        var facts = try Self.facts()
        try testCase.change(&facts)
        let findings = TaskExplainer.explain(facts)
        let finding = try #require(findings.first)
        #expect(finding.cause == testCase.cause)
        #expect(finding.fact.contains(testCase.words), "\(finding.fact)")
        #expect(!finding.recordedIn.isEmpty)
        if testCase.cause != .healthy { #expect(finding.advice != nil) }
        for finding in findings { #expect(finding.fact.hasSuffix("."), "\(finding.fact)") }
    }

    @Test("the table has at least twenty causes") func causes() {
        #expect(Set(Self.cases.map(\.cause)).count >= 20)
    }

    @Test("a day that is left out, a far instant and a changed fire are told")
    func ahead() throws {
        var exclude = DaySelection()
        exclude.weekdays = [.monday, .tuesday]
        let definition = try Self.task {
            var schedule = Schedule.every(try IntervalSchedule(every: .seconds(600)))
            schedule.exclude = exclude
            $0.schedules = [schedule]
        }
        let excluded = TaskExplainer.explain(try Self.facts(definition))
        let day = try #require(excluded.first { $0.cause == .excludedDay })
        #expect(day.fact.contains("would be due at 2026-03-02T12:10:00") && day.fact.contains("schedules[0]"))
        let far = Self.task { $0.schedules = [.once(Self.now + .seconds(20 * 86_400))] }
        let distant = try #require(TaskExplainer.explain(try Self.facts(far)).first { $0.cause == .farAway })
        #expect(distant.fact.contains("2w6d"))
        let skipped = try Self.task().changed(by: FireChange(.skip, reason: "holiday"), now: Self.now)
            .definition
        let findings = TaskExplainer.explain(try Self.facts(skipped))
        let changed = findings.first { $0.cause == .fireChanged }
        #expect(changed?.fact.contains("holiday; it is skipped") == true)
        #expect(changed?.advice?.contains("--undo") == true)
        let next = findings.first { $0.cause == .stillToCome }
        #expect(next?.fact.contains("due next at 2026-03-02T12:20:00") == true)
    }

    @Test("a task that follows the ends of runs has no schedule that is over; the ends are named")
    func following() throws {
        let child = Self.task {
            $0.schedules = []
            $0.after = Dependencies(
                [.init(TaskID("a")!), .init(TaskID("b")!, on: .failed)],
                join: .any
            )
        }
        let findings = TaskExplainer.explain(try Self.facts(child))
        #expect(findings.first?.cause == .healthy)
        let after = try #require(findings.first { $0.cause == .following })
        #expect(after.fact == "It comes after the runs of a (succeeded) or b (failed).")
        let chain = try Self.task {
            $0.schedules = [Schedule(.afterCompletion(try CompletionSchedule(delay: .seconds(300))))]
        }
        var facts = try Self.facts(chain)
        func sentence() -> String? {
            TaskExplainer.explain(facts).first { $0.cause == .following }?.fact
        }
        #expect(TaskExplainer.explain(facts).first?.cause == .healthy)
        #expect(sentence()?.contains("follows the end of the one before") == true)
        facts.latest = Self.run(.succeeded, Self.result(.succeeded))
        #expect(sentence()?.contains("is due at 2026-03-02T12:05:00") == true)
        facts.living = [Self.run(.running)]
        #expect(sentence()?.contains("which lives") == true)
    }

    @Test("why there: the order that the hash gives, with shares, and where the owner stands in it")
    func place() throws {
        var facts = try Self.facts()
        facts.agents = [Self.agent("a"), Self.agent("b"), Self.agent("c", slots: 8)]
        func sentence(_ owner: String?) throws -> String {
            facts.place = owner.map { .owned(AgentID($0)!) } ?? .parked
            return try #require(TaskExplainer.explain(facts).first { $0.cause == .place }).fact
        }
        let sentences = try ["a", "b", "c"].map { try sentence($0) }
        #expect(sentences.count { $0.contains("it comes first") } == 1)
        #expect(sentences.count { $0.contains("in place 2") } == 1)
        #expect(sentences.count { $0.contains("in place 3") } == 1)
        #expect(sentences.allSatisfy { $0.contains("c (8 slots, 50 % of the work)") })
        let planned = AllocationPlanner.plan(
            tasks: [
                PlannableTask(
                    part: TaskPart(uid: facts.definition.uid),
                    task: TaskID("report")!,
                    runtime: .standard
                )
            ],
            agents: facts.agents,
            current: [:],
            now: Self.now
        )
        let owner = try #require(planned.assign.first?.agent.text)
        #expect(try sentence(owner).contains("it comes first"))
        facts.agents = [Self.agent("a")]
        #expect(try sentence("a").contains("no other agent that is here may run it"))
        #expect(try sentence("b").contains("would not get it now"))
    }
}
