import Domain
import Import
import Scheduling
import Testing

@Suite("Crontabs")
struct CrontabImportTests {
    private struct Row: Decodable, CustomStringConvertible {
        struct Job: Decodable {
            let schedule: String
            let command: String
        }
        let crontab: String
        let valid: Bool
        let jobs: [Job]?
        var description: String { crontab }
    }

    @Test("supercronic's cases are read as it reads them")
    func supercronic() throws {
        let rows: [Row] = try CaseFile.rows("crontab_import")
        #expect(rows.count == 9)
        for row in rows {
            let outcome = imported(row.crontab, .crontab)
            #expect(outcome.hasMistakes != row.valid, "\(row)")
            #expect(outcome.tasks.map { $0.command.last } == (row.jobs ?? []).map(\.command), "\(row)")
            for (task, job) in zip(outcome.tasks, row.jobs ?? []) {
                let words = job.schedule.split(separator: " ")
                #expect(task.crons == [words.count == 6 ? "0 " + job.schedule : job.schedule], "\(row)")
            }
        }
    }

    @Test("a variable counts for the lines below it, as in cron")
    func environment() throws {
        let outcome = imported(
            "A=1\n* * * * * first\nA = '2'\nB=\"x y\"\nSHELL=/bin/bash\n* * * * * second\n",
            .crontab
        )
        #expect(outcome.tasks.map(\.environment) == [["A": "1"], ["A": "2", "B": "x y"]])
        #expect(
            outcome.tasks.map(\.command) == [["/bin/sh", "-c", "first"], ["/bin/bash", "-c", "second"]]
        )
        #expect(outcome.remarks.isEmpty)
        // Cron starts a command whether or not its last one has ended.
        #expect(outcome.tasks.allSatisfy { $0.concurrency == Concurrency(.allow) })
    }

    struct PercentCase: Sendable {
        var line: String
        var command: [String]
    }

    @Test(
        "a percent sign begins the input, an escaped one is itself",
        arguments: [
            PercentCase(line: #"date +\%F"#, command: ["/bin/sh", "-c", "date +%F"]),
            PercentCase(line: #"grep 'a\b' x"#, command: ["/bin/sh", "-c", #"grep 'a\b' x"#]),
            PercentCase(
                line: "mail -s hi root%Dear all,%%bye",
                command: [
                    "/bin/sh", "-c", #"printf '%s\n' "$1" | "$0" -c "$2""#, "/bin/sh", "Dear all,\n\nbye",
                    "mail -s hi root",
                ]
            ),
        ]
    )
    func percent(_ example: PercentCase) throws {
        let task = try #require(imported("0 1 * * * \(example.line)", .crontab).tasks.first)
        #expect(task.command == example.command)
    }

    @Test("a zone counts for the lines below it; else the given one does")
    func zones() throws {
        let berlin = try TimeZoneID("Europe/Berlin")
        let outcome = imported(
            "0 1 * * * a\nCRON_TZ=Asia/Tokyo\n0 1 * * * b\n",
            .crontab,
            options: ImportOptions(timeZone: berlin)
        )
        #expect(outcome.tasks.map { $0.cronOptions?.timeZone.identifier } == ["Europe/Berlin", "Asia/Tokyo"])
        let mistaken = imported("CRON_TZ=Mars/Base\n0 1 * * * b", .crontab)
        #expect(mistaken.remarks.first?.sentence.contains("unknown time zone 'Mars/Base'") == true)
    }

    @Test(
        "system files name a user, which a task has not",
        arguments: ["/etc/crontab", "/etc/cron.d/sysstat"]
    )
    func users(_ file: String) throws {
        let outcome = imported(
            "17 * * * *\troot  cd / && run-parts --report /etc/cron.hourly\n",
            .crontab,
            file: file
        )
        let task = try #require(outcome.tasks.first)
        #expect(task.command.last == "cd / && run-parts --report /etc/cron.hourly")
        #expect(task.name.text == "run-parts-cron.hourly")
        #expect(outcome.notes == ["1 dropped the user root"])
        #expect(outcome.remarks.first?.task == task.name)
        #expect(!outcome.hasMistakes && outcome.lacksSomething)
    }

    @Test("what cannot be carried over is named with its line")
    func remarks() throws {
        let text = """
            # comment
            MAILTO=root
            @reboot /usr/bin/warm-up
            10~20 5 * * * /usr/bin/spread
            RANDOM_DELAY=10
            @daily /usr/bin/tidy
            CLOUDTASK_X=1
            -5 4 * * * /usr/bin/quiet
            """
        let outcome = imported(text, .crontab)
        #expect(
            outcome.notes == [
                "2 dropped MAILTO=root", "3 changed @reboot", "8 dropped the variable CLOUDTASK_X",
            ]
        )
        #expect(outcome.tasks.map(\.name.text) == ["warm-up", "spread", "tidy", "quiet"])
        #expect(outcome.tasks[0].schedules.map(\.explained) == ["At every start of the agent."])
        #expect(outcome.tasks[1].crons == ["H(10-20) 5 * * *"])
        #expect(outcome.tasks.map { $0.schedules.first?.jitter } == [nil, nil, .seconds(600), .seconds(600)])
        #expect(imported("MAILTO=\"\"\n", .crontab).remarks.isEmpty)
    }

    struct MistakeCase: Sendable {
        var line: String
        var message: String
    }

    @Test(
        "a line that is neither time and command nor variable is a mistake",
        arguments: [
            MistakeCase(line: "0 25 * * * date", message: "25 is not an hour"),
            MistakeCase(line: "0 2 * *", message: "fewer than five fields"),
            MistakeCase(line: "0 2 * * *", message: "no command behind the time"),
            MistakeCase(line: "@fortnightly date", message: "unknown macro '@fortnightly'"),
            MistakeCase(line: "0 0 30 2 * date", message: "no date matches"),
        ]
    )
    func mistakes(_ example: MistakeCase) throws {
        let outcome = imported("\n" + example.line, .crontab, file: "jobs")
        #expect(outcome.tasks.isEmpty)
        let remark = try #require(outcome.remarks.first)
        #expect(remark.kind == .mistake && remark.line == 2)
        #expect(remark.sentence.contains(example.message), "\(remark.sentence)")
    }

    @Test(
        "names come from the program that does the work",
        arguments: [
            ("/usr/local/bin/backup.sh --all", "backup"), ("cd /srv && ./Deploy_It.py", "deploy_it"),
            (
                "test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }",
                "run-parts-cron.daily"
            ),
            (
                "[ -x /usr/lib/php/sessionclean ] && if [ ! -d /run/systemd/system ]; then /usr/lib/php/sessionclean; fi",
                "sessionclean"
            ),
            ("command -v debian-sa1 > /dev/null && debian-sa1 1 1", "debian-sa1"),
            ("FOO=1 nice -n 10 sudo -u www python3 -m reports.daily", "reports.daily"),
            ("flock -n /tmp/l timeout 5m /opt/x/sync", "sync"), ("bash -c 'exec /opt/y.sh'", "y"),
            ("java -jar /opt/app.jar run", "app"), ("\"/opt/my tool\" x", "my-tool"), ("[", "task"),
            ("/bin/true", "true"),
        ]
    )
    func names(_ command: String, _ name: String) throws {
        let task = try #require(imported("0 0 * * * \(command)", .crontab).tasks.first)
        #expect(task.name.text == name)
    }

    @Test("names are unique and the same at every import")
    func uniqueNames() {
        let text = String(repeating: "0 0 * * * /bin/run\n", count: 3)
        let names = imported(text, .crontab).tasks.map(\.name.text)
        #expect(names == ["run", "run-2", "run-3"])
        #expect(imported(text, .crontab) == imported(text, .crontab))
    }
}
