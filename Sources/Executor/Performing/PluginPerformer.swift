import CProcess
public import Domain
import Glibc
import Scheduling

/// Lets a plugin do the work of an attempt: starts it as a process of this one's group, tells it what to do, and passes on what it says.
///
/// When the attempt is stopped, the plugin is told so; after half of the kill grace it gets SIGTERM. Whatever happens, the agent kills this
/// process and all of its group when the kill grace is over.
public struct PluginPerformer {
    private let call: PluginCall
    private let plan: PerformerPlan
    private let environment: [String: String]
    private let bell: StopBell
    private var waits: WaitSet
    private var conversation = PluginConversation()
    /// Why the plugin was ended; `nil` when it was not.
    private var fault: String?
    private var times = Times()
    private let processes: PerformedProcesses
    private var isStopped = false

    /// Moments of the boot-time clock at which something is done, in nanoseconds.
    private struct Times {
        var greetBy: Int64?
        var terminateAt: Int64?
        var killAt: Int64?

        var next: Int64? { [greetBy, terminateAt, killAt].compactMap(\.self).min() }
    }

    /// A performer in a process of its own, which from now on is not ended by SIGTERM.
    public init(_ call: PluginCall, of plan: PerformerPlan, environment: [String: String]) throws {
        self.call = call
        self.plan = plan
        self.environment = environment
        processes = PerformedProcesses(environment: environment)
        bell = try StopBell()
        waits = try WaitSet()
        try bell.join(&waits)
    }

    /// Lets it work; the result that it names decides how the attempt ends, else how its process ended.
    public mutating func perform() -> PerformerEnd {
        let start = PluginConversation.start(call, environment: environment)
        guard start.utf8.count < PluginConversation.lineBytesMax else {
            PerformerLog.write(
                "what the plugin \(call.name) would be told has \(start.utf8.count) bytes, more than a line may have: name files"
            )
            return .exit(Self.notStarted)
        }
        do {
            var said = try Pipe()
            var told = try Pipe()
            defer {
                said.close()
                told.close()
            }
            let process = try launch(reading: told.output, writing: said.input)
            defer { close(process.descriptor) }
            told.closeOutput()
            said.closeInput()
            let greetBy = ct_boottime() + Self.greetingMax
            times.greetBy = greetBy
            if !say(start, to: told, until: greetBy) {
                fail("the plugin has not read within 10s what it is to do")
            }
            try waits.add(process.descriptor, token: Self.processToken)
            try waits.add(said.output, token: Self.speechToken)
            follow(said, told)
            // What is left has the rest of the grace.
            if isStopped { processes.signal(SIGTERM, sparing: []) }
            return end(of: process)
        } catch StartFailure.impossible(let code, let message) {
            PerformerLog.write(message)
            return .exit(code ?? Self.notStarted)
        } catch {
            PerformerLog.write("the plugin \(call.name) could not be started: \(error)")
            return .exit(Self.notStarted)
        }
    }

    private func launch(reading input: Int32, writing output: Int32) throws -> Program.Started {
        let path = plan.plugins + "/" + call.name
        var arguments = StringBlock()
        arguments.append(path)
        return try Program(
            name: "the plugin \(path)",
            candidates: [path],
            arguments: arguments,
            environment: environment.sorted { $0.key < $1.key }
                .reduce(into: StringBlock()) { $0.append($1.key, $1.value) },
            directory: ".",
            terms: plan.terms
        ).start(input: input, output: output, error: STDERR_FILENO, deadline: .max, joinsGroup: true)
    }

