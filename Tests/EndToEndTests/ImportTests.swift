import Foundation
import Payloads
import Testing

/// What other schedulers' files become, without a cluster.
@Suite struct ImportCommandTests {
    private static let crontab = """
        MAILTO=root
        CRON_TZ=Europe/Berlin
        17 *  * * *  root  cd / && run-parts --report /etc/cron.hourly
        */10 * * * * root  /usr/bin/date +\\%F
        """

    @Test("a crontab becomes documents that are valid, and a report with lines")
    func crontab() async throws {
        let made = try await cloudtask(
            "import",
            "crontab",
            "-",
            "--system-format",
            "--group",
            "imported",
            input: Self.crontab
        )
        #expect(made.status == 0, "\(made.errors)")
        #expect(made.output.contains("name: run-parts-cron.hourly") && made.output.contains("---\n"))
        #expect(made.errors.contains("-:1: MAILTO=root is not carried over"))
        #expect(made.errors.contains("-:3,4: the user root is not carried over"))
        #expect(made.errors.contains("2 tasks made: 3 things are not carried over"))
        let checked = try await cloudtask("apply", "--validate-only", "-f", "-", input: made.output)
        #expect(checked.lines.first == "task/run-parts-cron.hourly valid", "\(checked.errors)")
        let again = try await cloudtask(
            "import",
            "crontab",
            "-",
            "--system-format",
            "--group",
            "imported",
            input: Self.crontab
        )
        #expect(again.output == made.output)
        let json = try await cloudtask("import", "crontab", "-", "-o", "json", input: "@daily x\n@hourly x\n")
        #expect(json.lines.count == 2 && json.lines[1].contains("\"name\":\"x-2\""))
        #expect(try await cloudtask("apply", "--validate-only", "-f", "-", input: json.output).status == 0)
    }

    @Test("nothing is printed when something is a mistake, or is dropped with --strict")
    func failures() async throws {
        let mistaken = try await cloudtask("import", "crontab", "-", input: "@daily x\n0 25 * * * y\n")
        #expect(mistaken.status == 1 && mistaken.output.isEmpty)
        #expect(mistaken.errors.contains("-:2: '0 25 * * * y' cannot be read: 25 is not an hour"))
        #expect(mistaken.errors.contains("1 thing cannot be read, so nothing is imported"))
        let strict = try await cloudtask("import", "crontab", "--strict", "-", input: "MAILTO=a\n@daily x\n")
        #expect(strict.status == 1 && strict.output.isEmpty)
        #expect(strict.errors.contains("1 thing is not carried over, so nothing is imported with --strict"))
        #expect(try await cloudtask("import", "crontab", "--strict", "-", input: "@daily x\n").status == 0)
        let empty = try await cloudtask("import", "crontab", "-", input: "# nothing\n")
        // There is nothing wrong with a crontab without jobs; without any task for another reason there is.
        #expect(empty.status == 0 && empty.output.isEmpty)
        #expect(empty.errors.contains("there is no task in -: nothing is to be imported"))
        for text in ["\n", "FOO=bar", "FOO='bar'\n"] {
            #expect(try await cloudtask("import", "crontab", "-", input: text).status == 0)
        }
        #expect(try await cloudtask("import", "kubernetes", "-", input: "kind: Service\n").status == 1)
        let over = try await cloudtask("import", "quartz", "-", input: "0 0 12 1 1 ? 2020 date\n")
        #expect(over.status == 0 && over.errors.contains("task date, schedules[0]: the schedule never fires"))
        #expect(try await cloudtask("import", "crontab", "/nonexistent").status == 3)
        let misspelt = try await cloudtask("import", "crontabs", "-")
        #expect(misspelt.status == 64 && misspelt.errors.contains("did you mean 'crontab'?"))
    }

