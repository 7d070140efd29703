import Domain
import Scheduling
import Testing

@testable import Import

@Suite("systemd timers")
struct SystemdImportTests {
    private struct Row: Decodable, CustomStringConvertible {
        let kind: String
        let spec: String
        let normal: String?
        let tz: String?
        let from: String?
        let next: [String]?
        var description: String { spec }
    }

    @Test("calendar events mean what systemd's own tests say")
    func cases() throws {
        let rows: [Row] = try CaseFile.rows("systemd_oncalendar")
        #expect(rows.count == 27)
        for row in rows {
            switch row.kind {
            case "normalise":
                let spec = try CalendarSpec(row.spec)
                #expect(spec.normalized == row.normal, "\(row)")
                #expect((try CalendarSpec(spec.normalized)).cron == spec.cron, "\(row)")
            case "invalid":
                #expect(throws: ScheduleError.self, "\(row)") { try CalendarSpec(row.spec) }
            default:
                let zone = try TimeZoneID(row.tz ?? "UTC")
                let schedule = try CalendarSpec(row.spec).schedule(timeZone: zone)
                let from = try #require(row.from.flatMap { Instant(second: $0) })
                let expected = (row.next ?? []).compactMap { Instant(rfc3339: $0) }
                #expect(schedule.next(after: from) == expected.first, "\(row)")
            }
        }
    }

    @Test(
        "events become cron expressions",
        arguments: [
            ("Mon..Fri 02:30", "30 2 * * MON-FRI"), ("*:0/15", "0-59/15 * * * *"), ("daily", "0 0 * * *"),
            ("Sun *-*~07/1 00:00", "0 0 L-6,L-5,L-4,L-3,L-2,L-1,L * SUN"), ("*-*~1", "0 0 L * *"),
            ("2026-*-01 06:00:30", "30 0 6 1 * * 2026"), ("Mon,Wed *-*-* 1..3:00", "0 1,2,3 * * MON,WED"),
            ("*:*:0/10", "0-59/10 * * * * *"),
        ]
    )
    func crons(_ spec: String, _ cron: String) throws {
        #expect(try CalendarSpec(spec).cron == cron)
        #expect(throws: Never.self) { try CalendarSpec(spec).schedule(timeZone: .utc) }
    }

    @Test(
        "durations are read with their units",
        arguments: [
            ("90", 90.0), ("5min 20s", 320), ("1h30m", 5_400), ("1.5 days", 129_600), ("2w", 1_209_600),
            ("250ms", 0.25),
        ]
    )
    func durations(_ text: String, _ seconds: Double) {
        #expect(TimeSpan.duration(text)?.inSeconds == seconds)
        #expect(TimeSpan.duration(text + " parsecs") == nil)
    }

    private static let timer = """
        [Unit]
        Description=Nightly backup

        [Timer]
        OnCalendar=Mon..Fri *-*-* 02:30:00 Europe/Berlin
        OnCalendar=Sat *-*-* 04:00
        RandomizedDelaySec=10min
        Persistent=true
        AccuracySec=1s

        [Install]
        WantedBy=timers.target
        """

