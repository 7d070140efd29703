import Domain
import Scheduling
import Testing

@testable import Import

@Suite("Kubernetes CronJobs")
struct KubernetesImportTests {
    private struct Row: Decodable, CustomStringConvertible {
        struct Expectation: Decodable {
            let start_new_run: Bool
            let next_wakeup_s: Double?
        }
        let id: String
        let concurrency: String
        let suspend: Bool
        let schedule: String
        let tz: String
        let starting_deadline_s: Int?
        let now: String
        let expect: Expectation
        var description: String { id }

        var manifest: String {
            """
            apiVersion: batch/v1
            kind: CronJob
            metadata: {name: \(id)}
            spec:
              schedule: "\(schedule)"
              timeZone: \(tz)
              concurrencyPolicy: \(concurrency)
              suspend: \(suspend)
              startingDeadlineSeconds: \(starting_deadline_s.map(String.init) ?? "null")
              jobTemplate:
                spec:
                  backoffLimit: 0
                  template: {spec: {containers: [{name: main, command: ["/bin/true"]}]}}
            """
        }
    }

    @Test("the controller's own cases: schedule, suspension and policies are read")
    func controllerCases() throws {
        let rows: [Row] = try CaseFile.rows("concurrency_misfire_k8s")
        #expect(rows.count == 22)
        var wakeUps = 0
        for row in rows {
            let outcome = imported(row.manifest, .kubernetes, file: "cronjob.yaml")
            #expect(outcome.hasMistakes == row.schedule.contains("error"), "\(row)")
            guard let task = outcome.tasks.first else { continue }
            #expect(task.isEnabled != row.suspend, "\(row)")
            let notes = outcome.notes.joined(separator: "\n")
            let policy: Concurrency.Policy? = ["Allow": .allow, "Forbid": .forbid, "Replace": .replace][
                row.concurrency
            ]
            #expect(task.concurrency.policy == policy, "\(row)")
            #expect(notes.contains("concurrencyPolicy") == (row.concurrency == "Forbid"), "\(row)")
            #expect(task.startDeadline == row.starting_deadline_s.map { .seconds($0) }, "\(row)")
            // The latest of the instants that nobody took, unless it is later than the deadline: ours, too.
            #expect(task.misfire == Misfire(.once) && task.retry == Retry(), "\(row)")
            // Intervals count from a fixed instant here, from the creation there: documented.
            guard let wait = row.expect.next_wakeup_s, case .cron? = task.schedules.first?.timing,
                let now = Instant(second: row.now)
            else { continue }
            let next = try #require(task.schedules.first?.next(after: now), "\(row)")
            #expect((next - now).inSeconds.rounded() == wait, "\(row)")
            wakeUps += 1
        }
        #expect(wakeUps >= 10)
    }

    private struct IntervalRow: Decodable, CustomStringConvertible {
        let id: String
        let tz: String?
        let crons: [String]?
        let valid: Bool
        let equivalent_interval_s: Int?
        var description: String { id }
    }

    @Test("@every is an interval, and a zone in the expression must not contradict the given one")
    func temporalCases() throws {
        var checked = 0
        for row in try CaseFile.rows("interval_specs", of: IntervalRow.self) {
            guard let text = row.crons?.first, text.hasPrefix("@every") || text.hasPrefix("CRON_TZ") else {
                continue
            }
            let reading = ForeignCron.Reading(timeZone: try TimeZoneID(row.tz ?? "UTC"), isZoneGiven: true)
            if row.valid {
                let schedule = try ForeignCron.schedule(text, reading)
                if let seconds = row.equivalent_interval_s {
                    #expect(schedule == .every(try IntervalSchedule(every: .seconds(seconds))), "\(row)")
                }
            } else {
                #expect(throws: ScheduleError.self, "\(row)") { try ForeignCron.schedule(text, reading) }
            }
            checked += 1
        }
        #expect(checked == 3)
    }

