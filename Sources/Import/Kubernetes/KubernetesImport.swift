import Documents
import Domain
import Scheduling

/// Turns `CronJob` manifests into tasks.
enum KubernetesImport {
    static func read(_ sources: [ImportSource], into draft: inout ImportDraft) {
        for source in sources {
            do throws(DocumentError) {
                for document in try DocumentValue.all(in: source.text, file: source.file) {
                    read(document, source, into: &draft)
                }
            } catch {
                for problem in error.problems {
                    draft.refuse(
                        "the file",
                        problem.message,
                        "correct the manifest",
                        in: source,
                        line: problem.location.line
                    )
                }
            }
        }
    }

    private static func read(_ document: DocumentValue, _ source: ImportSource, into draft: inout ImportDraft)
    {
        let kind = document["kind"]?.text ?? ""
        if kind == "List" || kind == "CronJobList" {
            for item in document["items"]?.elements ?? [] { read(item, source, into: &draft) }
        } else if kind == "CronJob" {
            let manifest = CronJobManifest(document, source, draft.options)
            draft.add(manifest.candidate)
        } else {
            let name = document["metadata"]?["name"]?.text.map { " " + $0 } ?? ""
            draft.note(
                ImportRemark(
                    .dropped,
                    file: source.file,
                    line: document.line,
                    what: kind.isEmpty ? "a document without kind" : kind + name,
                    why: "only a CronJob becomes a task",
                    advice: "leave it out or carry it over by hand"
                )
            )
        }
    }
}

/// One `CronJob`, read from the outside in.
struct CronJobManifest {
    private(set) var candidate: TaskCandidate
    private let options: ImportOptions

    init(_ document: DocumentValue, _ source: ImportSource, _ options: ImportOptions) {
        let name = document["metadata"]?["name"]?.text ?? "cronjob"
        self.options = options
        candidate = TaskCandidate(source, line: document.line, what: "CronJob \(name)", name: name)
        ManifestMetadata.read(document, into: &candidate)
        guard let spec = document["spec"] else {
            candidate.refuse("CronJob \(name)", "it has no spec", "write its schedule and its jobTemplate")
            return
        }
        readSchedule(spec)
        readSpec(spec)
    }

    private mutating func readSchedule(_ spec: DocumentValue) {
        guard let node = spec["schedule"], let text = node.text else {
            candidate.refuse("the CronJob", "it has no schedule", "add one such as schedule: \"0 2 * * *\"")
            return
        }
        do throws(ScheduleError) {
            let zone = try spec["timeZone"]?.text.map { name throws(ScheduleError) in try TimeZoneID(name) }
            // Kubernetes leaves out times that clocks jump over and takes those that come twice both times.
            let reading = ForeignCron.Reading(
                timeZone: zone ?? options.timeZone,
                isZoneGiven: zone != nil,
                gap: .skip,
                overlap: .both
            )
            candidate.schedules = [try ForeignCron.schedule(text, reading)]
        } catch {
            candidate.refuse("schedule: \(text)", error.message, "correct the schedule", line: node.line)
        }
        if text.hasPrefix("@every") {
            candidate.change(
                "schedule: \(text)",
                "the interval counts from a fixed instant, not from the CronJob's creation",
                "give the schedule a start: if the instants matter",
                line: node.line
            )
        }
    }

    private mutating func readSpec(_ spec: DocumentValue) {
        for entry in spec.entries {
            let what = Self.written(entry)
            switch entry.key {
            case "schedule", "timeZone", "jobTemplate": break
            case "suspend": candidate.isEnabled = entry.value.text != "true"
            case "concurrencyPolicy": readConcurrency(entry.value.text, what, line: entry.line)
            case "startingDeadlineSeconds": readDeadline(entry)
            case "successfulJobsHistoryLimit", "failedJobsHistoryLimit":
                candidate.drop(.history, what, line: entry.line)
            default: candidate.drop(.setting, what, line: entry.line)
            }
        }
        guard let job = spec["jobTemplate"]?["spec"] else {
            candidate.refuse("the CronJob", "it has no jobTemplate with a spec", "add one with a container")
            return
        }
        readJob(job)
    }

    private mutating func readConcurrency(_ policy: String?, _ what: String, line: Int) {
        switch policy {
        // What Kubernetes takes when nothing is said.
        case nil, "Allow": break
        case "Forbid":
            candidate.concurrency = Concurrency(.forbid)
            candidate.change(
                what,
                "a fire that is skipped stays skipped, while Kubernetes may start it once the earlier run has ended",
                "write concurrency: queue-one if that is wanted",
                line: line
            )
        case "Replace": candidate.concurrency = Concurrency(.replace)
        default:
            let advice = "write Allow, Forbid or Replace"
            candidate.refuse(what, "there is no such policy", advice, line: line)
        }
    }

    private mutating func readDeadline(_ entry: DocumentValue.Entry) {
        let what = Self.written(entry)
        guard let seconds = entry.value.number, seconds >= 0 else {
            return candidate.refuse(
                what,
                "it is no number of seconds",
                "correct the manifest",
                line: entry.line
            )
        }
        let shortest = TaskSpecification.Limit.startDeadlineMin
        let deadline = min(.seconds(seconds), TaskSpecification.Limit.timeoutMax)
        candidate.startDeadline = max(deadline, shortest)
        guard deadline < shortest else { return }
        candidate.change(
            what,
            "a start may be \(DurationText(shortest)) late",
            "write suspend: true if it should not start",
            line: entry.line
        )
    }

