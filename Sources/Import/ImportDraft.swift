import Domain
import Scheduling

/// Collects tasks and remarks of one import.
struct ImportDraft {
    let options: ImportOptions
    private(set) var tasks: [TaskSpecification] = []
    private(set) var remarks: [ImportRemark] = []
    private var names = UniqueNames()

    init(options: ImportOptions) {
        self.options = options
    }

    /// Notes something that belongs to no task.
    mutating func note(_ remark: ImportRemark) {
        remarks.append(remark)
    }

    /// Notes what belongs to no task and has no counterpart.
    mutating func note(_ feature: MissingFeature, _ what: String, in source: ImportSource, line: Int) {
        remarks.append(
            ImportRemark(
                .dropped,
                file: source.file,
                line: line,
                what: what,
                why: feature.why,
                advice: feature.advice
            )
        )
    }

    /// Notes a text that cannot be understood.
    mutating func refuse(_ what: String, _ why: String, _ advice: String, in source: ImportSource, line: Int)
    {
        remarks.append(
            ImportRemark(.mistake, file: source.file, line: line, what: what, why: why, advice: advice)
        )
    }

    /// Makes a task, unless something is wrong with it, and notes what belongs to it.
    ///
    /// - Parameter candidate: What is known of the task.
    /// - Returns: The task's name; `nil` when none was made.
    @discardableResult
    mutating func add(_ candidate: TaskCandidate) -> TaskID? {
        let mistakes = candidate.remarks.contains { $0.kind == .mistake }
        guard let action = candidate.action, !mistakes else {
            remarks += candidate.remarks
            return nil
        }
        var task = TaskSpecification(
            name: names.take(candidate.name),
            runtime: options.runtime,
            group: options.group,
            labels: candidate.labels,
            description: candidate.description,
            action: action,
            environment: candidate.environment,
            schedules: candidate.schedules
        )
        task.timeout = candidate.timeout
        task.killGrace = candidate.killGrace ?? task.killGrace
        task.concurrency = candidate.concurrency
        task.misfire = candidate.misfire
        task.retry = candidate.retry
        task.startDeadline = candidate.startDeadline
        task.isBroadcast = candidate.isBroadcast
        task.placement.labels = candidate.placementLabels
        task.isEnabled = candidate.isEnabled
        remarks += candidate.remarks.map { remark in
            var remark = remark
            remark.task = task.name
            return remark
        }
        let problems = task.problems
        guard problems.isEmpty else {
            for problem in problems {
                refuse(
                    "\(candidate.what)",
                    "\(problem.field) does not fit a task",
                    problem.message,
                    in: candidate.source,
                    line: candidate.line
                )
            }
            return nil
        }
        tasks.append(task)
        return task.name
    }

    /// Changes a task that was made, unless it would not be a valid one then; says whether it was changed.
    mutating func edit(_ name: TaskID, _ change: (inout TaskSpecification) -> Void) -> Bool {
        guard let index = tasks.firstIndex(where: { $0.name == name }) else { return false }
        var task = tasks[index]
        change(&task)
        guard task.problems.isEmpty else { return false }
        tasks[index] = task
        return true
    }
}

/// What is known of a task while its definition is read.
struct TaskCandidate {
    let source: ImportSource
    let line: Int
    /// The definition in a few words, for messages.
    var what: String
    /// What it should be called, if that can be a name.
    var name: String
    var description: String?
    var action: TaskSpecification.Action?
    var environment: [String: String] = [:]
    var schedules: [Schedule] = []
    var timeout: Duration?
    var killGrace: Duration?
    var concurrency = Concurrency()
    var misfire = Misfire()
    private(set) var retry = Retry()
    var startDeadline: Duration?
    private(set) var labels: [String: String] = [:]
    /// Labels that agents must have.
    var placementLabels: [String: String] = [:]
    var isBroadcast = false
    var isEnabled = true
    private(set) var remarks: [ImportRemark] = []

    init(_ source: ImportSource, line: Int, what: String, name: String) {
        self.source = source
        self.line = line
        self.what = what
        self.name = name
        let place = source.file == "-" ? "standard input" : source.baseName
        description = "Imported from \(place), line \(line)"
    }

    /// Notes what has no counterpart.
    mutating func drop(_ feature: MissingFeature, _ what: String, line: Int? = nil, of file: String? = nil) {
        note(.dropped, what, feature.why, feature.advice, line: line, file: file)
    }

    /// Notes what has no counterpart, for a reason of its own.
    mutating func drop(_ what: String, _ why: String, _ advice: String, line: Int? = nil) {
        note(.dropped, what, why, advice, line: line)
    }

    /// Notes what means something a little different now.
    mutating func change(
        _ what: String,
        _ why: String,
        _ advice: String,
        line: Int? = nil,
        of file: String? = nil
    ) {
        note(.changed, what, why, advice, line: line, file: file)
    }

    /// Notes a mistake, because of which no task is made.
    mutating func refuse(_ what: String, _ why: String, _ advice: String, line: Int? = nil) {
        note(.mistake, what, why, advice, line: line)
    }

    /// Sets what follows a failed attempt, and notes it when there would be more attempts than a run may have.
    mutating func setRetry(_ retry: Retry, _ what: String, line: Int? = nil, of file: String? = nil) {
        self.retry = retry
        guard retry.attempts > Retry.attemptsMax else { return }
        self.retry.attempts = Retry.attemptsMax
        change(
            what,
            "a run has \(Retry.attemptsMax) attempts at most",
            "look for the cause of what fails that often",
            line: line,
            of: file
        )
    }

    /// Adds a variable, unless a task cannot have one of that name.
    mutating func setVariable(_ name: String, _ value: String, line: Int? = nil) {
        guard Self.isVariableName(name), !name.hasPrefix("CLOUDTASK_") else {
            return note(
                .dropped,
                "the variable \(name)",
                "a task cannot have a variable of that name",
                "choose another name of letters, digits and underscores",
                line: line
            )
        }
        environment[name] = value
    }

    /// Adds a label, unless a task cannot have it.
    mutating func setLabel(_ key: String, _ value: String, line: Int? = nil) {
        guard LabelRule.isLabel(key, value), labels.count < LabelRule.countMax else {
            return drop(
                "the label \(key)",
                "a task has \(LabelRule.countMax) labels at most, names and values of up to 63 characters",
                "choose a shorter one",
                line: line
            )
        }
        labels[key] = value
    }

    private static func isVariableName(_ text: String) -> Bool {
        guard let first = text.first, first == "_" || first.isASCII && first.isLetter else { return false }
        return text.allSatisfy { $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber) }
    }

    private mutating func note(
        _ kind: ImportRemark.Kind,
        _ what: String,
        _ why: String,
        _ advice: String,
        line: Int?,
        file: String? = nil
    ) {
        remarks.append(
            ImportRemark(
                kind,
                file: file ?? source.file,
                line: line ?? self.line,
                what: what,
                why: why,
                advice: advice
            )
        )
    }
}