    @Test("a directory of units becomes the tasks of its timers")
    func units() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let files = [
            "a.timer": "[Timer]\nOnCalendar=Mon..Fri 02:30\nPersistent=true\n",
            "a.service": "[Service]\nExecStart=/bin/a --all\n", "b.service": "[Service]\nExecStart=/bin/b\n",
            "notes.txt": "nothing",
        ]
        for (name, text) in files { try Data(text.utf8).write(to: folder.file(name)) }
        let made = try await cloudtask("import", "systemd", folder.path, "--tz", "UTC", "--strict")
        #expect(made.status == 0, "\(made.errors)")
        #expect(
            made.output.contains("cron: \"30 2 * * MON-FRI\"") && made.output.contains("[/bin/a, \"--all\"]")
        )
        #expect(made.errors.hasSuffix("1 task made: everything is carried over\n"), "\(made.errors)")
    }

    @Test("lint names the place, the task and what to write; --strict fails")
    func lint() async throws {
        let both = try await cloudtask("schedule", "lint", "-f", "-", "-l", "team=data", input: "")
        #expect(both.status == 64 && both.errors.contains("select tasks of the cluster: leave out -f"))
        let documents = """
            kind: Task
            name: uneven
            command: [date]
            schedules: [{cron: "*/7 * * * *"}, {cron: "0 0 30 2 *"}]
            ---
            kind: Task
            name: fine
            command: [date]
            schedules: [{cron: "0 * * * *"}]
            """
        let found = try await cloudtask("schedule", "lint", "-f", "-", input: documents)
        #expect(found.status == 0 && found.lines.count == 2, "\(found.errors)")
        #expect(found.output.contains("-:1:1: task uneven, schedules[0]: the step 7 in the minute field"))
        #expect(found.output.contains("task uneven, schedules[1]: the schedule never comes"))
        #expect(found.errors == "2 findings in 2 tasks\n")
        #expect(try await cloudtask("schedule", "lint", "--strict", "-f", "-", input: documents).status == 1)
        let json = try await cloudtask("schedule", "lint", "-o", "json", "-f", "-", input: documents)
        #expect(json.output.contains("\"rule\":\"uneven-step\""))
        let fine = try await cloudtask(
            "schedule",
            "lint",
            "--strict",
            "-f",
            "-",
            input: "kind: Task\nname: fine\ncommand: [date]\nschedules: [{every: 90s}]\n"
        )
        #expect(fine.status == 0 && fine.output.isEmpty)
    }

    @Test("lint knows the calendars among the documents, and names one that is not there")
    func calendars() async throws {
        let task =
            "kind: Task\nname: a\ncommand: [date]\nschedules: [{cron: \"0 * * * *\", exclude: {calendars: [no-day]}}]\n"
        let week = "kind: Calendar\nname: no-day\nweekdays: [mon, tue, wed, thu, fri, sat, sun]\n"
        let found = try await cloudtask("schedule", "lint", "-f", "-", input: task + "---\n" + week)
        #expect(found.output.contains("the schedule never comes: "), "\(found.output)\(found.errors)")
        let year = "kind: Calendar\nname: no-day\nyearly: [12-25]\n"
        let fine = try await cloudtask("schedule", "lint", "-f", "-", input: year + "---\n" + task)
        #expect(fine.status == 0 && fine.output.isEmpty, "\(fine.output)\(fine.errors)")
        let missing = try await cloudtask("schedule", "lint", "-f", "-", input: task)
        #expect(missing.status == 1)
        #expect(missing.errors.contains("task a: calendar 'no-day' is not in the files"), "\(missing.errors)")
        let broken = try await cloudtask(
            "schedule",
            "lint",
            "-f",
            "-",
            input: task + "---\nkind: Calendar\nname: no-day\nical: nonsense\n"
        )
        #expect(broken.status == 1 && broken.errors.contains("calendar no-day: "), "\(broken.errors)")
    }

    @Test("a herd in documents is found with a spread for each of its tasks")
    func herd() async throws {
        let documents = (0..<30).map {
            "kind: Task\nname: t\($0)\ncommand: [date]\nschedules: [{cron: \"0 2 * * *\"}]\n"
        }.joined(separator: "---\n")
        let found = try await cloudtask("schedule", "lint", "--limit", "20", "-f", "-", input: documents)
        #expect(found.output.contains("30 tasks start in the second"), "\(found.output)\(found.errors)")
        let json = try await cloudtask(
            "schedule",
            "lint",
            "--limit",
            "20",
            "-o",
            "json",
            "-f",
            "-",
            input: documents
        )
        #expect(json.output.components(separatedBy: "\"schedule\":\"cron: ").count == 31)
    }
}

extension EndToEnd.Live {
    /// Documents out of a cluster, and other schedulers' definitions into it.
    @Suite struct ExportTests {
        @Test("what is imported is applied, exported and applied again without a change, byte for byte")
        func roundTrip() async throws {
            let cluster = try LocalCluster.shared()
            let crontab = """
                A='x: y'
                */5 0-6 * * mon-fri /bin/echo "a%b" # c
                0 0 L * * /bin/date +\\%F
                @every 90m /bin/true
                """
            let made = try await cluster.control(
                "import",
                "crontab",
                "-",
                "--group",
                "imported",
                "--tz",
                "Europe/Berlin",
                input: crontab
            )
            #expect(made.status == 0, "\(made.errors)")
            let applied = try await cluster.control("apply", "-f", "-", input: made.output)
            #expect(applied.output.contains("task/echo created"), "\(applied.output)\(applied.errors)")

            let exported = try await cluster.control("export", "--group", "imported")
            #expect(exported.status == 0, "\(exported.errors)")
            #expect(exported.output.components(separatedBy: "kind: Task").count == 4)
            let again = try await cluster.control("apply", "-f", "-", input: exported.output)
            #expect(again.output.contains("3 unchanged"), "\(again.output)\(again.errors)")
            #expect(try await cluster.control("export", "--group", "imported").output == exported.output)

            let json = try await cluster.control("export", "true", "date", "date", "-o", "json")
            #expect(json.lines.count == 2 && json.lines[0].contains("\"name\":\"date\""))
            #expect(try await cluster.control("diff", "-f", "-", input: json.output).status == 0)
            #expect(try await cluster.control("export", "date", "no-such-task").status == 3)
            let both = try await cluster.control("export", "date", "--runtimes")
            #expect(both.output.hasPrefix("kind: Runtime\n"), "\(both.output)")
            #expect(try await cluster.control("diff", "-f", "-", input: both.output).status == 0)

            let linted = try await cluster.control("schedule", "lint", "-o", "name")
            #expect(linted.status == 0, "\(linted.errors)")
            #expect(try await cluster.control("delete", "-f", "-", input: exported.output).status == 0)
        }
    }
}
