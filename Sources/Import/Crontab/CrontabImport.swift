import Domain
import Scheduling

/// Turns crontabs into tasks.
enum CrontabImport {
    static func read(_ sources: [ImportSource], into draft: inout ImportDraft) {
        for source in sources { read(source, into: &draft) }
    }

    private static func read(_ source: ImportSource, into draft: inout ImportDraft) {
        let namesUsers = draft.options.crontabNamesUsers ?? isSystemFile(source.file)
        let file = CrontabFile(source.text, namesUsers: namesUsers)
        for mistake in file.mistakes {
            draft.refuse("'\(mistake.text)'", mistake.why, mistake.advice, in: source, line: mistake.line)
        }
        for name in ["MAILTO", "MAILFROM"] {
            guard let line = file.lineOfVariable[name], let value = file.environment[name], !value.isEmpty
            else { continue }
            draft.note(.mail, "\(name)=\(value)", in: source, line: line)
        }
        for entry in file.entries { draft.add(candidate(entry, source, draft.options)) }
    }

    /// Whether the file is one of those whose lines name users.
    private static func isSystemFile(_ file: String) -> Bool {
        file == "/etc/crontab" || file.hasSuffix("/etc/crontab") || file.contains("/cron.d/")
    }

    /// Variables that speak to cron, not to the command.
    private static let variablesOfCron: Set<String> = [
        "MAILTO", "MAILFROM", "CRON_TZ", "SHELL", "CONTENT_TYPE", "CONTENT_TRANSFER_ENCODING", "RANDOM_DELAY",
    ]

    private static func candidate(
        _ entry: CrontabFile.Entry,
        _ source: ImportSource,
        _ options: ImportOptions
    ) -> TaskCandidate {
        var candidate = TaskCandidate(
            source,
            line: entry.line,
            what: "'\(entry.schedule) \(entry.command)'",
            name: CommandName.name(for: entry.command)
        )
        let shell = entry.environment["SHELL"] ?? "/bin/sh"
        candidate.action = .command(command(entry, shell: shell))
        for name in entry.environment.keys.sorted() where !variablesOfCron.contains(name) {
            candidate.setVariable(name, entry.environment[name] ?? "")
        }
        if let user = entry.user { candidate.drop(.account, "the user \(user)") }
        schedule(entry, options, &candidate)
        return candidate
    }

    /// The command as cron starts it; a text behind `%` is piped into it.
    private static func command(_ entry: CrontabFile.Entry, shell: String) -> [String] {
        guard let input = entry.input else { return [shell, "-c", entry.command] }
        return ["/bin/sh", "-c", #"printf '%s\n' "$1" | "$0" -c "$2""#, shell, input, entry.command]
    }

    private static func schedule(
        _ entry: CrontabFile.Entry,
        _ options: ImportOptions,
        _ candidate: inout TaskCandidate
    ) {
        if entry.schedule.lowercased() == "@reboot" {
            candidate.change(
                "@reboot",
                "starts of agents count, not of machines: it runs on every agent that may run it, also when only the agent was "
                    + "started anew",
                "pin it to the machine's agent with placement: {agents: [NAME]}"
            )
        }
        do throws(ScheduleError) {
            if entry.schedule.lowercased() == "@reboot" {
                candidate.schedules = [Schedule(.onAgentStart(try AgentStartSchedule()))]
                return
            }
            let zone = try entry.environment["CRON_TZ"].map { name throws(ScheduleError) in
                try TimeZoneID(name)
            }
            let reading = ForeignCron.Reading(timeZone: zone ?? options.timeZone)
            var schedule = try ForeignCron.schedule(CrontabTime.expression(entry.schedule), reading)
            if let minutes = entry.environment["RANDOM_DELAY"].flatMap({ Int($0) }),
                (1...1_440).contains(minutes)
            {
                schedule.jitter = .seconds(60 * minutes)
            }
            candidate.schedules = [schedule]
        } catch {
            candidate.refuse("the time '\(entry.schedule)'", error.message, "correct the line")
        }
    }
}
