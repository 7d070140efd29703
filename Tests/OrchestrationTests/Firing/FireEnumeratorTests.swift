import Domain
import Orchestration
import Scheduling
import Testing

@Suite struct FireEnumeratorTests {
    static let now = Instant(millisecondsSinceEpoch: 1_000_000_000)

    static func task(
        every seconds: Int,
        _ misfire: Misfire = Misfire(),
        startDeadline: Duration? = nil,
        since: Instant = .epoch
    ) throws -> TaskDefinition {
        let interval = Schedule.every(try IntervalSchedule(every: .seconds(seconds)))
        let name = try #require(TaskID("t"))
        var specification = TaskSpecification(name: name, action: .command(["true"]), schedules: [interval])
        specification.misfire = misfire
        specification.startDeadline = startDeadline
        return TaskDefinition.created(specification, uid: TaskUID(bits: 1), now: since)
    }

    private func decide(
        _ task: TaskDefinition,
        behind seconds: Int,
        limit: Int = 100
    ) -> [DecidedInstant] {
        FireEnumerator().decide(
            task,
            after: Self.now - .seconds(seconds),
            now: Self.now,
            horizon: Self.now + .seconds(1),
            limit: limit
        )
    }

    @Test(
        "of the fires older than the grace those are counted that the policy makes up for",
        arguments: [
            (Misfire(.skip), nil, 100_001, 0), (Misfire(.once), nil, 100_001, 1),
            (Misfire(.once), nil, 60, 0),
            (Misfire(.all, cap: 10), nil, 100_001, 10), (Misfire(.all, cap: 10), nil, 81, 2),
            (Misfire(.all, cap: 1_000), nil, 100_001, 1_000),
            (Misfire(.all, window: .seconds(81), cap: 10), nil, 201, 2),
            (Misfire(.all, cap: 10), .seconds(30), 201, 0), (Misfire(.all, cap: 10), .seconds(90), 201, 3),
        ] as [(Misfire, Duration?, Int, Int)]
    )
    func catchUps(misfire: Misfire, deadline: Duration?, behind seconds: Int, count: Int) throws {
        let task = try Self.task(every: 10, misfire, startDeadline: deadline)
        let cursor = Self.now - .seconds(seconds)
        #expect(FireEnumerator(countMax: 1).catchUps(task, after: cursor, now: Self.now) == count)
    }

    @Test("a forecast counts what starts once somebody may have the task")
    func forecast() throws {
        let task = try Self.task(every: 10, Misfire(.all, cap: 10))
        let parts = [0].map { CatchUpForecast.IdlePart(part: $0, cursor: Self.now - .seconds(1_001)) }
        func starts(_ agents: [PlannableAgent], _ task: TaskDefinition) -> Int {
            CatchUpForecast(agents: agents, now: Self.now).starts(of: task, parts)
        }
        let agent = PlannableAgent(agent: AgentID("a")!, runtime: .standard, labels: ["disk": "ssd"])
        #expect(starts([agent], task) == 10)
        #expect(starts([], task) == 0)
        let paused = task.paused(PauseRecord(since: Self.now))
        #expect(starts([agent], paused) == 0)
        #expect(starts([agent], try #require(paused.resumed(now: Self.now))) == 10)
        var specification = task.specification
        specification.placement.labels = ["disk": "tape"]
        #expect(starts([agent], task.edited(specification, now: Self.now)) == 0)
    }

    struct Case: CustomTestStringConvertible, Sendable {
        var every: Int
        var behind: Int
        /// Seconds before now of what is launched, latest last; `now` is a multiple of every interval used.
        var launched: [Int]
        var missed: Int
        var testDescription: String { "every \(every) s, \(behind) s behind" }
    }

