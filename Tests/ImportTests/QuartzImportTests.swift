import Domain
import Import
import Scheduling
import Testing

@Suite("Quartz and XXL-JOB")
struct QuartzImportTests {
    @Test("lines of an expression and a command become tasks")
    func lines() throws {
        let text = """
            # nightly
            0 30 8 L * ?  /opt/report.sh --all
            0 0 12 ? * 2#1 2027 echo hi
            """
        let outcome = imported(text, .quartz, file: "jobs.txt")
        #expect(outcome.remarks.isEmpty)
        #expect(outcome.tasks.map(\.name.text) == ["report", "echo"])
        #expect(outcome.tasks.map(\.crons) == [["0 30 8 L * ?"], ["0 0 12 ? * 2#1 2027"]])
        #expect(outcome.tasks.allSatisfy { $0.cronOptions?.dialect == .quartz })
        #expect(imported("0 30 8 L * ?", .quartz).hasMistakes)
        #expect(
            imported("0 61 8 L * ? x", .quartz).remarks.first?.sentence.contains("61 is not a minute") == true
        )
    }

    private static let xml = """
        <?xml version="1.0" encoding="UTF-8"?>
        <job-scheduling-data xmlns="http://www.quartz-scheduler.org/xml/JobSchedulingData" version="2.0">
          <!-- jobs -->
          <schedule>
            <job>
              <name>Nightly Report</name><group>reports</group>
              <job-class>com.example.ReportJob</job-class>
              <job-data-map><entry><key>TO</key><value>a &amp; b</value></entry></job-data-map>
            </job>
            <trigger><cron>
              <name>t1</name><job-name>Nightly Report</job-name><job-group>reports</job-group>
              <misfire-instruction>MISFIRE_INSTRUCTION_DO_NOTHING</misfire-instruction>
              <cron-expression>0 0 2 ? * MON-FRI</cron-expression><time-zone>Europe/Berlin</time-zone>
            </cron></trigger>
            <trigger><simple>
              <name>t2</name><job-name>Nightly Report</job-name><job-group>reports</job-group>
              <repeat-count>-1</repeat-count><repeat-interval>90000</repeat-interval>
            </simple></trigger>
          </schedule>
        </job-scheduling-data>
        """

    @Test("XML job data becomes tasks whose handler a program of ours calls")
    func jobs() throws {
        let outcome = imported(
            Self.xml,
            .quartz,
            file: "jobs.xml",
            options: ImportOptions(handlerCommand: ["run-job"])
        )
        let task = try #require(outcome.tasks.first)
        #expect(task.name.text == "nightly-report")
        #expect(task.command == ["run-job", "com.example.ReportJob"] && task.environment == ["TO": "a & b"])
        #expect(task.crons == ["0 0 2 ? * MON-FRI"])
        #expect(task.cronOptions?.timeZone.identifier == "Europe/Berlin")
        #expect(task.schedules.last == .every(try IntervalSchedule(every: .seconds(90))))
        #expect(task.misfire == Misfire(.skip) && outcome.remarks.isEmpty)
        let without = imported(Self.xml, .quartz, file: "jobs.xml")
        #expect(without.remarks.first?.sentence.contains("--handler-command") == true)
    }

    @Test(
        "broken XML is a mistake with its line",
        arguments: [("<a>\n<b></a>", 2), ("<a>\n<b>", 2), ("<a\n", 1), ("<!-- x", 1)]
    )
    func brokenXML(_ text: String, _ line: Int) throws {
        let remark = try #require(imported(text, .quartz).remarks.first)
        #expect(remark.kind == .mistake && remark.line == line, "\(remark)")
    }

    private static let jobs = """
        {"code": 200, "data": [
        {"id": 2, "jobDesc": "测试任务", "scheduleType": "CRON", "scheduleConf": "0 0/5 * * * ?",
         "misfireStrategy": "DO_NOTHING", "executorRouteStrategy": "SHARDING_BROADCAST",
         "executorHandler": "demoJobHandler", "executorParam": "x", "executorBlockStrategy": "DISCARD_LATER",
         "executorTimeout": 30, "executorFailRetryCount": 2, "glueType": "BEAN", "childJobId": "3",
         "triggerStatus": 0},
        {"id": 3, "jobDesc": "脚本", "scheduleType": "FIX_RATE", "scheduleConf": "30", "executorHandler": "",
         "executorParam": "", "glueType": "GLUE_SHELL", "glueSource": "echo $0", "executorFailRetryCount": 0,
         "executorTimeout": 0, "misfireStrategy": "FIRE_ONCE_NOW", "childJobId": "", "triggerStatus": 1}]}
        """

    @Test("jobs of XXL-JOB become tasks")
    func xxlJobs() throws {
        let outcome = imported(
            Self.jobs,
            .xxlJob,
            file: "jobs.json",
            options: ImportOptions(handlerCommand: ["run-job"])
        )
        #expect(outcome.tasks.map(\.name.text) == ["demojobhandler", "xxl-job-3"])
        #expect(outcome.tasks[0].command == ["run-job", "demoJobHandler", "x"])
        #expect(outcome.tasks[0].timeout == .seconds(30) && !outcome.tasks[0].isEnabled)
        #expect(outcome.tasks.map(\.misfire) == [Misfire(.skip), Misfire(.once)])
        #expect(outcome.tasks.map(\.retry.attempts) == [3, 1])
        #expect(outcome.tasks[0].description == "测试任务")
        #expect(outcome.tasks.map(\.concurrency) == [Concurrency(.forbid), Concurrency()])
        #expect(outcome.tasks[1].command == ["/bin/bash", "-c", "echo $0", "xxl-job-3"])
        #expect(outcome.tasks[1].schedules == [.every(try IntervalSchedule(every: .seconds(30)))])
        #expect(
            outcome.notes == [
                "3 changed executorRouteStrategy SHARDING_BROADCAST",
                "5 dropped childJobId 3",
            ]
        )
        #expect(outcome.tasks.map(\.isBroadcast) == [true, false])
        // Nothing comes after a broadcast.
        #expect(outcome.tasks[1].after.edges.isEmpty)
    }

    @Test("the children of a job come after it")
    func children() throws {
        func job(_ id: Int, _ children: String) -> String {
            #"{"id": \#(id), "glueType": "GLUE_SHELL", "glueSource": "date", "childJobId": "\#(children)"}"#
        }
        let text = "[\n" + [job(1, "2,3,1"), job(2, "3"), job(3, "9")].joined(separator: ",\n") + "]"
        let outcome = imported(text, .xxlJob, file: "jobs.json")
        let first = try #require(outcome.tasks.first).name
        let second = try #require(outcome.tasks.dropFirst().first).name
        #expect(
            outcome.tasks.map(\.after) == [
                Dependencies(), Dependencies([.init(first)]),
                Dependencies([.init(first), .init(second)], join: .any),
            ]
        )
        #expect(outcome.notes == ["3 changed childJobId 3", "4 dropped childJobId 9"])
    }

    struct TriggerCase: Sendable {
        var kind = "simple"
        var fields: String
        var schedules: [Schedule]
        var notes: [String] = []
    }

    private static func every(
        _ seconds: Int,
        _ start: Instant? = nil,
        end: Instant? = nil,
        maxRuns: Int? = nil
    ) -> [Schedule] {
        let interval = try? IntervalSchedule(every: .seconds(seconds), start: start, end: end)
        return interval.map { interval in
            var schedule = Schedule.every(interval)
            schedule.maxRuns = maxRuns
            return [schedule]
        } ?? []
    }

    /// 2030-01-01T00:00:00Z.
    private static let start = Instant(millisecondsSinceEpoch: 1_893_456_000_000)

    private static let from = "<start-time>2030-01-01T00:00:00Z</start-time>"

    private static func ends(_ interval: Int, _ count: Int) -> String {
        "<repeat-count>\(count)</repeat-count><repeat-interval>\(interval)</repeat-interval>"
    }

    static let triggerCases: [TriggerCase] = [
        TriggerCase(fields: from + ends(10_000, 5), schedules: every(10, start, maxRuns: 6)),
        TriggerCase(fields: from + ends(10_000, -1), schedules: every(10, start)),
        TriggerCase(
            fields: from + ends(1_000, 20_000),
            schedules: every(1, start, end: start + .seconds(20_000))
        ),
        TriggerCase(fields: from, schedules: [.once(start)]),
        TriggerCase(
            // A time without an offset is one of the zone, here Berlin's.
            fields: "<start-time>2030-01-01T01:00:00</start-time>",
            schedules: [.once(start)]
        ),
        TriggerCase(
            fields: from + "<end-time>2030-01-02T00:00:00Z</end-time>" + ends(10_000, -1),
            schedules: every(10, start, end: start + .milliseconds(86_399_999))
        ),
        TriggerCase(
            fields: ends(10_000, 5),
            schedules: [],
            notes: ["3 dropped the trigger t with repeat-count 5"]
        ),
        TriggerCase(
            kind: "calendar-interval",
            fields: "<repeat-interval>2</repeat-interval><repeat-interval-unit>HOUR</repeat-interval-unit>",
            schedules: every(7_200)
        ),
        TriggerCase(
            kind: "calendar-interval",
            fields: "<repeat-interval>2</repeat-interval><repeat-interval-unit>WEEK</repeat-interval-unit>",
            schedules: [],
            notes: ["3 dropped the trigger t, every 2 WEEK"]
        ),
        TriggerCase(
            fields: from + "<priority>9</priority>",
            schedules: [.once(start)],
            notes: ["3 dropped priority 9 of trigger t"]
        ),
    ]

    private static func job(_ kind: String, _ fields: String) throws -> ImportOutcome {
        let text = """
            <job-scheduling-data><schedule>
            <job><name>j</name><job-class>J</job-class></job>
            <trigger><\(kind)><name>t</name><job-name>j</job-name>\(fields)</\(kind)></trigger>
            </schedule></job-scheduling-data>
            """
        let options = ImportOptions(
            timeZone: try TimeZoneID("Europe/Berlin"),
            handlerCommand: ["run-job"]
        )
        return imported(text, .quartz, file: "jobs.xml", options: options)
    }

    @Test("what bounds a trigger bounds its schedule", arguments: triggerCases)
    func triggers(_ example: TriggerCase) throws {
        let outcome = try Self.job(example.kind, example.fields)
        #expect(outcome.tasks.map(\.schedules) == [example.schedules])
        #expect(outcome.notes == example.notes)
    }

    @Test("a cron trigger holds from its start to its end")
    func boundedCron() throws {
        let fields =
            Self.from + "<end-time>2030-06-01T00:00:00+02:00</end-time>"
            + "<cron-expression>0 0 2 * * ?</cron-expression>"
        let outcome = try Self.job("cron", fields)
        let timing = try #require(outcome.tasks.first?.schedules.first?.timing)
        guard case .cron(let cron) = timing else {
            Issue.record("\(timing) is no cron schedule")
            return
        }
        #expect(cron.start == Self.start && cron.end == Instant(rfc3339: "2030-05-31T22:00:00Z"))
        #expect(outcome.remarks.isEmpty)
        #expect(try Self.job("cron", "<start-time>soon</start-time>" + fields).hasMistakes)
    }

    struct BlockCase: Sendable {
        var strategy: String
        var concurrency: Concurrency
        var notes: [String] = []
    }

    @Test(
        "what a busy executor does with a trigger becomes the task's concurrency",
        arguments: [
            BlockCase(strategy: "SERIAL_EXECUTION", concurrency: Concurrency(.queueAll)),
            BlockCase(strategy: "DISCARD_LATER", concurrency: Concurrency(.forbid)),
            BlockCase(strategy: "COVER_EARLY", concurrency: Concurrency(.replace)),
            BlockCase(strategy: "", concurrency: Concurrency()),
            BlockCase(
                strategy: "CONCURRENT_EXECUTION",
                concurrency: Concurrency(),
                notes: ["1 dropped executorBlockStrategy CONCURRENT_EXECUTION"]
            ),
        ]
    )
    func blockStrategies(_ example: BlockCase) {
        let json =
            "{\"id\": 1, \"glueType\": \"GLUE_SHELL\", \"glueSource\": \"date\", "
            + "\"executorBlockStrategy\": \"\(example.strategy)\"}"
        let outcome = imported(json, .xxlJob, file: "jobs.json")
        #expect(outcome.tasks.map(\.concurrency) == [example.concurrency])
        #expect(outcome.notes == example.notes)
    }

    struct MisfireCase: Sendable {
        /// Each trigger's kind, repeat count and instruction.
        var triggers: [(kind: String, count: String?, instruction: String?)]
        var misfire: Misfire
        var notes: [String] = []
    }

    static let misfireCases: [MisfireCase] = [
        MisfireCase(triggers: [("cron", nil, nil)], misfire: Misfire(.once)),
        MisfireCase(triggers: [("cron", nil, "SMART_POLICY")], misfire: Misfire(.once)),
        MisfireCase(triggers: [("cron", nil, "FIRE_ONCE_NOW")], misfire: Misfire(.once)),
        MisfireCase(triggers: [("cron", nil, "DO_NOTHING")], misfire: Misfire(.skip)),
        MisfireCase(
            triggers: [("cron", nil, "IGNORE_MISFIRE_POLICY")],
            misfire: Misfire(.all, cap: 1_000),
            notes: ["3 changed MISFIRE_INSTRUCTION_IGNORE_MISFIRE_POLICY of trigger t0"]
        ),
        MisfireCase(triggers: [("simple", "-1", nil)], misfire: Misfire(.skip)),
        MisfireCase(triggers: [("simple", "-1", "FIRE_NOW")], misfire: Misfire(.once)),
        MisfireCase(
            triggers: [("simple", "-1", "RESCHEDULE_NEXT_WITH_EXISTING_COUNT")],
            misfire: Misfire(.skip)
        ),
        MisfireCase(
            triggers: [("simple", "-1", "RESCHEDULE_NOW_WITH_REMAINING_REPEAT_COUNT")],
            misfire: Misfire(.once)
        ),
        MisfireCase(
            triggers: [("cron", nil, "HOPE")],
            misfire: Misfire(.once),
            notes: ["3 dropped MISFIRE_INSTRUCTION_HOPE of trigger t0"]
        ),
        MisfireCase(
            triggers: [("cron", nil, nil), ("cron", nil, "FIRE_ONCE_NOW"), ("simple", "-1", nil)],
            misfire: Misfire(.once),
            notes: ["5 changed MISFIRE_INSTRUCTION_SMART_POLICY of trigger t2"]
        ),
        MisfireCase(triggers: [], misfire: Misfire(.once)),
    ]

    @Test("misfire instructions become the task's policy", arguments: misfireCases)
    func misfires(_ example: MisfireCase) throws {
        func element(_ name: String, _ text: String?) -> String {
            text.map { "<\(name)>\($0)</\(name)>" } ?? ""
        }
        let triggers = example.triggers.enumerated().map { index, trigger in
            let when =
                trigger.kind == "cron"
                ? element("cron-expression", "0 0 2 * * ?")
                : element("repeat-count", trigger.count) + element("repeat-interval", "60000")
            let instruction = trigger.instruction.map { "MISFIRE_INSTRUCTION_" + $0 }
            return element(
                "trigger",
                element(
                    trigger.kind,
                    element("name", "t\(index)") + "<job-name>j</job-name>"
                        + element("misfire-instruction", instruction) + when
                )
            )
        }
        let text = """
            <job-scheduling-data><schedule>
            <job><name>j</name><job-class>J</job-class></job>
            \(triggers.joined(separator: "\n"))
            </schedule></job-scheduling-data>
            """
        let outcome = imported(
            text,
            .quartz,
            file: "jobs.xml",
            options: ImportOptions(handlerCommand: ["run-job"])
        )
        #expect(outcome.tasks.map(\.misfire) == [example.misfire])
        #expect(outcome.notes == example.notes)
    }

    struct PolicyCase: Sendable {
        var fields: String
        var misfire = Misfire()
        var retry = Retry()
        var notes: [String] = []
    }

    static let policyCases: [PolicyCase] = [
        PolicyCase(fields: #""misfireStrategy": "FIRE_ONCE_NOW""#),
        PolicyCase(fields: #""misfireStrategy": "DO_NOTHING""#, misfire: Misfire(.skip)),
        PolicyCase(fields: #""misfireStrategy": "HOPE""#, notes: ["1 dropped misfireStrategy HOPE"]),
        PolicyCase(fields: #""executorFailRetryCount": 0"#),
        PolicyCase(fields: #""executorFailRetryCount": -1"#),
        PolicyCase(
            fields: #""executorFailRetryCount": 3"#,
            retry: Retry(
                attempts: 4,
                delay: .seconds(10),
                backoff: .constant,
                jitter: 0,
                on: [.failed, .timedOut, .notStarted]
            )
        ),
        PolicyCase(
            fields: #""executorFailRetryCount": 9223372036854775807"#,
            retry: Retry(
                attempts: 100,
                delay: .seconds(10),
                backoff: .constant,
                jitter: 0,
                on: [.failed, .timedOut, .notStarted]
            ),
            notes: ["1 changed executorFailRetryCount 9223372036854775807"]
        ),
    ]

    @Test("XXL-JOB's policies become the task's", arguments: policyCases)
    func policies(_ example: PolicyCase) {
        let text = #"[{"id": 1, "glueType": "GLUE_SHELL", "glueSource": "true", \#(example.fields)}]"#
        let outcome = imported(text, .xxlJob, file: "jobs.json")
        #expect(outcome.tasks.map(\.misfire) == [example.misfire])
        #expect(outcome.tasks.map(\.retry) == [example.retry])
        #expect(outcome.notes == example.notes)
    }

    @Test("an interval from end to start stays one")
    func fixedDelay() throws {
        let text =
            #"[{"id": 1, "glueType": "GLUE_SHELL", "glueSource": "true", "scheduleType": "FIX_DELAY", "scheduleConf": "30"}]"#
        let outcome = imported(text, .xxlJob, file: "jobs.json")
        let completion = try CompletionSchedule(delay: .seconds(30))
        #expect(outcome.tasks.map(\.schedules) == [[Schedule(.afterCompletion(completion))]])
        #expect(outcome.notes.isEmpty)
    }
}
