public import ArgumentParser
import Documents
import Domain
import Foundation
import Import
import Scheduling

/// `cloudtask import`.
public struct ImportCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Turn other schedulers' definitions into task documents.",
        usage: "cloudtask import <format> <file> ... [<options>]",
        discussion: """
            Prints the documents on standard output, and on standard error what could
            not be carried over: where, what, why, and what to do. Needs no server.

            Formats: crontab; systemd (timers and their services); kubernetes (CronJob
            manifests); quartz (lines of an expression and a command, or XML job data);
            xxl-job (the JSON that its API answers).

            Exits with 1 and prints no document when some definition cannot be read;
            with --strict also when something is not carried over. A crontab without jobs
            is none of these: it makes no document.

            Examples:
              cloudtask import crontab /etc/crontab | cloudtask apply -f -
              crontab -l | cloudtask import crontab - --time-zone Europe/Berlin
              cloudtask import systemd /etc/systemd/system --runtime backup
              kubectl get cronjobs -o yaml | cloudtask import kubernetes -
              cloudtask import xxl-job jobs.json --handler-command /opt/run-handler
            """
    )

    @Argument(help: "crontab, systemd, kubernetes, quartz or xxl-job.") var format: String
    @Argument(help: "File, directory, or - for standard input.") var files: [String]
    @Option(help: ArgumentHelp("Runtime of the tasks.", valueName: "name")) var runtime = "default"
    @Option(help: ArgumentHelp("Group of the tasks.", valueName: "name")) var group = "default"
    @Option(
        name: [.long, .customLong("tz")],
        help: ArgumentHelp(
            "Zone of schedules that name none; else this machine's, for kubernetes UTC.",
            valueName: "zone"
        )
    ) var timeZone: String?
    @Flag(help: "Fail when anything is not carried over.") var strict = false
    @Flag(help: "Lines of a crontab name a user, as in /etc/crontab.") var systemFormat = false
    @Flag(help: "Lines of a crontab name no user, whatever the file's path.") var userFormat = false
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Program that runs a handler of Quartz or XXL-JOB; may repeat for its arguments.",
            valueName: "word"
        )
    ) var handlerCommand: [String] = []
    @Option(name: .shortAndLong, help: "Form of the documents: yaml or json.") var output = DocumentForm.yaml

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses what contradicts itself.
    public func validate() throws {
        guard !files.isEmpty else {
            throw ValidationError("give a file, a directory, or - for standard input")
        }
        if systemFormat, userFormat {
            throw ValidationError("give --system-format or --user-format, not both")
        }
    }

    /// Imports the files.
    public func execute() async throws {
        let format = try foreignFormat()
        var sources: [ImportSource] = []
        for path in files {
            for file in try ImportFiles.list(path, of: format) {
                sources.append(ImportSource(file: file, text: try DocumentSource.text(of: file)))
            }
        }
        let outcome = Importer.tasks(from: sources, as: format, options: try options(format))
        let report = ImportReport(outcome)
        report.lines.forEach(Terminal.say)
        guard !outcome.hasMistakes else {
            throw ControlError("\(report.mistakes), so nothing is imported: correct what is named above")
        }
        guard !(strict && outcome.lacksSomething) else {
            throw ControlError("\(report.dropped), so nothing is imported with --strict")
        }
        guard !outcome.tasks.isEmpty else {
            let sentence = "there is no task in \(files.joined(separator: ", "))"
            // A crontab without jobs is as good as any: there is nothing to do for it.
            guard format == .crontab, !outcome.lacksSomething else { throw ControlError(sentence) }
            return Terminal.say("\(sentence): nothing is to be imported")
        }
        for task in outcome.tasks { OverSchedules.lines(of: task).forEach(Terminal.say) }
        var text = DocumentText(output)
        for task in outcome.tasks { try text.write(task) }
        Terminal.say(report.summary)
    }

    private func foreignFormat() throws -> ForeignFormat {
        if let format = ForeignFormat(rawValue: format) { return format }
        let hint = Suggestion.text(for: format, among: ForeignFormat.allCases.map(\.rawValue))
        throw ValidationError("there is no format '\(format)': \(hint)")
    }

    private func options(_ format: ForeignFormat) throws -> ImportOptions {
        ImportOptions(
            runtime: try Parse.name(runtime, "a runtime"),
            group: try Parse.name(group, "a group"),
            timeZone: try zone(format),
            crontabNamesUsers: systemFormat ? true : userFormat ? false : nil,
            handlerCommand: handlerCommand
        )
    }

    /// The zone that is given, else the one the definitions mean where they stand.
    private func zone(_ format: ForeignFormat) throws -> TimeZoneID {
        let name = timeZone ?? (format == .kubernetes ? "UTC" : TimeZone.current.identifier)
        if ["GMT", "UTC", "Etc/UTC"].contains(name) { return .utc }
        do throws(ScheduleError) {
            return try TimeZoneID(name)
        } catch {
            throw ValidationError("--time-zone: \(error.message)")
        }
    }
}

/// What an import says about what it did.
struct ImportReport {
    private let outcome: ImportOutcome

    init(_ outcome: ImportOutcome) {
        self.outcome = outcome
    }

    /// One line for each thing; the same thing on several lines of a file is said once.
    var lines: [String] {
        var order: [String] = []
        var places: [String: (file: String, lines: [Int], sentence: String)] = [:]
        for remark in outcome.remarks {
            let key = remark.file + "\n" + remark.sentence
            if places[key] == nil { order.append(key) }
            if places[key]?.lines.last != remark.line {
                places[key, default: (remark.file, [], remark.sentence)].lines.append(remark.line)
            }
        }
        return order.compactMap { key in
            places[key].map { place in
                let numbers = place.lines.map(String.init).joined(separator: ",")
                return "\(place.file):\(numbers): \(place.sentence)"
            }
        }
    }

    /// How many definitions cannot be read.
    var mistakes: String {
        Self.count(outcome.remarks.count { $0.kind == .mistake }, "thing", "cannot be read")
    }

    /// How many things have no counterpart.
    var dropped: String {
        let count = outcome.remarks.count { $0.kind != .changed }
        return Self.count(count, "thing", count == 1 ? "is not carried over" : "are not carried over")
    }

    private var lacksNothing: Bool { !outcome.lacksSomething }

    /// What was made, in one sentence.
    var summary: String {
        let changed = outcome.remarks.count { $0.kind == .changed }
        let parts = [
            lacksNothing ? nil : dropped,
            changed == 0 ? nil : Self.count(changed, "thing", changed == 1 ? "differs" : "differ"),
        ].compactMap(\.self)
        let rest = parts.isEmpty ? "everything is carried over" : parts.joined(separator: ", ")
        return Self.count(outcome.tasks.count, "task", "made") + ": " + rest
    }

    private static func count(_ number: Int, _ noun: String, _ rest: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s") \(rest)"
    }
}
