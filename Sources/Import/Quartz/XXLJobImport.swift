import Documents
import Domain
import Scheduling

/// Turns the jobs of XXL-JOB, as `/jobinfo/pageList` answers them, into tasks.
enum XXLJobImport {
    static func read(_ sources: [ImportSource], into draft: inout ImportDraft) {
        var family = XXLJobFamily()
        for source in sources {
            do throws(DocumentError) {
                for value in try DocumentValue.all(in: source.text, file: source.file) {
                    for job in jobs(in: value) {
                        let name = draft.add(candidate(job, source, draft.options))
                        family.add(job, name, source)
                    }
                }
            } catch {
                for problem in error.problems {
                    let line = problem.location.line
                    draft.refuse("the file", problem.message, "correct the JSON", in: source, line: line)
                }
            }
        }
        family.link(in: &draft)
    }

    /// The jobs of an answer, of a list of jobs, or a single job.
    private static func jobs(in value: DocumentValue) -> [DocumentValue] {
        if !value.elements.isEmpty { return value.elements }
        for key in ["data", "content"] {
            if let inner = value[key] { return jobs(in: inner) }
        }
        return value.entries.isEmpty ? [] : [value]
    }

    private static func candidate(
        _ job: DocumentValue,
        _ source: ImportSource,
        _ options: ImportOptions
    ) -> TaskCandidate {
        let id = job["id"]?.text ?? "\(job.line)"
        let handler = job["executorHandler"]?.text ?? ""
        let description = job["jobDesc"]?.text ?? ""
        let proposal = UniqueNames.fitting(handler.isEmpty ? description : handler)
        var candidate = TaskCandidate(
            source,
            line: job.line,
            what: "job \(id)",
            name: proposal == "task" ? "xxl-job-\(id)" : proposal
        )
        if !description.isEmpty { candidate.description = description }
        candidate.isEnabled = job["triggerStatus"]?.text != "0"
        if let seconds = job["executorTimeout"]?.number, seconds > 0 { candidate.timeout = .seconds(seconds) }
        readAction(job, handler: handler, options, &candidate)
        readSchedule(job, options, &candidate)
        readPolicies(job, &candidate)
        return candidate
    }

    /// How scripts kept by the scheduler itself are started.
    private static let interpreters: [String: [String]] = [
        "GLUE_SHELL": ["/bin/bash", "-c"], "GLUE_PYTHON": ["python3", "-c"], "GLUE_PHP": ["php", "-r"],
        "GLUE_NODEJS": ["node", "-e"], "GLUE_POWERSHELL": ["pwsh", "-Command"],
    ]

    private static func readAction(
        _ job: DocumentValue,
        handler: String,
        _ options: ImportOptions,
        _ candidate: inout TaskCandidate
    ) {
        let type = job["glueType"]?.text ?? "BEAN"
        let parameter = job["executorParam"]?.text
        guard let interpreter = interpreters[type] else {
            return HandlerAction.set(
                handler: handler.isEmpty ? type : handler,
                parameter: parameter,
                options,
                into: &candidate
            )
        }
        var words = interpreter + [job["glueSource"]?.text ?? ""]
        if type == "GLUE_SHELL" { words.append(candidate.name) }
        if let parameter, !parameter.isEmpty { words.append(parameter) }
        candidate.action = .command(words)
    }

    /// The longest interval a schedule may have.
    private static let secondsMax = 36_525 * 86_400

    private static func readSchedule(
        _ job: DocumentValue,
        _ options: ImportOptions,
        _ candidate: inout TaskCandidate
    ) {
        let type = job["scheduleType"]?.text ?? (job["jobCron"] == nil ? "NONE" : "CRON")
        let text = (job["scheduleConf"] ?? job["jobCron"])?.text ?? ""
        do throws(ScheduleError) {
            switch type {
            case "NONE": break
            case "CRON":
                let reading = ForeignCron.Reading(timeZone: options.timeZone, dialect: .quartz)
                candidate.schedules = [try ForeignCron.schedule(text, reading)]
            case "FIX_DELAY":
                guard let seconds = Int(text), (1...Self.secondsMax).contains(seconds) else {
                    throw ScheduleError("it is no number of seconds from 1 to \(Self.secondsMax)")
                }
                let completion = try CompletionSchedule(delay: .seconds(seconds))
                candidate.schedules = [Schedule(.afterCompletion(completion))]
            case "FIX_RATE":
                guard let seconds = Int(text), (1...Self.secondsMax).contains(seconds) else {
                    throw ScheduleError("it is no number of seconds from 1 to \(Self.secondsMax)")
                }
                candidate.schedules = [.every(try IntervalSchedule(every: .seconds(seconds)))]
            default: candidate.drop(.setting, "scheduleType \(type)")
            }
        } catch {
            candidate.refuse("\(type) '\(text)'", error.message, "correct the job")
        }
    }

    /// What becomes of a trigger whose executor is busy with the job.
    private static let blockStrategies: [String: Concurrency.Policy] = [
        "SERIAL_EXECUTION": .queueAll, "DISCARD_LATER": .forbid, "COVER_EARLY": .replace,
    ]

    private static func readPolicies(_ job: DocumentValue, _ candidate: inout TaskCandidate) {
        func drop(_ feature: MissingFeature, _ key: String, unless usual: Set<String>) {
            guard let value = job[key]?.text, !value.isEmpty, !usual.contains(value) else { return }
            candidate.drop(feature, "\(key) \(value)", line: job[key]?.line)
        }
        if let strategy = job["executorBlockStrategy"]?.text, let policy = blockStrategies[strategy] {
            candidate.concurrency = Concurrency(policy)
        } else {
            drop(.setting, "executorBlockStrategy", unless: [])
        }
        if job["misfireStrategy"]?.text == "DO_NOTHING" { candidate.misfire = Misfire(.skip) }
        drop(.setting, "misfireStrategy", unless: ["DO_NOTHING", "FIRE_ONCE_NOW"])
        readRetry(job, &candidate)
        drop(.mail, "alarmEmail", unless: [])
        readRoute(job, &candidate)
    }

    /// Whether every executor runs the job; which single one does is decided here for each task.
    private static func readRoute(_ job: DocumentValue, _ candidate: inout TaskCandidate) {
        guard let route = job["executorRouteStrategy"], route.text == "SHARDING_BROADCAST" else { return }
        let what = "executorRouteStrategy SHARDING_BROADCAST"
        guard job["scheduleType"]?.text != "FIX_DELAY" else {
            return candidate.drop(
                what,
                "a delay counts from the end of one run, and every agent would have one",
                "give the task another schedule and broadcast: true",
                line: route.line
            )
        }
        candidate.isBroadcast = true
        candidate.change(
            what,
            "every agent of the runtime runs it, and knows itself by CLOUDTASK_NODE instead of an index",
            "write shards: instead if the work is divided by index and total",
            line: route.line
        )
    }

    /// XXL-JOB looks for failed runs, those that took too long among them, every ten seconds and repeats them.
    private static func readRetry(_ job: DocumentValue, _ candidate: inout TaskCandidate) {
        guard let node = job["executorFailRetryCount"], let retries = node.number, retries > 0 else { return }
        candidate.setRetry(
            Retry(
                // One more than may be is enough to be noticed.
                attempts: min(retries, Retry.attemptsMax) + 1,
                delay: .seconds(10),
                backoff: .constant,
                jitter: 0,
                on: Retry.Cause.allCases
            ),
            "executorFailRetryCount \(retries)",
            line: node.line
        )
    }
}