    @Test(
        "fires up to a minute old are launched, of older ones the latest, the rest is one missed range",
        arguments: [
            Case(every: 10, behind: 5, launched: [0], missed: 0),
            Case(every: 10, behind: 10, launched: [0], missed: 0),
            Case(every: 20, behind: 60, launched: [40, 20, 0], missed: 0),
            Case(every: 20, behind: 61, launched: [60, 40, 20, 0], missed: 0),
            Case(every: 20, behind: 81, launched: [80, 60, 40, 20, 0], missed: 0),
            Case(every: 20, behind: 121, launched: [80, 60, 40, 20, 0], missed: 2),
            Case(every: 100, behind: 1_001, launched: [100, 0], missed: 9),
            Case(every: 100, behind: 101, launched: [100, 0], missed: 0),
            Case(every: 1_000, behind: 1, launched: [0], missed: 0),
        ]
    )
    func table(_ testCase: Case) throws {
        let decided = decide(try Self.task(every: testCase.every), behind: testCase.behind)
        let launched = decided.filter { $0.decision == .launch }.map {
            Int($0.due.duration(to: Self.now).inSeconds)
        }
        #expect(launched == testCase.launched)
        #expect(decided.map(\.due) == decided.map(\.due).sorted())
        let missed = decided.compactMap { instant -> Int? in
            if case .missed(_, _, let count) = instant.decision { count } else { nil }
        }
        #expect(missed == (testCase.missed == 0 ? [] : [testCase.missed]))
    }

    struct PolicyCase: CustomTestStringConvertible, Sendable {
        var misfire: Misfire
        var startDeadline: Duration?
        var every = 100
        var behind = 1_001
        /// Seconds before now of what is launched.
        var launched: [Int]
        var missed: Int
        var testDescription: String { "\(misfire), \(behind) s behind" }
    }

    @Test(
        "the policy, its grace, window and cap, and the start deadline decide about old fires",
        arguments: [
            PolicyCase(misfire: Misfire(.skip), launched: [0], missed: 10),
            PolicyCase(misfire: Misfire(.once), launched: [100, 0], missed: 9),
            PolicyCase(
                misfire: Misfire(.all),
                launched: Array(stride(from: 1_000, through: 0, by: -100)),
                missed: 0
            ),
            PolicyCase(misfire: Misfire(.all, cap: 4), launched: [400, 300, 200, 100, 0], missed: 6),
            PolicyCase(misfire: Misfire(.all, cap: 1), launched: [100, 0], missed: 9),
            PolicyCase(misfire: Misfire(.all, window: .seconds(250)), launched: [200, 100, 0], missed: 8),
            PolicyCase(
                misfire: Misfire(.all, window: .seconds(300)),
                launched: [300, 200, 100, 0],
                missed: 7
            ),
            PolicyCase(misfire: Misfire(.once, window: .seconds(99)), launched: [0], missed: 10),
            PolicyCase(
                misfire: Misfire(.skip, grace: .seconds(300)),
                launched: [300, 200, 100, 0],
                missed: 7
            ),
            PolicyCase(
                misfire: Misfire(.skip, grace: .zero),
                every: 10,
                behind: 35,
                launched: [0],
                missed: 3
            ),
            PolicyCase(
                misfire: Misfire(.once, grace: .zero),
                every: 10,
                behind: 35,
                launched: [10, 0],
                missed: 2
            ),
            PolicyCase(misfire: Misfire(.all), startDeadline: .seconds(150), launched: [100, 0], missed: 9),
            PolicyCase(
                misfire: Misfire(.once),
                startDeadline: .seconds(15),
                every: 10,
                behind: 45,
                launched: [10, 0],
                missed: 3
            ),
        ]
    )
    func policies(_ testCase: PolicyCase) throws {
        let task = try Self.task(
            every: testCase.every,
            testCase.misfire,
            startDeadline: testCase.startDeadline
        )
        let decided = decide(task, behind: testCase.behind)
        let launched = decided.filter { $0.decision == .launch }.map {
            Int($0.due.duration(to: Self.now).inSeconds)
        }
        #expect(launched == testCase.launched)
        let missed = decided.compactMap { instant -> Int? in
            if case .missed(_, _, let count) = instant.decision { count } else { nil }
        }
        #expect(missed == (testCase.missed == 0 ? [] : [testCase.missed]))
    }