    private mutating func readJob(_ job: DocumentValue) {
        for entry in job.entries {
            let what = Self.written(entry)
            switch entry.key {
            case "template", "activeDeadlineSeconds", "backoffLimit": break
            case "parallelism", "completions", "completionMode":
                if entry.value.number != 1, entry.value.text != "NonIndexed" {
                    candidate.drop(.shards, what, line: entry.line)
                }
            case "ttlSecondsAfterFinished": candidate.drop(.history, what, line: entry.line)
            case "podFailurePolicy", "podReplacementPolicy", "backoffLimitPerIndex":
                candidate.drop(.retryRule, what, line: entry.line)
            default: candidate.drop(.setting, what, line: entry.line)
            }
        }
        guard let pod = job["template"]?["spec"] else {
            candidate.refuse("the CronJob", "its jobTemplate has no template with a spec", "add a container")
            return
        }
        JobFailures.read(job, pod: pod, into: &candidate)
        readPod(pod)
    }

    private mutating func readPod(_ pod: DocumentValue) {
        for entry in pod.entries {
            let what = Self.written(entry)
            switch entry.key {
            case "containers", "restartPolicy", "schedulerName", "dnsPolicy", "activeDeadlineSeconds": break
            case "nodeSelector":
                for label in entry.value.entries {
                    candidate.placementLabels[label.key] = label.value.text ?? ""
                }
            case "terminationGracePeriodSeconds":
                if let seconds = entry.value.number { candidate.killGrace = .seconds(min(seconds, 3_600)) }
            case "serviceAccountName", "serviceAccount", "securityContext", "automountServiceAccountToken":
                if !entry.value.entries.isEmpty || entry.value.text != nil {
                    candidate.drop(.account, what, line: entry.line)
                }
            case "initContainers": candidate.drop(.dependency, what, line: entry.line)
            case "volumes": candidate.drop(.fileOnMachine, what, line: entry.line)
            case "imagePullSecrets": candidate.drop(.container, what, line: entry.line)
            default: candidate.drop(.setting, what, line: entry.line)
            }
        }
        let containers = pod["containers"]?.elements ?? []
        guard let first = containers.first else {
            candidate.refuse("the CronJob", "it has no container", "add one with a command")
            return
        }
        for other in containers.dropFirst() {
            let name = other["name"]?.text ?? "without a name"
            candidate.drop(.dependency, "the further container \(name)", line: other.line)
        }
        readContainer(first)
    }

    /// A setting as it was written, large ones by their key only.
    static func written(_ entry: DocumentValue.Entry) -> String {
        entry.value.text.map { "\(entry.key): \($0)" } ?? entry.key
    }
}

extension CronJobManifest {
    private mutating func readContainer(_ container: DocumentValue) {
        readEnvironment(container)
        for entry in container.entries {
            let what = Self.written(entry)
            switch entry.key {
            case "name", "command", "args", "env", "imagePullPolicy", "terminationMessagePath",
                "terminationMessagePolicy", "workingDir", "tty", "stdin":
                break
            case "image": candidate.drop(.container, what, line: entry.line)
            case "envFrom": candidate.drop(.secret, what, line: entry.line)
            case "volumeMounts", "volumeDevices": candidate.drop(.fileOnMachine, what, line: entry.line)
            case "resources":
                if !entry.value.entries.isEmpty { candidate.drop(.limits, what, line: entry.line) }
            case "securityContext": candidate.drop(.account, what, line: entry.line)
            default: candidate.drop(.setting, what, line: entry.line)
            }
        }
        guard let command = container["command"]?.elements, !command.isEmpty else {
            let image = container["image"]?.text ?? "its image"
            candidate.refuse(
                "the container \(container["name"]?.text ?? "")",
                "it names no command, and what \(image) starts by itself is not part of the manifest",
                "write the image's entry point as command",
                line: container.line
            )
            return
        }
        let words = (command + (container["args"]?.elements ?? [])).map { expanded($0.text ?? "") }
        let directory = container["workingDir"]?.text
        candidate.action = .command(directory.map { ShellText.command(words, in: $0) } ?? words)
    }

    private mutating func readEnvironment(_ container: DocumentValue) {
        for variable in container["env"]?.elements ?? [] {
            guard let name = variable["name"]?.text else { continue }
            if variable["valueFrom"] != nil {
                candidate.drop(.secret, "the variable \(name)", line: variable.line)
            } else {
                let value = expanded(variable["value"]?.text ?? "")
                candidate.setVariable(name, value, line: variable.line)
            }
        }
    }

    /// Replaces `$(NAME)` where the variable is known; `$$` is a dollar sign.
    private func expanded(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "$" {
                result += "$"
                rest = rest.dropFirst()
            } else if rest.first == "(", let end = rest.firstIndex(of: ")"),
                let value = candidate.environment[String(rest[..<end].dropFirst())]
            {
                result += value
                rest = rest[rest.index(after: end)...]
            } else {
                result += "$"
            }
        }
        return result + rest
    }
}
