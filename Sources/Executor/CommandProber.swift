public import Agent
import CProcess
public import Domain
import Foundation
import Glibc
import Scheduling

/// Asks whether a process is healthy by executing a program with the same environment: exit code 0 means that it is.
///
/// Each program runs in a process group of its own, without input and with its output thrown away; it is killed when its time is over, and
/// when the agent is. It has a thread of its own as long, which is short: starting a process suspends the thread that does it.
public struct CommandProber: HealthProber {
    private let configuration: RunnerConfiguration

    /// Creates a prober.
    ///
    /// - Parameter configuration: How the agent runs attempts.
    public init(_ configuration: RunnerConfiguration) { self.configuration = configuration }

    /// Executes the probe's program once.
    public func answer(to probe: HealthProbe, of order: LaunchOrder) async -> ProbeAnswer {
        guard case .command(let words) = probe.check else {
            return ProbeAnswer(isHealthy: false, text: "the probe has no command")
        }
        let results = ResultFiles(dataDirectory: configuration.dataDirectory)
        let environment = AttemptEnvironment(configuration, results)
        let terms: StartTerms?
        do throws(StartFailure) {
            terms = try self.terms(of: order.specification)
        } catch {
            return ProbeAnswer(isHealthy: false, text: "the probe may not be executed: \(error.message)")
        }
        let program = Program(
            name: words.first ?? "",
            candidates: environment.candidates(for: words.first ?? "", order),
            arguments: words.reduce(into: StringBlock()) { $0.append($1) },
            environment: environment.block(for: order, as: terms?.account),
            directory: configuration.workingDirectory,
            terms: terms
        )
        return await withCheckedContinuation { continuation in
            let thread = Thread { continuation.resume(returning: Self.answer(of: program, probe.timeout)) }
            thread.name = "probe"
            thread.start()
        }
    }

    /// A probe runs where and as whom the task does, and is not limited as the task is.
    private func terms(of task: TaskSpecification) throws(StartFailure) -> StartTerms? {
        var (configuration, task) = (configuration, task)
        configuration.usesControlGroups = false
        task.process.limits = ProcessLimits()
        return try TermsMaker(configuration).terms(for: task)
    }

    private static func answer(of program: Program, _ timeout: Duration) -> ProbeAnswer {
        var terms = program.terms
        defer { terms?.close() }
        do {
            let null = try Descriptor.open("/dev/null", O_RDWR)
            defer { Glibc.close(null) }
            var ended = try WaitSet()
            defer { ended.close() }
            let process = try program.start(
                input: null,
                output: null,
                error: null,
                deadline: .max,
                endsWithParent: true
            )
            defer { Glibc.close(process.descriptor) }
            return try wait(for: process, &ended, timeout)
        } catch StartFailure.impossible(_, let message) {
            return ProbeAnswer(isHealthy: false, text: message)
        } catch {
            return ProbeAnswer(isHealthy: false, text: "the probe could not be executed: \(error)")
        }
    }

    private static func wait(
        for process: Program.Started,
        _ ended: inout WaitSet,
        _ timeout: Duration
    ) throws(ExecutorError) -> ProbeAnswer {
        let isWatched = Result { () throws(ExecutorError) in try ended.add(process.descriptor, token: 0) }
        let deadline = ct_boottime() + timeout.wholeMilliseconds * 1_000_000
        var isOver = false
        if case .success = isWatched {
            while !isOver {
                let left = (deadline - ct_boottime() + 999_999) / 1_000_000
                guard left > 0 else { break }
                isOver = !ended.wait(milliseconds: Int32(clamping: left)).isEmpty
            }
        }
        // What it left behind goes with it, also when it has ended by itself.
        _ = kill(-process.pid, SIGKILL)
        var end = ct_end()
        let isKnown = unsafe ct_end_of(process.descriptor, 1, &end) == 0
        try isWatched.get()
        if !isOver { return ProbeAnswer(isHealthy: false, text: "no answer within \(DurationText(timeout))") }
        guard isKnown, end.signal == 0 else {
            let text =
                isKnown ? "the probe was ended by signal \(end.signal)" : "the probe ended, nobody knows how"
            return ProbeAnswer(isHealthy: false, text: text)
        }
        return ProbeAnswer(isHealthy: end.exit_code == 0, text: "exit code \(end.exit_code)")
    }
}