    @Test("a timer and its service become a task")
    func units() throws {
        let service = #"""
            [Service]
            Type=oneshot
            User=backup
            Environment=TARGET=/srv "MODE=full run"
            ExecStart=/usr/bin/backup --to ${TARGET} \
                --mode "a b" %n 100%% $MODE
            TimeoutStartSec=1h
            TimeoutStopSec=90
            MemoryMax=1G
            Nice=19
            """#
        let outcome = Importer.tasks(
            from: [
                ImportSource(file: "/etc/systemd/system/backup.timer", text: Self.timer),
                ImportSource(file: "/etc/systemd/system/backup.service", text: service),
            ],
            as: .systemd
        )
        let task = try #require(outcome.tasks.first)
        #expect(task.name.text == "backup" && task.description == "Nightly backup")
        #expect(task.crons == ["30 2 * * MON-FRI", "0 4 * * SAT"])
        #expect(task.cronOptions?.timeZone.identifier == "Europe/Berlin")
        #expect(task.cronOptions?.gap == .skip)
        #expect(task.schedules.map(\.jitter) == [.seconds(600), .seconds(600)])
        #expect(
            task.command == [
                "/usr/bin/backup", "--to", "/srv", "--mode", "a b", "backup.service", "100%", "full", "run",
            ]
        )
        #expect(task.environment == ["TARGET": "/srv", "MODE": "full run"])
        #expect(task.timeout == .seconds(3_600) && task.killGrace == .seconds(90))
        #expect(task.concurrency == Concurrency(.forbid))
        #expect(
            outcome.notes == [
                "3 dropped User=backup",
                "9 dropped MemoryMax=1G, Nice=19",
            ]
        )
    }

    struct ActionCase: Sendable {
        var service: String
        var action: TaskSpecification.Action
    }

    @Test(
        "commands, directories and failures that do not count keep their meaning",
        arguments: [
            ActionCase(service: "ExecStart=/bin/a 'b c'", action: .command(["/bin/a", "b c"])),
            ActionCase(
                service: "WorkingDirectory=/srv/x\nExecStart=/bin/a",
                action: .command(["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", "/srv/x", "/bin/a"])
            ),
            ActionCase(
                service: "ExecStartPre=-/bin/pre\nExecStart=/bin/a 'x y' ; /bin/b\nExecStartPost=/bin/post",
                action: .script("/bin/pre || true\n/bin/a 'x y'\n/bin/b\n/bin/post\n")
            ),
            ActionCase(
                service: "ExecStart=/bin/old\nExecStart=\nExecStart=/bin/new",
                action: .command(["/bin/new"])
            ),
        ]
    )
    func actions(_ example: ActionCase) throws {
        let outcome = Importer.tasks(
            from: [
                ImportSource(file: "a.service", text: "[Service]\n" + example.service),
                ImportSource(file: "a.timer", text: "[Timer]\nOnCalendar=daily\nPersistent=yes"),
            ],
            as: .systemd
        )
        #expect(outcome.tasks.map(\.action) == [example.action])
        #expect(outcome.remarks.isEmpty)
    }

    struct TimerCase: Sendable {
        var timer: String
        var schedules: [String]
        var notes: [String]
    }

    @Test(
        "intervals are kept, what begins with the machine is named",
        arguments: [
            TimerCase(
                timer: "OnBootSec=5min\nOnUnitActiveSec=1h",
                schedules: ["Every 1h, counted from 1970-01-01T00:00:00.000Z."],
                notes: ["3 changed OnUnitActiveSec=1h"]
            ),
            TimerCase(
                timer: "OnBootSec=5min",
                schedules: [],
                notes: ["2 dropped OnBootSec=5min"]
            ),
            TimerCase(
                timer: "OnUnitInactiveSec=90",
                schedules: ["1m30s after the end of the run before."],
                notes: []
            ),
            TimerCase(
                timer: "OnCalendar=daily",
                schedules: ["At 00:00, UTC time."],
                notes: []
            ),
        ]
    )
    func timers(_ example: TimerCase) throws {
        let outcome = Importer.tasks(
            from: [
                ImportSource(file: "a.timer", text: "[Timer]\n" + example.timer),
                ImportSource(file: "a.service", text: "[Service]\nExecStart=/bin/a"),
            ],
            as: .systemd
        )
        #expect(outcome.tasks.first?.schedules.map(\.explained) == example.schedules)
        #expect(outcome.notes == example.notes)
    }

    @Test("an instance takes its service from the template; a template by itself is named")
    func instances() throws {
        let service = ImportSource(file: "dump@.service", text: "[Service]\nExecStart=/bin/dump %i %p %n")
        let timer = "[Timer]\nOnCalendar=daily\nPersistent=true"
        let outcome = Importer.tasks(
            from: [
                ImportSource(file: "dump@main.timer", text: timer),
                ImportSource(file: "dump@.timer", text: timer),
                service,
            ],
            as: .systemd
        )
        #expect(outcome.tasks.map(\.command) == [["/bin/dump", "main", "dump", "dump@main.service"]])
        #expect(outcome.tasks.map(\.name.text) == ["dump-main"])
        #expect(outcome.notes == ["1 dropped dump@.timer"])
    }

    @Test("a timer without its service, and a service without its timer, are named")
    func alone() {
        #expect(imported(Self.timer, .systemd, file: "x.timer").hasMistakes)
        let outcome = imported("[Service]\nExecStart=/bin/a", .systemd, file: "x.service")
        #expect(outcome.notes == ["1 dropped x.service"])
        #expect(imported("[Timer]\nOnCalendar=*-04-31", .systemd, file: "x.timer").hasMistakes)
    }

    @Test(
        "a timer that nothing sets off is a mistake; an empty setting takes back those before it only",
        arguments: [
            ("OnCalendar=", 2), ("OnCalendar=daily\nOnCalendar=", 3), ("Persistent=yes", 1),
            ("OnCalendar=\nOnCalendar=daily", nil), ("OnCalendar=\nOnBootSec=5min", nil),
        ] as [(String, Int?)]
    )
    func nothing(_ timer: String, _ line: Int?) {
        let outcome = Importer.tasks(
            from: [
                ImportSource(file: "a.timer", text: "[Timer]\n" + timer),
                ImportSource(file: "a.service", text: "[Service]\nExecStart=/bin/a"),
            ],
            as: .systemd
        )
        let mistake = outcome.remarks.first { $0.kind == .mistake }
        #expect(mistake?.line == line && outcome.tasks.isEmpty == (line != nil))
        if line != nil { #expect(mistake?.sentence.contains("OnCalendar=daily") == true) }
    }

    @Test(
        "a timer makes up for what was missed if it is persistent",
        arguments: [
            ("OnCalendar=daily", Misfire.Policy.skip), ("OnCalendar=daily\nPersistent=false", .skip),
            ("OnCalendar=daily\nPersistent=true", .once),
            ("OnCalendar=daily\nPersistent=true\nPersistent=no", .skip),
            ("OnUnitActiveSec=1h", .once),
        ]
    )
    func persistence(_ timer: String, _ policy: Misfire.Policy) throws {
        let outcome = Importer.tasks(
            from: [
                ImportSource(file: "a.timer", text: "[Timer]\n" + timer),
                ImportSource(file: "a.service", text: "[Service]\nExecStart=/bin/a"),
            ],
            as: .systemd
        )
        #expect(outcome.tasks.map(\.misfire) == [Misfire(policy)])
        #expect(!outcome.notes.contains { $0.contains("Persistent") })
    }

    struct RestartCase: Sendable {
        var service: String
        var unit = ""
        /// Attempts and the pause between them in milliseconds; `nil` for no retry.
        var retry: (attempts: Int, delay: Int)?
        var notes: [String] = []
    }

    static let restartCases: [RestartCase] = [
        RestartCase(service: "Restart=no"),
        RestartCase(service: "RestartSec=5"),
        // Five starts within ten seconds are systemd's own limit.
        RestartCase(service: "Restart=on-failure", retry: (5, 100)),
        RestartCase(service: "Restart=on-failure\nRestartSec=2", retry: (5, 2_000)),
        RestartCase(
            service: "Restart=on-failure\nRestartSec=5min",
            retry: (100, 300_000),
            notes: ["2 changed Restart=on-failure"]
        ),
        RestartCase(
            service: "Restart=on-failure\nRestartSec=60",
            unit: "StartLimitIntervalSec=10min\nStartLimitBurst=3",
            retry: (3, 60_000)
        ),
        RestartCase(
            service: "Restart=on-failure\nStartLimitInterval=1h\nStartLimitBurst=8\nRestartSec=30",
            retry: (8, 30_000)
        ),
        RestartCase(
            service: "Restart=on-failure",
            unit: "StartLimitIntervalSec=0",
            retry: (100, 100),
            notes: ["2 changed Restart=on-failure"]
        ),
        RestartCase(
            service: "Restart=on-failure",
            unit: "StartLimitIntervalSec=1d\nStartLimitBurst=9223372036854775807",
            retry: (100, 100),
            notes: ["2 changed Restart=on-failure"]
        ),
        RestartCase(service: "Restart=on-abnormal", notes: ["2 dropped Restart=on-abnormal"]),
        RestartCase(service: "Restart=always\nRestartSec=5", notes: ["2 dropped Restart=always"]),
    ]

    @Test("restarts after failures become a retry on the same agent", arguments: restartCases)
    func restarts(_ example: RestartCase) throws {
        let outcome = Importer.tasks(
            from: [
                ImportSource(
                    file: "a.service",
                    text: "[Service]\n\(example.service)\nExecStart=/bin/a\n[Unit]\n\(example.unit)"
                ),
                ImportSource(file: "a.timer", text: "[Timer]\nOnCalendar=daily"),
            ],
            as: .systemd
        )
        let retry = example.retry.map {
            Retry(
                attempts: $0.attempts,
                delay: .milliseconds($0.delay),
                backoff: .constant,
                jitter: 0,
                on: [.failed, .timedOut, .notStarted],
                agent: .same
            )
        }
        #expect(outcome.tasks.map(\.retry) == [retry ?? Retry()])
        #expect(outcome.notes == example.notes)
    }
}
