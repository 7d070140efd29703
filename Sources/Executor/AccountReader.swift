import Agent
import CProcess
import Cluster
import Domain
import Glibc
import Logging
import Scheduling

/// Reads what running attempts write to their standard output and leave as results, on a thread that does nothing else.
///
/// Attempts write into their log files directly; this follows the files. So nothing an attempt writes ever waits for the agent, and an agent
/// that is killed takes nothing away. Every attempt's file is looked at four times a second; one that grows faster than it is read
/// gets a piece in turn with the others. An attempt's end is told when everything it wrote by then has been read.
final class AccountReader {
    /// What it is asked to do.
    enum Command: Sendable {
        /// Follow an attempt that has started.
        case watch(AttemptID, log: String)
        /// Read the rest, tell what the attempt told and that it has ended.
        case end(AttemptResult)
        /// Tell what is left, then that nothing follows.
        case finish(CheckedContinuation<Void, Never>?)
    }

    /// What a reader is made of; may cross to its thread.
    struct Parts: Sendable {
        var time: TimeSource
        var log: Logger
        var queue: CommandQueue<Command>
        var events: AsyncStream<AttemptEvent>.Continuation
        var results: ResultFiles
        /// Waits for the bell of `queue` already.
        var waitSet: WaitSet
    }

    private let parts: Parts
    private var waitSet: WaitSet
    private var followed: [AttemptID: FollowedOutput] = [:]
    /// Those that are not to wait for the next look, because they have ended or there is more to read.
    private var urgent: Set<AttemptID> = []
    private var piece = [UInt8](repeating: 0, count: AccountReader.pieceBytes)
    private var nextLook: Int64 = 0
    private var isFinishing = false
    private var finished: CheckedContinuation<Void, Never>?

    /// How often the files are looked at, in nanoseconds: people see progress within a second.
    private static let interval: Int64 = 250_000_000
    /// What is read of a file before the next one has its turn.
    private static let pieceBytes = 256 * 1_024

    init(_ parts: Parts) {
        self.parts = parts
        waitSet = parts.waitSet
    }

    /// Works until it was told to finish and everything is told.
    func run() {
        while true {
            for command in parts.queue.take() { perform(command) }
            let hasMore = readAll()
            if isFinishing, followed.isEmpty { break }
            // The only token is the bell's.
            if !waitSet.wait(milliseconds: hasMore ? 0 : patience).isEmpty {
                _ = ct_bell_silence(parts.queue.bell)
            }
        }
        _ = parts.queue.finish()
        waitSet.close()
        parts.events.finish()
        finished?.resume()
    }

    private func perform(_ command: Command) {
        switch command {
        case .watch(let attempt, let log): followed[attempt] = FollowedOutput(path: log)
        case .end(let result):
            guard followed[result.attempt] != nil else {
                parts.events.yield(.ended(result))
                return
            }
            followed[result.attempt]?.end(result)
            urgent.insert(result.attempt)
        case .finish(let continuation):
            isFinishing = true
            finished = continuation
        }
    }

    /// How long the thread may sleep, in milliseconds, rounded up.
    private var patience: Int32 {
        if followed.isEmpty { return -1 }
        return Int32(clamping: max(0, nextLook - ct_boottime() + 999_999) / 1_000_000)
    }

    /// Reads a piece of every file that has one; whether there is more.
    private func readAll() -> Bool {
        let now = ct_boottime()
        let isTime = now >= nextLook
        if isTime { nextLook = now + Self.interval }
        let chosen = isTime ? followed.keys.sorted() : urgent.sorted()
        urgent = []
        for attempt in chosen {
            guard let output = followed[attempt] else { continue }
            output.read(into: &piece)
            if isTime, output.result == nil, let progress = output.takeProgress(parts.time.now) {
                parts.events.yield(.progress(attempt, progress))
            }
            if isTime, output.result == nil, let status = output.takeStatus(parts.time.now) {
                parts.events.yield(.status(attempt, status))
            }
            if isTime, output.result == nil, let outputs = output.takeOutputs(parts.time.now) {
                parts.events.yield(.outputs(attempt, outputs))
            }
            if output.hasMore {
                urgent.insert(attempt)
            } else if let result = output.result {
                followed[attempt] = nil
                conclude(output, result)
            }
        }
        return !urgent.isEmpty
    }

    private func conclude(_ output: FollowedOutput, _ result: AttemptResult) {
        output.close()
        let left = Result { () throws(ResultFiles.Refusal) in try parts.results.values(of: result.attempt) }
        let account = output.account(result: left, parts.time.now)
        parts.results.remove(of: result.attempt)
        if !account.isEmpty { parts.events.yield(.told(result.attempt, account)) }
        parts.events.yield(.ended(result))
    }
}
