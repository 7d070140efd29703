import Foundation
public import Scheduling

/// One thing that is wrong with what a user said, and where.
public struct ValidationProblem: Error, Hashable, Sendable, Codable {
    /// The field, as a path such as `schedules[1].cron`.
    public var field: String
    /// What is wrong and what to do, one sentence.
    public var message: String
    /// UTF-8 offset of the mistake in the field's text, where there is one.
    public var position: Int?

    /// Creates a problem.
    public init(field: String, message: String, position: Int? = nil) {
        self.field = field
        self.message = message
        self.position = position
    }

    /// Longest words of somebody who says who they are and why they ask for something, in bytes: they are kept with it.
    public static let wordsBytesMax = 1_024

    /// What is wrong with the words of whoever asks, by the fields they are in: that they are too long.
    public static func tooLong(_ words: KeyValuePairs<String, String?>) -> [ValidationProblem] {
        words.compactMap { field, text in
            guard let count = text?.utf8.count, count > wordsBytesMax else { return nil }
            let message =
                "\(field) has \(count) bytes, more than the \(wordsBytesMax) that are kept; shorten it"
            return ValidationProblem(field: field, message: message)
        }
    }
}

extension TaskSpecification {
    /// Limits of a specification, each with its reason.
    public enum Limit {
        /// Arguments and script together; the kernel's limit for one argument is 128 KiB, a znode's 1 MiB.
        public static let actionBytesMax = 96 * 1_024
        /// The environment.
        public static let environmentBytesMax = 96 * 1_024
        /// Everything, as JSON, where quotes and control characters take more: a definition must fit a znode of 256 KiB.
        public static let encodedBytesMax = 240 * 1_024
        /// Schedules of one task: each costs time at every fire.
        public static let schedulesMax = 64
        /// The shortest start deadline: less than that every start needs.
        public static let startDeadlineMin = Duration.seconds(1)
        /// Priorities.
        public static let priorityRange = -100...100
        /// The longest timeout.
        public static let timeoutMax = Duration.seconds(366 * 86_400)
    }

    /// Everything that is wrong with this specification; empty when it can be saved.
    ///
    /// A schedule that is over is accepted, so that saving the same document again never fails.
    public var problems: [ValidationProblem] {
        let ofWork =
            actionProblems + scriptTemplateProblems + labelProblems + environmentProblems + parameterProblems
        let problems =
            ofWork + process.problems + scheduleProblems + completionProblems + startProblems
            + durationProblems + after.problems(of: name) + demand.problems + splitProblems
            + residencyProblems
        return problems.isEmpty ? sizeProblems : problems
    }

    private var sizeProblems: [ValidationProblem] {
        // A specification always encodes: it is text and numbers.
        guard let size = try? JSONEncoder().encode(self).count, size > Limit.encodedBytesMax else {
            return []
        }
        return [
            .init(
                field: "",
                message:
                    "the task takes \(size) bytes as JSON, more than the \(Limit.encodedBytesMax) allowed; put text in files"
            )
        ]
    }

    private var actionProblems: [ValidationProblem] {
        switch action {
        case .command(let words):
            if words.isEmpty || words[0].isEmpty {
                return [
                    .init(field: "command", message: "the command is empty; give a program and its arguments")
                ]
            }
            return textProblems("command", words, bytesMax: Limit.actionBytesMax)
        case .script(let text):
            if text.allSatisfy(\.isWhitespace) {
                return [.init(field: "script", message: "the script is empty; give at least one command")]
            }
            return textProblems("script", [text], bytesMax: Limit.actionBytesMax)
        }
    }

    private var environmentProblems: [ValidationProblem] {
        var problems: [ValidationProblem] = []
        for key in environment.keys.sorted() where !Self.isVariableName(key) {
            problems.append(
                .init(
                    field: "environment.\(key)",
                    message:
                        "\"\(key)\" is not a variable name; use letters, digits and underscores, not starting with a digit"
                )
            )
        }
        for key in environment.keys.sorted() where key.hasPrefix("CLOUDTASK_") {
            problems.append(
                .init(
                    field: "environment.\(key)",
                    message: "names starting with CLOUDTASK_ are set by CloudTask; choose another"
                )
            )
        }
        let texts = environment.keys.sorted().flatMap { [$0, environment[$0] ?? ""] }
        return problems + textProblems("environment", texts, bytesMax: Limit.environmentBytesMax)
    }

    private func textProblems(_ field: String, _ texts: [String], bytesMax: Int) -> [ValidationProblem] {
        let size = texts.reduce(0) { $0 + $1.utf8.count + 1 }
        if size > bytesMax {
            return [
                .init(
                    field: field,
                    message: "\(field) has \(size) bytes, more than the \(bytesMax) allowed; put it in a file"
                )
            ]
        }
        if texts.contains(where: { $0.utf8.contains(0) }) {
            return [
                .init(
                    field: field,
                    message: "\(field) contains a NUL character, which no program can receive; remove it"
                )
            ]
        }
        return []
    }