    @Test("a manifest becomes a task, and the rest is reported with its line")
    func manifest() throws {
        let text = """
            apiVersion: batch/v1
            kind: CronJob
            metadata:
              name: nightly
              namespace: reports
            spec:
              schedule: "30 1 * * *"
              timeZone: Europe/Berlin
              concurrencyPolicy: Forbid
              startingDeadlineSeconds: 200
              jobTemplate:
                spec:
                  activeDeadlineSeconds: 600
                  backoffLimit: 3
                  template:
                    spec:
                      restartPolicy: OnFailure
                      nodeSelector: {disk: ssd}
                      terminationGracePeriodSeconds: 30
                      containers:
                        - name: report
                          image: registry/report:1
                          command: [/report]
                          args: ["--to", "$(TO)", "$$(TO)", 5]
                          workingDir: /srv
                          env:
                            - {name: TO, value: team}
                            - name: PASSWORD
                              valueFrom: {secretKeyRef: {name: db, key: password}}
                          resources: {limits: {memory: 1Gi}}
            ---
            kind: ConfigMap
            metadata: {name: settings}
            """
        let outcome = imported(text, .kubernetes, file: "cronjob.yaml")
        let task = try #require(outcome.tasks.first)
        #expect(outcome.tasks.count == 1 && task.name.text == "nightly")
        #expect(task.crons == ["30 1 * * *"])
        #expect(task.cronOptions?.gap == .skip && task.cronOptions?.overlap == .both)
        #expect(task.timeout == .seconds(600) && task.killGrace == .seconds(30))
        #expect(task.concurrency == Concurrency(.forbid))
        #expect(task.startDeadline == .seconds(200) && task.retry.attempts == 4)
        #expect(task.placement.labels == ["disk": "ssd"] && task.environment == ["TO": "team"])
        #expect(task.command.suffix(6) == ["/srv", "/report", "--to", "team", "$(TO)", "5"])
        #expect(
            outcome.notes == [
                "5 changed the namespace reports", "9 changed concurrencyPolicy: Forbid",
                "13 changed activeDeadlineSeconds: 600",
                "28 dropped the variable PASSWORD", "22 dropped image: registry/report:1",
                "30 dropped resources", "32 dropped ConfigMap settings",
            ]
        )
    }

    @Test("labels are carried over; annotations, and what only jobs and pods have, are reported")
    func metadata() throws {
        let long = String(repeating: "x", count: 64)
        let text = """
            kind: CronJob
            metadata:
              name: a
              uid: 1234
              labels:
                app.kubernetes.io/name: report
                team: ""
                \(long): y
              annotations:
                kubectl.kubernetes.io/last-applied-configuration: "{}"
                owner: data
              finalizers: [x]
            spec:
              schedule: "@daily"
              jobTemplate:
                metadata: {labels: {job: x}}
                spec:
                  backoffLimit: 0
                  template:
                    metadata: {annotations: {pod: x}}
                    spec: {containers: [{command: [/bin/true]}]}
            """
        let outcome = imported(text, .kubernetes, file: "cronjob.yaml")
        let task = try #require(outcome.tasks.first, "\(outcome.remarks.map(\.sentence))")
        #expect(task.labels == ["app.kubernetes.io/name": "report", "team": ""])
        #expect(task.placement.labels.isEmpty)
        #expect(
            outcome.notes == [
                "8 dropped the label \(long)", "11 dropped the annotation owner",
                "12 dropped metadata.finalizers", "16 dropped the labels of its jobs",
                "20 dropped the annotations of its pods",
            ]
        )
    }

    @Test(
        "a CronJob that starts nothing is a mistake",
        arguments: [
            ("kind: CronJob\nspec: {schedule: '@daily'}", "no jobTemplate"), ("kind: CronJob", "no spec"),
            ("kind: CronJob\nspec: {jobTemplate: {spec: {}}}", "no schedule"),
            (
                "kind: CronJob\nspec: {schedule: '@daily', jobTemplate: {spec: {template: {spec: {containers: [{image: x}]}}}}}",
                "names no command"
            ),
            ("kind: CronJob\nspec: {concurrencyPolicy: Queue}", "write Allow, Forbid or Replace"),
            ("kind: [", "not YAML"),
            (
                "kind: CronJob\nspec: {schedule: '@daily', startingDeadlineSeconds: soon, jobTemplate: {spec: {}}}",
                "no number of seconds"
            ),
        ]
    )
    func mistakes(_ text: String, _ message: String) {
        let outcome = imported(text, .kubernetes, file: "x.yaml")
        #expect(outcome.tasks.isEmpty)
        #expect(outcome.remarks.contains { $0.kind == .mistake && $0.sentence.contains(message) })
    }

    struct FailureCase: Sendable {
        var cronJob = ""
        var job = ""
        var pod = ""
        var timeout: Duration?
        var retry = Retry()
        var startDeadline: Duration?
        var notes: [String] = []
    }

    /// What Kubernetes does unless a manifest says otherwise: six more pods, after 10s, 20s, … up to six minutes.
    private static func retry(
        _ attempts: Int = 7,
        maxDelay: Int = 360,
        on: [Retry.Cause] = [.failed, .notStarted],
        agent: Retry.Location = .any
    ) -> Retry {
        Retry(
            attempts: attempts,
            delay: .seconds(10),
            maxDelay: .seconds(maxDelay),
            jitter: 0,
            on: on,
            agent: agent
        )
    }

    static let failureCases: [FailureCase] = [
        FailureCase(retry: retry()),
        FailureCase(job: "backoffLimit: 0"),
        FailureCase(job: "backoffLimit: null", retry: retry()),
        FailureCase(job: "backoffLimit: 2", pod: "restartPolicy: Never", retry: retry(3)),
        FailureCase(
            job: "backoffLimit: 2",
            pod: "restartPolicy: OnFailure",
            retry: retry(3, maxDelay: 300, agent: .same)
        ),
        FailureCase(job: "backoffLimit: 99", retry: retry(100)),
        FailureCase(
            job: "backoffLimit: 9223372036854775807",
            retry: retry(100),
            notes: ["7 changed backoffLimit: 9223372036854775807"]
        ),
        FailureCase(job: "{backoffLimit: 0, activeDeadlineSeconds: 60}", timeout: .seconds(60)),
        FailureCase(
            job: "activeDeadlineSeconds: 60",
            timeout: .seconds(60),
            retry: retry(),
            notes: ["7 changed activeDeadlineSeconds: 60"]
        ),
        FailureCase(
            pod: "activeDeadlineSeconds: 60",
            timeout: .seconds(60),
            retry: retry(on: [.failed, .timedOut, .notStarted])
        ),
        FailureCase(
            job: "activeDeadlineSeconds: 30",
            pod: "activeDeadlineSeconds: 60",
            timeout: .seconds(30),
            retry: retry(),
            notes: ["7 changed activeDeadlineSeconds: 30"]
        ),
        FailureCase(
            job: "{backoffLimit: 0, podFailurePolicy: {rules: []}}",
            notes: ["7 dropped podFailurePolicy"]
        ),
        FailureCase(cronJob: "startingDeadlineSeconds: null", retry: retry()),
        FailureCase(cronJob: "startingDeadlineSeconds: 10", retry: retry(), startDeadline: .seconds(10)),
        FailureCase(
            cronJob: "startingDeadlineSeconds: 0",
            retry: retry(),
            startDeadline: .seconds(1),
            notes: ["4 changed startingDeadlineSeconds: 0"]
        ),
        FailureCase(
            cronJob: "startingDeadlineSeconds: 99999999999",
            retry: retry(),
            startDeadline: .seconds(366 * 86_400)
        ),
    ]

    @Test("what follows failures and late starts is carried over", arguments: failureCases)
    func failures(_ example: FailureCase) throws {
        func inner(_ text: String) -> String {
            text.hasPrefix("{") ? String(text.dropFirst().dropLast()) : text
        }
        let text = """
            kind: CronJob
            spec:
              schedule: "@daily"
              \(example.cronJob.isEmpty ? "# nothing" : example.cronJob)
              jobTemplate:
                spec:
                  {\(inner(example.job))\(example.job.isEmpty ? "" : ", ")template: {spec: {
                    \(example.pod)\(example.pod.isEmpty ? "" : ", ")containers: [{command: [/bin/true]}]}}}
            """
        let outcome = imported(text, .kubernetes, file: "cronjob.yaml")
        let task = try #require(outcome.tasks.first, "\(outcome.remarks.map(\.sentence))")
        #expect(task.timeout == example.timeout)
        #expect(task.retry == example.retry)
        #expect(task.startDeadline == example.startDeadline)
        #expect(outcome.notes == example.notes)
    }
}