    @Test(
        "what only the start deadline keeps from being launched is missed because of it",
        arguments: [
            (Misfire(), 5, true), (Misfire(.all), 5, true), (Misfire(.skip, grace: .seconds(600)), 5, true),
            (Misfire(.skip), 600, false), (Misfire(.skip, grace: .zero), 5, false),
            (Misfire(.once, window: .seconds(60)), 5, true), (Misfire(), nil, false),
            (Misfire(.once), 600, false),
        ] as [(Misfire, Int?, Bool)]
    )
    func reasons(misfire: Misfire, startDeadline: Int?, isByDeadline: Bool) throws {
        let task = try Self.task(every: 10, misfire, startDeadline: startDeadline.map { .seconds($0) })
        guard case .missed(let reason, _, _)? = decide(task, behind: 300).first?.decision else {
            Issue.record("no missed range")
            return
        }
        #expect(reason == (isByDeadline ? MissedReason.deadline : MissedReason.late))
    }

    @Test("however many were missed, making up costs a bounded number of questions")
    func boundedMakeUp() throws {
        let task = try Self.task(every: 1, Misfire(.all, cap: 50))
        let decided = decide(task, behind: 900_000, limit: 400)
        // A missed range, 50 that are made up for, and the 62 of the grace and the look-ahead.
        #expect(decided.count == 1 + 50 + 62)
        #expect(decided.dropFirst().allSatisfy { $0.decision == .launch })
        #expect(decided.map(\.due) == decided.map(\.due).sorted())
    }

    @Test("a long absence costs no more than the cap, and the record says that it stopped counting")
    func capped() throws {
        let decided = decide(try Self.task(every: 1), behind: 999_999, limit: 10)
        guard case .missed(let reason, let since, let count)? = decided.first?.decision else {
            Issue.record("no missed range")
            return
        }
        #expect(count == FireEnumerator().countMax)
        #expect(reason == MissedReason.lateUncounted)
        #expect(since == Self.now - .seconds(999_998))
        #expect(decided.first?.due == Self.now - .seconds(62))
        #expect(decided.dropFirst().first == DecidedInstant(due: Self.now - .seconds(61), decision: .launch))
        #expect(decided.count == 10)
    }

    @Test(
        "however it is cut into pieces, every instant is decided exactly once and in order",
        arguments: 1...40
    )
    func pieces(seed: Int) throws {
        let every = [1, 3, 7, 20, 61, 600][seed % 6]
        let policy = Misfire.Policy.allCases[seed / 6 % 3]
        let task = try Self.task(every: every, Misfire(policy, cap: 1 + seed % 7))
        var cursor = Self.now - .seconds(seed * 24)
        let start = cursor
        var covered: [Instant] = []
        for step in 0..<200 {
            let now = Self.now + .seconds(step / 20)
            let decided = FireEnumerator().decide(
                task,
                after: cursor,
                now: now,
                horizon: now + .milliseconds(step * 5),
                limit: 2 + seed % 5
            )
            for instant in decided {
                if case .missed(_, let since, let count) = instant.decision {
                    var due: Instant? = since
                    for _ in 0..<count {
                        covered.append(try #require(due))
                        due = task.nextDue(after: due ?? since)
                    }
                    #expect(covered.last == instant.due)
                } else {
                    covered.append(instant.due)
                }
                cursor = instant.due
            }
        }
        var expected: [Instant] = []
        var due = task.nextDue(after: start)
        while let instant = due, instant <= cursor {
            expected.append(instant)
            due = task.nextDue(after: instant)
        }
        #expect(covered == expected)
        #expect(cursor > Self.now - .seconds(every))
    }
}
