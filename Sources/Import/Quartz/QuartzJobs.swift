import Domain

/// Quartz's XML job data: jobs, and the triggers that start them.
enum QuartzJobs {
    static func read(_ source: ImportSource, into draft: inout ImportDraft) {
        let root: PlainXML
        do throws(PlainXML.Mistake) {
            root = try PlainXML.parse(source.text)
        } catch {
            return draft.refuse(
                "the file",
                error.reason,
                "correct the XML",
                in: source,
                line: error.line
            )
        }
        let schedules = root.all("schedule")
        let triggers = schedules.flatMap { $0.all("trigger") }.flatMap(\.children)
        for job in schedules.flatMap({ $0.all("job") }) {
            draft.add(candidate(job, triggers, source, draft.options))
        }
    }

    private static func candidate(
        _ job: PlainXML,
        _ triggers: [PlainXML],
        _ source: ImportSource,
        _ options: ImportOptions
    ) -> TaskCandidate {
        let name = job["name"]?.trimmed ?? "job"
        let group = job["group"]?.trimmed ?? "DEFAULT"
        var candidate = TaskCandidate(source, line: job.line, what: "the job \(name)", name: name)
        candidate.description = job["description"]?.trimmed ?? candidate.description
        HandlerAction.set(
            handler: job["job-class"]?.trimmed ?? "",
            parameter: nil,
            options,
            into: &candidate
        )
        for entry in job["job-data-map"]?.all("entry") ?? [] {
            candidate.setVariable(
                entry["key"]?.trimmed ?? "",
                entry["value"]?.trimmed ?? "",
                line: entry.line
            )
        }
        let mine = triggers.filter {
            $0["job-name"]?.trimmed == name && ($0["job-group"]?.trimmed ?? "DEFAULT") == group
        }
        for trigger in mine { QuartzTrigger.read(trigger, options, into: &candidate) }
        QuartzMisfire.read(mine, into: &candidate)
        return candidate
    }
}

/// What a task executes whose job is a handler inside another program.
enum HandlerAction {
    static func set(
        handler: String,
        parameter: String?,
        _ options: ImportOptions,
        into candidate: inout TaskCandidate
    ) {
        guard !options.handlerCommand.isEmpty else {
            candidate.refuse(
                "the handler \(handler) of \(candidate.what)",
                "it is code inside another program and names no command",
                "give --handler-command PROGRAM, which is called with the handler's name and its parameter"
            )
            return
        }
        let parameters = parameter.map { $0.isEmpty ? [] : [$0] } ?? []
        candidate.action = .command(options.handlerCommand + [handler] + parameters)
    }
}
