import Agent
import CProcess
import Cluster
import Domain
import Glibc
import Logging
import Scheduling

extension Supervisor {
    /// Stops an attempt, also one that still waits for its start; ignores unknown ones.
    func stop(_ attempt: AttemptID, grace: Duration) {
        if let index = waiting.firstIndex(where: { $0.fire.attempt == attempt }) {
            endBeforeStart(waiting.remove(at: index), "stopped before it was started")
        } else if let order = takePostponed(attempt) {
            endBeforeStart(order, "stopped before it was started")
        } else if let token = tokens[attempt], var entry = running[token] {
            let now = ct_boottime()
            let delay = Int64(clamping: grace.wholeMilliseconds).multipliedReportingOverflow(by: 1_000_000)
            let limit = now.addingReportingOverflow(delay.overflow ? .max : delay.partialValue)
            if !entry.isStopping { stopping.append(token) }
            entry.stop(killAt: limit.overflow ? .max : limit.partialValue, now: now)
            running[token] = entry
        }
    }

    /// Somebody has killed the guardian: another one takes its place, or what it guarded is stopped.
    func guardianDied() {
        do {
            try guardian.died()
        } catch {
            log.error("The guardian of attempts cannot be replaced", metadata: ["error": "\(error)"])
            for entry in running.values {
                if let grace = entry.guardGrace { stop(entry.attempt, grace: grace) }
            }
        }
    }

    /// Lets attempts whose lives are bounded live on.
    func prolong(_ lives: [AttemptID: MonotonicInstant]) {
        for (attempt, life) in lives {
            if let index = waiting.firstIndex(where: { $0.fire.attempt == attempt }) {
                waiting[index].notAfter = max(waiting[index].notAfter, life)
            }
            if let index = postponed.firstIndex(where: { $0.order.fire.attempt == attempt }) {
                postponed[index].order.notAfter = max(postponed[index].order.notAfter, life)
            }
            guard let token = tokens[attempt], let entry = running[token], let grace = entry.guardGrace else {
                continue
            }
            do {
                try guardian.watch(
                    entry.process.pid,
                    entry.tree.mark,
                    until: bootDeadline(life),
                    grace: grace
                )
            } catch {
                // Whoever guards it knows the earlier moment, or is gone: nobody may let it live beyond that.
                log.error(
                    "An attempt whose runs must not overlap cannot be guarded; it is stopped",
                    metadata: ["attempt.id": "\(attempt)", "error": "\(error)"]
                )
                stop(attempt, grace: grace)
            }
        }
    }

    /// The leader of a group has ended: so has the attempt, unless its group may still take time to stop.
    func leaderEnded(_ token: UInt64) {
        guard var entry = running[token] else { return }
        if entry.isStopping, !entry.isKilled {
            waitSet.remove(entry.process.descriptor)
            entry.isLingering = true
            running[token] = entry
        } else {
            end(token, entry)
        }
    }

    /// Kills groups whose grace is over, and ends attempts whose group is empty.
    func endLingering() {
        if stopping.isEmpty { return }
        let now = ct_boottime()
        for token in stopping { running[token]?.killIfDue(now) }
        let lingering = stopping.compactMap { token in
            running[token].flatMap { $0.isLingering ? (token, $0) : nil }
        }
        let alive = livingGroups(lingering.filter { !$0.1.isKilled }.map { $0.1.process.pid })
        for (token, entry) in lingering
        where entry.isKilled || !(alive.contains(entry.process.pid) || entry.tree.lives) {
            end(token, entry)
        }
    }

    private func livingGroups(_ groups: [pid_t]) -> Set<pid_t> {
        if groups.isEmpty { return [] }
        let sorted = groups.sorted()
        var alive = [UInt8](repeating: 0, count: sorted.count)
        // Without /proc nothing seems to live: the groups are killed with the end of their leaders.
        _ = unsafe ct_groups_alive(sorted, Int32(sorted.count), &alive)
        return Set(zip(sorted, alive).filter { $0.1 != 0 }.map(\.0))
    }

    private func end(_ token: UInt64, _ entry: RunningAttempt) {
        running[token] = nil
        tokens[entry.attempt] = nil
        if entry.isStopping { stopping.removeAll { $0 == token } }
        if entry.guardGrace != nil { guardian.forget(entry.process.pid) }
        entry.signal(SIGKILL)
        if mayHaveLeft(entry), entry.tree.kill() > 0 {
            log.error(
                "Processes of an attempt could not be killed",
                metadata: ["attempt.id": "\(entry.attempt)"]
            )
        }
        let end = entry.reap()
        lookForOrphans()
        maker.remove(entry.script)
        let result = result(of: entry, end)
        var group = entry.controlGroup
        leftGroups += group?.end() ?? []
        _ = accounts.put(.end(result))
    }

    private func result(of entry: RunningAttempt, _ end: ct_end?) -> AttemptResult {
        var result = AttemptResult(
            attempt: entry.attempt,
            outcome: .lost,
            startedAt: entry.startedAt,
            endedAt: time.now
        )
        guard let end else {
            result.message = "the process ended, but the system did not say how"
            return result
        }
        result.outcome = entry.isStopping ? .stopped : end.exit_code == 0 ? .succeeded : .failed
        result.exitCode = end.exit_code >= 0 ? end.exit_code : nil
        result.signal = end.signal != 0 ? end.signal : nil
        tell(of: entry, end, in: &result)
        return result
    }
}
