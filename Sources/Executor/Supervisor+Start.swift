import Agent
import CProcess
import Cluster
import Domain
import Glibc
import Logging
import Scheduling

extension Supervisor {
    /// Records the new ones among the orders, with one write to the disk, and lines them up.
    func accept(_ orders: [LaunchOrder]) {
        let fresh = unseen(orders)
        if fresh.isEmpty { return }
        do {
            try record.insert(fresh.map(\.fire.attempt), now: time.now)
            waiting.append(contentsOf: fresh)
        } catch {
            log.error(
                "Attempts could not be recorded; they are not started",
                metadata: ["error": "\(error)", "attempts": "\(fresh.count)"]
            )
            for order in fresh {
                end(order, .notStarted, message: "the attempt could not be recorded: \(error)")
            }
        }
    }

    /// Starts one attempt, if its lease has not ended.
    func launch(_ order: LaunchOrder, tries: Int = 1) {
        do throws(StartFailure) {
            try start(order)
        } catch {
            switch error {
            case .tooLate:
                let reason = "the agent's lease ended before the attempt could be started"
                events.yield(.refused(order.fire.attempt, reason: reason))
            case .busy(let message):
                if let next = PostponedStart.next(order, tries: tries, now: ct_boottime()) {
                    postponed.append(next)
                } else {
                    end(order, .notStarted, message: "\(message), also at the \(tries)th try")
                }
            case .impossible(let exitCode, let message):
                end(order, .notStarted, exitCode: exitCode, message: message)
            }
        }
    }

    /// Ends an order that was taken back before it was started.
    func endBeforeStart(_ order: LaunchOrder, _ message: String) { end(order, .stopped, message: message) }

    /// Refuses the orders that were seen before, also in this very batch; returns the others.
    private func unseen(_ orders: [LaunchOrder]) -> [LaunchOrder] {
        var batch: Set<AttemptID> = []
        return orders.filter { order in
            let attempt = order.fire.attempt
            if !record.contains(attempt), batch.insert(attempt).inserted { return true }
            events.yield(.refused(attempt, reason: "the attempt was started here before"))
            return false
        }
    }

    private func start(_ order: LaunchOrder) throws(StartFailure) {
        let deadline = bootDeadline(order.notAfter)
        guard ct_boottime() <= deadline else { throw .tooLate }
        let inputs = order.fire.terms?.inputs ?? TaskOutputs()
        if let complaint = order.specification.complaint(aboutOutputs: inputs) {
            throw .impossible(exitCode: 126, message: complaint)
        }
        var (program, script) = try maker.program(for: order)
        defer { program.terms?.close() }
        do throws(StartFailure) {
            let process = try start(program, order, deadline: deadline)
            let task = order.specification
            let attempt = RunningAttempt(
                order.fire.attempt,
                process,
                startedAt: time.now,
                script: script,
                tree: ProcessTree(
                    leader: process.pid,
                    mark: program.mark,
                    reaper: adoptsOrphans ? getpid() : 0,
                    members: program.terms?.controlGroup?.members ?? -1
                ),
                controlGroup: program.terms?.controlGroup,
                guardGrace: task.endsWithLease ? task.killGrace : nil
            )
            try guardLife(of: attempt, until: deadline)
            try watch(attempt)
            let log = logs.path(of: order.fire.attempt, due: order.fire.due)
            _ = accounts.put(.watch(order.fire.attempt, log: log))
        } catch {
            maker.remove(script)
            program.terms?.end()
            throw error
        }
    }

    private func start(
        _ program: Program,
        _ order: LaunchOrder,
        deadline: Int64
    ) throws(StartFailure) -> Program.Started {
        let fire = order.fire
        let files = try translated { () throws(ExecutorError) in
            try logs.open(fire.attempt, due: fire.due)
        }
        defer {
            Glibc.close(files.output)
            Glibc.close(files.error)
        }
        return try program.start(
            input: null,
            output: files.output,
            error: files.error,
            deadline: deadline,
            endsWithParent: order.specification.endsWithLease
        )
    }

    private func guardLife(of attempt: RunningAttempt, until deadline: Int64) throws(StartFailure) {
        guard let grace = attempt.guardGrace else { return }
        do {
            try guardian.watch(attempt.process.pid, attempt.tree.mark, until: deadline, grace: grace)
        } catch {
            guardian.forget(attempt.process.pid)
            _ = attempt.reap()
            throw .impossible(
                exitCode: nil,
                message: "the process was killed, it could not be guarded: \(error)"
            )
        }
    }

    private func watch(_ attempt: RunningAttempt) throws(StartFailure) {
        let token = nextToken()
        do {
            try waitSet.add(attempt.process.descriptor, token: token)
        } catch {
            guardian.forget(attempt.process.pid)
            _ = attempt.reap()
            throw .impossible(
                exitCode: nil,
                message: "the process was killed, it could not be watched: \(error)"
            )
        }
        running[token] = attempt
        tokens[attempt.attempt] = token
        events.yield(.started(attempt.attempt, at: attempt.startedAt))
    }

    /// The same moment on the kernel's boot-time clock, which the new process reads.
    ///
    /// That clock is read first: whatever passes between the two readings makes the deadline earlier, never later.
    func bootDeadline(_ notAfter: MonotonicInstant) -> Int64 {
        let now = ct_boottime()
        let remaining = (notAfter - time.monotonic).components
        let (seconds, overflows) = remaining.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflows { return remaining.seconds < 0 ? .min : .max }
        let (deadline, exceeds) = now.addingReportingOverflow(seconds)
        if exceeds { return .max }
        return deadline + remaining.attoseconds / 1_000_000_000
    }

    private func translated<Value>(
        _ body: () throws(ExecutorError) -> Value
    ) throws(StartFailure) -> Value {
        do {
            return try body()
        } catch {
            throw error.isMomentary
                ? .busy(message: "\(error)") : .impossible(exitCode: nil, message: "\(error)")
        }
    }

    private func end(
        _ order: LaunchOrder,
        _ outcome: AttemptOutcome,
        exitCode: Int32? = nil,
        message: String
    ) {
        let result = AttemptResult(
            attempt: order.fire.attempt,
            outcome: outcome,
            exitCode: exitCode,
            endedAt: time.now,
            message: message
        )
        events.yield(.ended(result))
    }
}
