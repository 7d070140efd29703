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
        #expect(outcome.notes == ["10 dropped MISFIRE_INSTRUCTION_DO_NOTHING of trigger t1"])
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
        #expect(outcome.tasks[0].description == "测试任务")
        #expect(outcome.tasks.map(\.concurrency) == [Concurrency(.forbid), Concurrency()])
        #expect(outcome.tasks[1].command == ["/bin/bash", "-c", "echo $0", "xxl-job-3"])
        #expect(outcome.tasks[1].schedules == [.every(try IntervalSchedule(every: .seconds(30)))])
        #expect(
            outcome.notes == [
                "3 dropped misfireStrategy DO_NOTHING", "5 dropped executorFailRetryCount 2",
                "5 dropped childJobId 3",
                "2 dropped executorRouteStrategy SHARDING_BROADCAST",
            ]
        )
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
}