    private var scheduleProblems: [ValidationProblem] {
        if schedules.count > Limit.schedulesMax {
            return [
                .init(
                    field: "schedules",
                    message:
                        "\(schedules.count) schedules are more than the \(Limit.schedulesMax) allowed; merge or split the task"
                )
            ]
        }
        let context = ScheduleContext(task: name.text)
        return schedules.enumerated().compactMap { index, schedule in
            do throws(ScheduleError) {
                try schedule.validate(in: context)
                return nil
            } catch {
                return ValidationProblem(
                    field: "schedules[\(index)]",
                    message: error.message,
                    position: error.position
                )
            }
        }
    }

    /// The schedules that are not due any more, each with its field: they may be saved, and are probably not meant.
    ///
    /// - Parameter now: The instant from which on nothing is due.
    /// - Returns: One sentence for each, in the order of the schedules.
    public func schedulesOver(at now: Instant) -> [ValidationProblem] {
        schedules.enumerated().compactMap { index, schedule in
            do throws(ScheduleError) {
                try schedule.validate(at: now)
                return nil
            } catch {
                return ValidationProblem(field: "schedules[\(index)]", message: error.message)
            }
        }
    }

    /// Two delays after the same end would each start the other's run.
    private var completionProblems: [ValidationProblem] {
        let indices = schedules.indices.filter { index in
            if case .afterCompletion = schedules[index].timing { true } else { false }
        }
        guard indices.count > 1 else { return [] }
        let message = "a task has one schedule with 'afterCompletion' at most: remove the others"
        return [.init(field: "schedules[\(indices[1])]", message: message)]
    }

    /// One run follows a start, on the agent that started, which need not be the one that counts the task's runs.
    private var startProblems: [ValidationProblem] {
        let indices = schedules.indices.filter { index in
            if case .onAgentStart = schedules[index].timing { true } else { false }
        }
        if indices.count > 1 {
            let message = "a task has one schedule with 'onAgentStart' at most: remove the others"
            return [.init(field: "schedules[\(indices[1])]", message: message)]
        }
        guard !indices.isEmpty, concurrency.livingMax != nil else { return [] }
        let message =
            "runs that follow the starts of agents run where the start was and are not counted: write concurrency: allow "
            + "without max, or another schedule"
        return [.init(field: "concurrency", message: message)]
    }

    /// A problem for every schedule that names a calendar which is not among `known`.
    ///
    /// - Parameter known: The calendars there are; only the cluster knows.
    /// - Returns: The problems, in the order of the schedules.
    public func calendarProblems(knowing known: Set<CalendarID>) -> [ValidationProblem] {
        schedules.enumerated().flatMap { index, schedule in
            schedule.calendarNames.compactMap { name in
                if let id = CalendarID(name), known.contains(id) { return nil }
                let message =
                    "there is no calendar '\(name)': save it first (kind: Calendar) or correct the name"
                return ValidationProblem(field: "schedules[\(index)]", message: message)
            }
        }
    }

    private var durationProblems: [ValidationProblem] {
        var problems: [ValidationProblem] = []
        if let timeout, timeout < .milliseconds(1) || timeout > Limit.timeoutMax {
            problems.append(.init(field: "timeout", message: "the timeout must be between 1ms and 366d"))
        }
        if killGrace < .zero || killGrace > .seconds(3_600) {
            problems.append(.init(field: "killGrace", message: "the kill grace must be between 0s and 1h"))
        }
        if let startDeadline, startDeadline < Limit.startDeadlineMin || startDeadline > Limit.timeoutMax {
            problems.append(
                .init(field: "startDeadline", message: "the start deadline must be between 1s and 366d")
            )
        }
        if let totalTimeout, totalTimeout < Limit.startDeadlineMin || totalTimeout > Limit.timeoutMax {
            problems.append(
                .init(field: "totalTimeout", message: "the total timeout must be between 1s and 366d")
            )
        }
        if !Limit.priorityRange.contains(priority) {
            problems.append(
                .init(field: "priority", message: "the priority must be a whole number from -100 to 100")
            )
        }
        problems += totalProblems + misfire.problems + retry.problems
        return problems + futileProblems + concurrencyProblems
    }

    /// What could never come to bear because the total timeout ends the run before.
    private var totalProblems: [ValidationProblem] {
        guard let totalTimeout else { return [] }
        let limits = [("timeout", "timeout", timeout), ("startDeadline", "start deadline", startDeadline)]
        return limits.compactMap { field, word, limit in
            guard let limit, limit > totalTimeout else { return nil }
            let message =
                "the \(word) \(DurationText(limit)) is longer than the total timeout \(DurationText(totalTimeout)), "
                + "which ends the run before: shorten it, or lengthen totalTimeout"
            return ValidationProblem(field: field, message: message)
        }
    }

    private var concurrencyProblems: [ValidationProblem] {
        guard concurrency.livingMax != nil, retry.agent == .other else { return concurrency.problems }
        return concurrency.problems + [
            .init(
                field: "retry.agent",
                message:
                    "runs that are counted are all made by the task's owner: remove retry.agent: other, or write "
                    + "concurrency: allow without max"
            )
        ]
    }

    private static func isVariableName(_ text: String) -> Bool {
        guard let first = text.utf8.first, first == UInt8(ascii: "_") || isLetter(first) else { return false }
        return text.utf8.allSatisfy {
            $0 == UInt8(ascii: "_") || isLetter($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
}
