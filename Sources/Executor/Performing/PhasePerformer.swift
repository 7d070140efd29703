import CProcess
public import Domain
import Glibc
import Scheduling

/// Carries out the phases of an attempt, one after the other, each as a process of this one's group.
///
/// When the attempt is stopped, the phase that runs gets SIGTERM; `teardown` goes on, or is begun then. Whatever happens, the agent kills this
/// process and all of its group when the kill grace is over.
public struct PhasePerformer {
    private let phases: Phases
    private let plan: PerformerPlan
    private let path: String
    private let environment: [String: String]
    private let null: Int32
    private let bell: StopBell
    private var waits: WaitSet
    private let processes: PerformedProcesses
    private var isStopped = false
    /// Whether one of them was begun.
    private var hasBegun = false

    /// A performer in a process of its own, which from now on is not ended by SIGTERM.
    ///
    /// - Parameters:
    ///   - phases: The phases.
    ///   - plan: The plan they are from.
    ///   - path: The plan's file; scripts stand beside it.
    ///   - environment: What every phase's environment begins with.
    /// - Throws: `ExecutorError` when this process lacks something.
    public init(_ phases: Phases, of plan: PerformerPlan, at path: String, environment: [String: String])
        throws
    {
        self.phases = phases
        self.plan = plan
        self.path = path
        self.environment = environment
        processes = PerformedProcesses(environment: environment)
        null = try Descriptor.open("/dev/null", O_RDWR)
        bell = try StopBell()
        waits = try WaitSet()
        try bell.join(&waits)
    }

    /// Carries them out; the first of them that fails decides how it ends.
    public mutating func perform() -> PerformerEnd {
        var end = PhaseEnd.exited(0)
        if let setup = phases.setup { end = perform(setup, .setup) }
        if !isStopped { look(0) }
        // A stop before the work is no success, whoever has sent the signal.
        if end.isSuccess { end = isStopped ? .killed(SIGTERM) : perform(phases.run, .run) }
        if let teardown = phases.teardown, hasBegun {
            let outcome = isStopped ? "stopped" : end.outcome
            let last = perform(teardown, .teardown, ["CLOUDTASK_OUTCOME": outcome])
            if end.isSuccess { end = last }
        }
        // What is left has the rest of the grace.
        if isStopped { processes.signal(SIGTERM, sparing: []) }
        return end.performerEnd
    }

    private mutating func perform(
        _ phase: Phase,
        _ name: Phases.Name,
        _ variables: [String: String] = [:]
    ) -> PhaseEnd {
        for stream in [STDOUT_FILENO, STDERR_FILENO] {
            if hasBegun { PerformerLog.endLine(on: stream) }
            PerformerLog.write("=== \(name.rawValue) ===", to: stream)
        }
        hasBegun = true
        let began = ct_boottime()
        let spared = processes.living()
        let end: PhaseEnd
        do {
            let process = try start(phase, name, variables)
            end = follow(
                process,
                name,
                sparing: spared,
                until: phase.timeout.map { began + Self.nanoseconds($0) }
            )
        } catch StartFailure.impossible(let code, let message) {
            end = .notStarted(code ?? Self.notStarted, message)
        } catch {
            end = .notStarted(Self.notStarted, "\(error)")
        }
        let took = DurationText(.milliseconds((ct_boottime() - began) / 1_000_000))
        PerformerLog.write("=== \(name.rawValue): \(end.text) after \(took) ===")
        return end
    }

    private func start(
        _ phase: Phase,
        _ name: Phases.Name,
        _ variables: [String: String]
    ) throws -> Program.Started {
        var environment = environment.merging(variables) { $1 }
        environment["CLOUDTASK_PHASE"] = name.rawValue
        let words: [String]
        switch phase.work {
        case .command(let command): words = command
        case .script(_, let interpreter):
            let script = PerformerPlan.script(of: name, beside: path)
            words = ScriptFile.words(script, interpreter: interpreter, shell: plan.shell)
        }
        let program = words.first ?? ""
        let searchPath = environment["PATH"] ?? RunnerConfiguration.searchPath
        return try Program(
            name: program,
            candidates: Program.candidates(for: program, searchPath: searchPath),
            arguments: words.reduce(into: StringBlock()) { $0.append($1) },
            environment: environment.sorted { $0.key < $1.key }
                .reduce(into: StringBlock()) { $0.append($1.key, $1.value) },
            directory: ".",
            terms: plan.terms
        ).start(
            input: null,
            output: STDOUT_FILENO,
            error: STDERR_FILENO,
            deadline: .max,
            joinsGroup: true
        )
    }