    /// Passes on what is said until the plugin has ended.
    private mutating func follow(_ said: Pipe, _ told: Pipe) {
        var isSilent = false
        var isOver = false
        while !isOver {
            let now = ct_boottime()
            act(at: now)
            let patience = times.next.map { Int32(clamping: max(0, $0 - now + 999_999) / 1_000_000) } ?? -1
            let tokens = waits.wait(milliseconds: patience)
            if tokens.contains(StopBell.token) {
                bell.silence()
                stop(told)
            }
            isOver = tokens.contains(Self.processToken)
            // What it wrote before its end is heard; what it left behind may hold the pipe open for ever.
            if !isSilent, isOver || tokens.contains(Self.speechToken) {
                isSilent = hear(said, untilEmpty: isOver)
                if isSilent { waits.remove(said.output) }
            }
        }
    }

    /// Does what is due.
    private mutating func act(at now: Int64) {
        if let limit = times.greetBy, limit <= now {
            times.greetBy = nil
            fail("the plugin has not said 'hello' within 10s")
        }
        if let limit = times.terminateAt, limit <= now {
            times.terminateAt = nil
            processes.signal(SIGTERM, sparing: [])
        }
        if let limit = times.killAt, limit <= now {
            processes.signal(SIGKILL, sparing: [])
            times.killAt = now + Self.killInterval
        }
    }

    private mutating func stop(_ told: Pipe) {
        isStopped = true
        let half = plan.killGrace.wholeMilliseconds / 2
        // A plugin that does not listen is ended by SIGTERM.
        _ = say(PluginConversation.stop(within: half), to: told, until: 0)
        times.terminateAt = ct_boottime() + half * 1_000_000
    }

    private mutating func fail(_ reason: String) {
        if fault == nil {
            fault = reason
            PerformerLog.write(reason)
        }
        processes.signal(SIGTERM, sparing: [])
        times.killAt = times.killAt ?? ct_boottime() + Self.leavingMax
    }

    /// Reads what there is; returns whether there will be no more.
    private mutating func hear(_ said: Pipe, untilEmpty: Bool) -> Bool {
        var heard = 0
        while true {
            guard let bytes = said.read() else { return true }
            if bytes.isEmpty { return false }
            heard += bytes.count
            for action in conversation.receive(bytes) {
                switch action {
                case .tell(let line): PerformerLog.write(line, to: STDOUT_FILENO)
                case .log(let line): PerformerLog.write(line)
                case .fail(let reason): fail(reason)
                }
            }
            if conversation.hasGreeted { times.greetBy = nil }
            if conversation.result != nil, times.killAt == nil {
                times.killAt = ct_boottime() + Self.leavingMax
            }
            // What the plugin has left behind may fill the pipe faster than it is emptied.
            if !untilEmpty || heard >= Self.pipeBytesMax { return false }
        }
    }

    /// Tells the plugin something; whether it has all of it before `limit`.
    private func say(_ message: String, to told: Pipe, until limit: Int64) -> Bool {
        told.write(Array((message + "\n").utf8), until: limit)
    }

    private func end(of process: Program.Started) -> PerformerEnd {
        var end = ct_end()
        guard unsafe ct_end_of(process.descriptor, 1, &end) == 0 else { return .exit(Self.notStarted) }
        if fault != nil { return .exit(Self.misspoken) }
        if let result = conversation.result { return .exit(result) }
        if end.signal != 0 { return .signal(end.signal) }
        if end.exit_code != 0 { return .exit(end.exit_code) }
        PerformerLog.write("the plugin \(call.name) has ended without a result")
        return .exit(Self.misspoken)
    }

    private static let processToken: UInt64 = 1
    private static let speechToken: UInt64 = 2
    /// How long a plugin may take to greet.
    private static let greetingMax: Int64 = 10_000_000_000
    /// How long a plugin may take to end once it has said its result.
    private static let leavingMax: Int64 = 5_000_000_000
    /// How often what is being killed is looked at again.
    private static let killInterval: Int64 = 100_000_000
    /// What a pipe holds at most.
    private static let pipeBytesMax = 1_024 * 1_024
    /// The exit code of what could not be started for a reason that has none.
    private static let notStarted: Int32 = 125
    /// The exit code of a plugin that does not keep to the protocol: EX_SOFTWARE.
    private static let misspoken: Int32 = 70
}
