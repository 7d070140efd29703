import Agent
import CProcess
import Cluster
import Domain
import Glibc
import Logging
import Scheduling

/// Starts, watches and ends processes, all on one thread that does nothing else.
///
/// One thread owns everything, so nothing here needs a lock and the commands act in the order they were given. Between
/// two starts it looks at commands and at ended processes, so that a long batch delays neither.
final class Supervisor {
    let time: TimeSource
    let log: Logger
    let queue: CommandQueue<SupervisorCommand>
    let accounts: CommandQueue<AccountReader.Command>
    let events: AsyncStream<AttemptEvent>.Continuation
    let maker: ProgramMaker
    var record: SeenRecord
    var logs: LogWriter
    var waitSet: WaitSet
    let null: Int32
    var guardian: Guardian

    /// Recorded and not yet started.
    var waiting: ArraySlice<LaunchOrder> = []
    /// Recorded, tried, and to be tried again.
    var postponed: [PostponedStart] = []
    var running: [UInt64: RunningAttempt] = [:]
    var tokens: [AttemptID: UInt64] = [:]
    /// Those of `running` that somebody asked to stop, ascending.
    var stopping: [UInt64] = []
    /// Whether what attempts leave behind becomes this process's.
    let adoptsOrphans: Bool
    /// When orphans are looked for next, on the boot-time clock.
    var orphansAt: Int64 = 0
    /// Control groups of ended attempts that something still dies in.
    var leftGroups: [String] = []
    private var lastToken = Supervisor.bellToken
    private var shutDown: CheckedContinuation<Void, Never>?

    /// Token of the command queue's bell; those of processes follow.
    static let bellToken: UInt64 = 0
    /// Token of the guardian's channel: no process gets as far.
    private static let guardianToken = UInt64.max
    /// How often the groups of ended leaders are looked at: they are found by reading /proc.
    static let lingerInterval: Int64 = 100_000_000
    /// Most starts before commands and ended processes are looked at again.
    private static let burstMax = 4

    init(_ parts: SupervisorParts) {
        time = parts.time
        log = parts.log
        queue = parts.queue
        accounts = parts.accounts
        events = parts.events
        maker = parts.maker
        record = parts.record
        logs = LogWriter(files: parts.logs)
        waitSet = parts.waitSet
        guardian = Guardian(waitSet: parts.waitSet, token: Self.guardianToken)
        null = parts.null
        adoptsOrphans = parts.adoptsOrphans && ct_become_subreaper() == 0
    }

    /// Works until it was told to shut down and nothing runs any more.
    func run() {
        while true {
            let commands = queue.take()
            for command in commands { perform(command) }
            launchBurst()
            launchPostponed()
            endLingering()
            tidy()
            if shutDown != nil, running.isEmpty, waiting.isEmpty { break }
            watch()
        }
        close()
    }

    /// A token that was never used.
    func nextToken() -> UInt64 {
        lastToken += 1
        return lastToken
    }

    private func perform(_ command: SupervisorCommand) {
        switch command {
        case .start(let orders): shutDown == nil ? accept(orders) : cancel(orders)
        case .stop(let attempt, let grace): stop(attempt, grace: grace)
        case .prolong(let lives): prolong(lives)
        case .running(let continuation): continuation.resume(returning: tokens.keys.sorted())
        case .shutDown(let grace, let continuation): beginShutDown(grace: grace, continuation)
        }
    }

    private func launchBurst() {
        for _ in 0..<Self.burstMax {
            guard let order = waiting.popFirst() else { return }
            launch(order)
        }
    }

    private func watch() {
        for token in waitSet.wait(milliseconds: patience) {
            switch token {
            case Self.bellToken: _ = ct_bell_silence(queue.bell)
            case Self.guardianToken: guardianDied()
            default: leaderEnded(token)
            }
        }
    }

    /// How long the thread may sleep, in milliseconds, rounded up.
    private var patience: Int32 {
        if !waiting.isEmpty { return 0 }
        let now = ct_boottime()
        let deadlines =
            stopping.compactMap { token -> Int64? in
                guard let attempt = running[token] else { return nil }
                return attempt.isLingering ? now + Self.lingerInterval : attempt.deadline
            } + postponed.map(\.at) + [tidyAt].compactMap(\.self)
        guard let next = deadlines.min() else { return -1 }
        return Int32(clamping: max(0, next - now + 999_999) / 1_000_000)
    }

    private func beginShutDown(grace: Duration, _ continuation: CheckedContinuation<Void, Never>) {
        guard shutDown == nil else {
            // Whoever asks second does not wait: the first is told when everything has ended.
            continuation.resume()
            return
        }
        shutDown = continuation
        cancel(Array(waiting) + postponed.map(\.order))
        waiting = []
        postponed = []
        for attempt in tokens.keys.sorted() { stop(attempt, grace: grace) }
    }

    private func cancel(_ orders: [LaunchOrder]) {
        for order in orders { endBeforeStart(order, "the agent shut down before the attempt was started") }
    }

    private func close() {
        for command in queue.finish() { perform(command) }
        guardian.end()
        waitSet.close()
        record.close()
        logs.close()
        Glibc.close(null)
        // The last to tell something is the reader of accounts.
        _ = accounts.put(.finish(shutDown))
    }
}

/// What a supervisor is made of; may cross to its thread.
struct SupervisorParts: Sendable {
    var time: TimeSource
    var log: Logger
    var queue: CommandQueue<SupervisorCommand>
    /// Takes what running attempts tell, and the ends of those that ran.
    var accounts: CommandQueue<AccountReader.Command>
    var events: AsyncStream<AttemptEvent>.Continuation
    var maker: ProgramMaker
    var record: SeenRecord
    var logs: LogFiles
    /// Waits for the bell of `queue` already.
    var waitSet: WaitSet
    /// `/dev/null`, the standard input of all processes.
    var null: Int32
    /// Whether what attempts leave behind becomes this process's.
    var adoptsOrphans = false
}
