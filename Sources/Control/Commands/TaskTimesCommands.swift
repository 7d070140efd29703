public import ArgumentParser
import CenterClient
import Domain
import Foundation
import Payloads
import Scheduling

/// `cloudtask task next`.
public struct TaskNextCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "next",
        abstract: "Show when tasks are due next.",
        usage: "cloudtask task next <task> ... [<options>]",
        discussion: """
            Examples:
              cloudtask task next nightly-report -n 10 --tz Europe/Berlin
              cloudtask task next -l team=data -n 1
            """
    )

    @OptionGroup var choice: TaskChoice
    @Option(name: [.customShort("n"), .customLong("count")], help: "How many instants of each.") var count = 5
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses counts that make no sense, names and conditions together, and neither.
    public func validate() throws {
        try Parse.count(count, "--count", max: 1_000)
        try choice.check()
    }

    /// Shows the instants.
    public func execute() async throws {
        let connection = try server.connection()
        if let name = try choice.only() { return try await show(name, connection) }
        let text = TimeText(zone: try time.zone())
        var fires: [TaskFire] = []
        let failure = try await Several.perform(
            try await choice.payloads(connection),
            name: { "task/\($0.specification.name)" }
        ) { task in
            let instants = try await connection.next(of: task.specification.name, count: count)
            if let pause = task.pause {
                Terminal.say("task/\(task.specification.name): \(TaskTable.words(pause, text))")
            }
            fires += TaskFire.fires(of: task, at: instants)
        }
        fires.sort { ($0.due, $0.task.text) < ($1.due, $1.task.text) }
        try Printer(output).print(
            fires,
            empty: "none of the tasks is due again at an instant that is known",
            names: { "task/\($0.task) \($0.due.formatted())" }
        ) { _ in Self.table(fires, text) }
        if let failure { throw failure }
    }

    private func show(_ name: TaskID, _ connection: CenterConnection) async throws {
        let instants = try await connection.next(of: name, count: count)
        let task = try await connection.task(name)
        let text = TimeText(zone: try time.zone())
        let pause = task.pause.map { "the task is not due again: \(TaskTable.words($0, text))" }
        let empty = pause ?? Self.emptiness(of: task)
        if let pause = task.pause, !instants.isEmpty { Terminal.say(TaskTable.words(pause, text)) }
        try Printer(output).print(
            instants,
            empty: empty,
            names: { $0.formatted() }
        ) { _ in Self.table(instants, task.exceptions ?? [], text) }
    }

    /// Why no instant is known, of a task that is not paused.
    private static func emptiness(of task: TaskPayload) -> String {
        guard let schedule = task.specification.eventSchedule(at: Instant(Date())) else {
            return "the task is not due again"
        }
        let sentence = schedule.explained.dropLast()
        return "no instant is known beforehand; the task runs by this schedule: \(sentence)"
    }

    /// The instants, with what is different about some of them.
    static func table(_ instants: [Instant], _ exceptions: [FireException], _ text: TimeText) -> Table {
        let noted = instants.contains { instant in exceptions.contains { $0.decidedAt == instant } }
        var table = Table(
            [.init(title: "DUE"), .init(title: "IN")] + (noted ? [.init(title: "NOTE", isElastic: true)] : [])
        )
        for instant in instants {
            var row: [Table.Cell] = [.init(text.absolute(instant)), .init(text.relative(instant))]
            if noted {
                let fire = exceptions.first { $0.decidedAt == instant }
                row.append(.init(fire.map { note($0, text) } ?? ""))
            }
            table.append(row)
        }
        return table
    }

    /// The instants of several tasks.
    static func table(_ fires: [TaskFire], _ text: TimeText) -> Table {
        let noted = fires.contains { $0.change != nil }
        var table = Table(
            [.init(title: "TASK", isElastic: true), .init(title: "DUE"), .init(title: "IN")]
                + (noted ? [.init(title: "NOTE", isElastic: true)] : [])
        )
        for fire in fires {
            var row: [Table.Cell] = [
                .init(fire.task.text), .init(text.absolute(fire.due)), .init(text.relative(fire.due)),
            ]
            if noted { row.append(.init(fire.change.map { note($0, text) } ?? "")) }
            table.append(row)
        }
        return table
    }

    private static func note(_ fire: FireException, _ text: TimeText) -> String {
        if fire.isSkipped || fire.shiftedTo == nil { return FireAnswer.words(fire, text) }
        var unshifted = fire
        unshifted.shiftedTo = nil
        let rest = fire.parameters.isEmpty ? "" : " and " + FireAnswer.words(unshifted, text)
        return "shifted from \(text.absolute(fire.due))"
            + (rest.isEmpty ? fire.reason.map { " (\($0))" } ?? "" : rest)
    }
}

/// An instant at which one of several tasks is due.
struct TaskFire: Hashable, Codable, Sendable {
    /// The task.
    var task: TaskID
    /// When it is due.
    var due: Instant
    /// What is different about it; absent when nothing is.
    var change: FireException?

    /// The fires of a task at these instants.
    static func fires(of task: TaskPayload, at instants: [Instant]) -> [TaskFire] {
        instants.map { instant in
            TaskFire(
                task: task.specification.name,
                due: instant,
                change: task.exceptions?.first { $0.decidedAt == instant }
            )
        }
    }
}

/// `cloudtask task history`.
public struct TaskHistoryCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Show the latest runs of tasks.",
        usage: "cloudtask task history <task> ... [<options>]",
        discussion: """
            Examples:
              cloudtask task history nightly-report -n 50
              cloudtask task history -l team=data
            """
    )

    @OptionGroup var choice: TaskChoice
    @Option(name: [.customShort("n"), .customLong("limit")], help: "Show at most so many.") var limit = 20
    @OptionGroup var watch: WatchOptions
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var time: TimeOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses limits that make no sense, names and conditions together, and neither.
    public func validate() throws {
        try Parse.count(limit, "--limit")
        try choice.check()
    }

    /// Shows the runs.
    public func execute() async throws {
        let only = try choice.only()
        let connection = try server.connection()
        let gathering = RunGathering(connection: connection, filter: RunFilter(), limit: limit)
        try await watch.perform {
            let names = try await choice.names(connection)
            let runs = try await gathering.runs(of: names)
            // A task without runs and a name without a task look alike in the history.
            if !choice.tasks.isEmpty {
                for name in Set(names).subtracting(runs.map(\.task)).sorted() {
                    _ = try await connection.task(name)
                }
            }
            try Printer(output).print(
                runs,
                empty: only.map { "task \($0) has not run yet" } ?? "none of the tasks has run yet",
                names: { "run/\($0.id)" }
            ) { isWide in
                try RunTable.table(runs, isWide: isWide, showsTask: only == nil, TimeText(zone: time.zone()))
            }
        }
    }
}
