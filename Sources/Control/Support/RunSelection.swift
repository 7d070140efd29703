public import ArgumentParser
import CenterClient
import Domain
import Foundation
import Payloads
import Scheduling

/// Which of the cluster's runs a command is about: those of some tasks, in some states, of some time.
public struct RunSelectionOptions: ParsableArguments, Sendable {
    @Option(help: ArgumentHelp("Only runs of this task.", valueName: "name")) var task: String?
    @OptionGroup var selection: SelectionOptions
    @Option(help: ArgumentHelp("Only runs with an attempt on this agent.", valueName: "name")) var agent:
        String?
    @Option(help: "Only runs in this state, such as failed; may repeat.") var state: [RunState] = []
    @Option(
        name: [.long, .customLong("from")],
        parsing: .unconditional,
        help: ArgumentHelp("Only runs due since then, or since so long: 2h.", valueName: "time")
    )
    var since: String?
    @Option(
        name: [.long, .customLong("to")],
        parsing: .unconditional,
        help: ArgumentHelp("Only runs due until then.", valueName: "time")
    )
    var until: String?

    /// Creates the options; `ArgumentParser` fills them.
    public init() {}

    /// Whether any of it is given.
    var isGiven: Bool {
        task != nil || selection.isGiven || agent != nil || !state.isEmpty || since != nil || until != nil
    }

    /// Refuses a task's name together with what selects tasks.
    func check() throws {
        _ = try (selection.runtimeID(), selection.groupID(), selection.selector())
        if task != nil, selection.labels != nil || selection.group != nil {
            throw ValidationError("give --task, or --labels and --group, not both")
        }
    }

    /// The conditions, but for the labels and the group of a run's task.
    func filter(now: Instant) throws -> RunFilter {
        RunFilter(
            task: try task.map { try Parse.name($0, "the name of a task") },
            runtime: try selection.runtimeID(),
            agent: try agent.map { try Parse.name($0, "the name of an agent") },
            states: state,
            since: try since.map { try Parse.since($0, "--since", now: now) },
            until: try until.map { try Parse.instant($0, "--until", now: now) }
        )
    }

    /// The latest runs that are selected, latest due first, at most `limit`.
    ///
    /// Labels and groups are those that the tasks have now; tasks that are gone have none.
    func runs(
        _ connection: CenterConnection,
        in states: [RunState]? = nil,
        limit: Int
    ) async throws -> [RunPayload] {
        var filter = try filter(now: Instant(Date()))
        if let states { filter.states = states }
        let gathering = RunGathering(connection: connection, filter: filter, limit: limit)
        guard selection.labels != nil || selection.group != nil else { return try await gathering.all() }
        return try await gathering.runs(of: try await selection.names(connection))
    }
}

/// Reads the latest runs of some tasks, or of all.
struct RunGathering {
    let connection: CenterConnection
    var filter: RunFilter
    let limit: Int

    /// The runs of all tasks that the filter lets through.
    func all() async throws -> [RunPayload] {
        try await Paging.all(limit: limit) { page, size throws(CenterClientError) in
            try await connection.runs(filter, page: page, limit: size)
        }
    }

    /// The runs of these tasks, whatever task the filter names.
    func runs(of tasks: [TaskID]) async throws -> [RunPayload] {
        var latest: [RunPayload] = []
        for task in tasks {
            var part = self
            part.filter.task = task
            latest = Self.latest(latest + (try await part.all()), limit: limit)
        }
        return latest
    }

    /// The latest due of these runs, latest first; those due at once in the order of their tasks.
    static func latest(_ runs: [RunPayload], limit: Int) -> [RunPayload] {
        Array(
            runs.sorted { ($1.due, $0.task.text, $0.id.text) < ($0.due, $1.task.text, $1.id.text) }
                .prefix(limit)
        )
    }
}

/// The runs that are to be changed: given one by one, or selected.
public struct RunChoice: ParsableArguments, Sendable {
    @Argument(help: "The runs, as 'run list' shows them.") var runs: [String] = []
    @OptionGroup var selected: RunSelectionOptions
    @OptionGroup var consent: ConsentOptions

    /// More runs than that are no change of one command.
    static let runsMax = 10_000

    /// Creates the arguments; `ArgumentParser` fills them.
    public init() {}

    /// Refuses runs and conditions together, and neither, and states whose runs cannot be meant.
    func check(isOver: Bool) throws {
        try selected.check()
        if !runs.isEmpty, selected.isGiven {
            throw ValidationError("give runs, or what selects them, such as --task and --state, not both")
        }
        if runs.isEmpty, !selected.isGiven {
            throw ValidationError("give runs, or select some, such as with --task, --labels or --state")
        }
        if runs.isEmpty, isOver, selected.state.isEmpty {
            throw ValidationError("say which runs are repeated, such as --state failed --state lost")
        }
        if let other = selected.state.first(where: { $0.isFinal != isOver }) {
            throw ValidationError(
                "--state \(other.rawValue): only runs that \(isOver ? "are over" : "live") can be meant"
            )
        }
    }

    /// The runs, once it is agreed on that these are meant.
    ///
    /// - Parameters:
    ///   - verb: What is done to them.
    ///   - connection: Where they are looked for.
    /// - Returns: Their identities; those that are selected in the order they were due.
    /// - Throws: When there are none, too many, or it is not agreed on.
    func identities(to verb: String, _ connection: CenterConnection) async throws -> [RunID] {
        guard runs.isEmpty else { return try runs.map(Parse.run) }
        let states = selected.state.isEmpty ? RunState.allCases.filter { !$0.isFinal } : selected.state
        let found = try await selected.runs(connection, in: states, limit: Self.runsMax + 1)
        guard !found.isEmpty else { throw ControlError("there are no such runs", .notFound) }
        guard found.count <= Self.runsMax else {
            throw ControlError(
                "these are more than \(Self.runsMax) runs: name fewer, such as with --from and --to",
                .usage
            )
        }
        let names = found.reversed().map { "run/\($0.id) of task/\($0.task)" }
        try consent.agree(to: verb, names, "runs")
        return found.reversed().map(\.id)
    }

    /// Does it to each of the runs, or only says so.
    ///
    /// - Parameters:
    ///   - verb: What is done to them.
    ///   - would: What follows `would be` when nothing is done.
    ///   - connection: Where they are.
    ///   - body: What is done to one.
    /// - Throws: When not all of it could be done.
    func perform(
        _ verb: String,
        would: String,
        _ connection: CenterConnection,
        _ body: (RunID) async throws -> Void
    ) async throws {
        let ids = try await identities(to: verb, connection)
        if consent.dryRun {
            for id in ids { Terminal.writeLine("run/\(id) would be \(would)") }
            return
        }
        let failure = try await Several.perform(ids, name: { "run/\($0)" }, body)
        if let failure { throw failure }
    }
}