    /// Waits for the end of a phase, and ends it when its time is over or the attempt is stopped.
    private mutating func follow(
        _ process: Program.Started,
        _ name: Phases.Name,
        sparing spared: Set<pid_t>,
        until limit: Int64?
    ) -> PhaseEnd {
        defer { close(process.descriptor) }
        // What cannot be watched is ended at once.
        let isWatched = (try? waits.add(process.descriptor, token: Self.processToken)) != nil
        var ending: (isTimeout: Bool, killAt: Int64)?
        var isOver = !isWatched
        while !isOver {
            let now = ct_boottime()
            if ending == nil, isStopped, name != .teardown {
                ending = (false, now + stopGrace)
                processes.signal(SIGTERM, sparing: spared)
            } else if ending == nil, let limit, limit <= now {
                ending = (true, now + Self.nanoseconds(plan.killGrace))
                processes.signal(SIGTERM, sparing: spared)
            } else if let ends = ending {
                ending?.killAt = hurried(ends.killAt, name, at: now)
            }
            if let killAt = ending?.killAt, killAt <= now {
                processes.signal(SIGKILL, sparing: spared)
                // Who was being made while the others were killed is killed in the next round.
                ending?.killAt = now + Self.killInterval
            }
            let next = ending?.killAt ?? limit
            isOver = look(next.map { Int32(clamping: max(0, $0 - now + 999_999) / 1_000_000) } ?? -1)
        }
        if isWatched { waits.remove(process.descriptor) }
        if let killAt = ending?.killAt { linger(after: name, sparing: spared, until: killAt) }
        if ending != nil || !isWatched { processes.signal(SIGKILL, sparing: spared) }
        var end = ct_end()
        guard unsafe ct_end_of(process.descriptor, 1, &end) == 0 else {
            return .notStarted(Self.notStarted, "the process ended, but the system did not say how")
        }
        if ending?.isTimeout == true { return .timedOut }
        return end.signal != 0 ? .killed(end.signal) : .exited(end.exit_code)
    }

    /// What a phase that is being ended has started has the same time to end as the phase itself.
    private mutating func linger(after name: Phases.Name, sparing spared: Set<pid_t>, until killAt: Int64) {
        var killAt = killAt
        while ct_boottime() < killAt, !processes.living().subtracting(spared).isEmpty {
            look(Self.lingerMilliseconds)
            killAt = hurried(killAt, name, at: ct_boottime())
        }
    }

    /// When a phase that is being ended is killed: a stop leaves less time, so that some is left for what cleans up.
    private func hurried(_ killAt: Int64, _ name: Phases.Name, at now: Int64) -> Int64 {
        isStopped && name != .teardown ? min(killAt, now + stopGrace) : killAt
    }

    /// Waits for the phase that runs and for the stop; returns whether the phase has ended.
    @discardableResult private mutating func look(_ milliseconds: Int32) -> Bool {
        let tokens = waits.wait(milliseconds: milliseconds)
        if tokens.contains(StopBell.token) {
            bell.silence()
            isStopped = true
        }
        return tokens.contains(Self.processToken)
    }

    /// How long a phase may take to end when the attempt is stopped: some of the grace is left for what cleans up.
    private var stopGrace: Int64 {
        Self.nanoseconds(plan.killGrace) / (phases.teardown == nil ? 1 : 2)
    }

    private static func nanoseconds(_ duration: Duration) -> Int64 { duration.wholeMilliseconds * 1_000_000 }

    private static let processToken: UInt64 = 1
    /// How often what is being killed is looked at again.
    private static let killInterval: Int64 = 100_000_000
    /// How often is looked whether all that a phase has started has ended.
    private static let lingerMilliseconds: Int32 = 50
    /// The exit code of what could not be started for a reason that has none.
    private static let notStarted: Int32 = 125
}

/// How a phase ended.
private enum PhaseEnd {
    case exited(Int32)
    case killed(Int32)
    case timedOut
    case notStarted(Int32, String)

    var isSuccess: Bool {
        if case .exited(0) = self { true } else { false }
    }

    /// How it ended, as `teardown` is told.
    var outcome: String {
        switch self {
        case .exited(0): "succeeded"
        case .timedOut: "timed-out"
        case .exited, .killed, .notStarted: "failed"
        }
    }

    /// How it ended, as people are told.
    var text: String {
        switch self {
        case .exited(let code): "exit code \(code)"
        case .killed(let number): "signal \(number)"
        case .timedOut: "timed out"
        case .notStarted(_, let message): message
        }
    }

    var performerEnd: PerformerEnd {
        switch self {
        case .exited(let code), .notStarted(let code, _): .exit(code)
        case .killed(let number): .signal(number)
        case .timedOut: .exit(Self.timedOutCode)
        }
    }

    /// The exit code of an attempt whose phase took too long: that of `timeout(1)`.
    private static let timedOutCode: Int32 = 124
}
