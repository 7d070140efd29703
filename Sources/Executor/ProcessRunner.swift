public import Agent
import CProcess
public import Cluster
public import Domain
import Foundation
import Glibc
public import Logging
import Scheduling

/// Runs attempts as processes of this machine.
///
/// Every process leads a session of its own, has an empty standard input, writes directly into its log files and inherits
/// nothing else. When the process ends, what is left of its tree is killed, wherever that put itself (see `ProcessTree`). While
/// an attempt is being stopped the others of its tree keep the whole grace, also when the leader has ended before them. Log
/// files have no size limit.
///
/// One thread (see `Supervisor`) does everything, for a child process costs a system call that suspends its thread, and
/// such calls do not belong on the threads of Swift's tasks; another one (see `AccountReader`) reads what the attempts tell of
/// themselves. Whoever makes a runner must shut it down.
public final class ProcessRunner: AttemptRunner {
    /// What happened, in order, for one consumer; unbounded, finishes after the shutdown.
    public let events: AsyncStream<AttemptEvent>
    /// Where the attempts' output goes.
    public let logFiles: LogFiles
    private let queue: CommandQueue<SupervisorCommand>

    /// Opens the record of attempts and starts the thread.
    ///
    /// - Throws: `ExecutorError` or a file error when the data directory cannot be used.
    public init(_ configuration: RunnerConfiguration, time: TimeSource, log: Logger) throws {
        _ = ct_reserve_standard_descriptors()
        let (events, continuation) = AsyncStream.makeStream(
            of: AttemptEvent.self,
            bufferingPolicy: .unbounded
        )
        let directory = configuration.dataDirectory
        self.events = events
        logFiles = LogFiles(dataDirectory: directory)
        queue = try CommandQueue()
        let waitSet = try WaitSet()
        try waitSet.add(queue.bell, token: Supervisor.bellToken)
        let results = ResultFiles(dataDirectory: directory)
        let reader = AccountReader.Parts(
            time: time,
            log: log,
            queue: try CommandQueue(),
            events: continuation,
            results: results,
            waitSet: try WaitSet()
        )
        try reader.waitSet.add(reader.queue.bell, token: 0)
        let parts = SupervisorParts(
            time: time,
            log: log,
            queue: queue,
            accounts: reader.queue,
            events: continuation,
            maker: try ProgramMaker(configuration, results: results),
            record: try SeenRecord(directory: directory + "/seen", now: time.now),
            logs: logFiles,
            waitSet: waitSet,
            null: try Descriptor.open("/dev/null", O_RDWR),
            adoptsOrphans: configuration.adoptsOrphans
        )
        Self.startThread("accounts") { AccountReader(reader).run() }
        Self.startThread("attempts") { Supervisor(parts).run() }
    }

    /// Hands the attempts over and returns; what becomes of each is told in `events`.
    ///
    /// After the shutdown nothing is told any more.
    public func start(_ orders: [LaunchOrder]) async { _ = queue.put(.start(orders)) }

    /// Asks the attempt's group to end, and kills it after `grace`; an attempt that waits for its start is taken back.
    public func stop(_ attempt: AttemptID, grace: Duration) async {
        _ = queue.put(.stop(attempt, grace: grace))
    }

    /// Lets attempts whose lives are bounded live until these moments.
    public func prolong(_ lives: [AttemptID: MonotonicInstant]) async { _ = queue.put(.prolong(lives)) }

    /// The attempts whose processes run now, sorted.
    public func running() async -> [AttemptID] {
        await withCheckedContinuation { continuation in
            if !queue.put(.running(continuation)) { continuation.resume(returning: []) }
        }
    }

    /// Stops all attempts, kills them after `grace`, and returns when they have ended; nothing is started any more.
    public func shutDown(grace: Duration) async {
        await withCheckedContinuation { continuation in
            if !queue.put(.shutDown(grace: grace, continuation)) { continuation.resume() }
        }
    }

    private static func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread(block: body)
        thread.name = name
        thread.start()
    }
}
