import CProcess
import Domain
import Glibc
import Logging

/// What attempts leave behind.
extension Supervisor {
    /// How often dead orphans are looked for while some live.
    private static let orphanInterval: Int64 = 200_000_000
    /// And while none is known: what a probe or a crash left may have become ours.
    private static let idleInterval: Int64 = 30_000_000_000

    /// Whether something of an attempt may live outside its first process's group, now that this process is a zombie.
    ///
    /// When orphans become ours that is a look at our children; else nobody knows before all processes were looked at.
    func mayHaveLeft(_ attempt: RunningAttempt) -> Bool {
        if attempt.tree.members >= 0 || !adoptsOrphans { return true }
        return lookForOrphans(sparing: attempt.process.pid) != 0
    }

    /// Reaps the orphans that have ended; returns how many live, -1 when nobody knows.
    @discardableResult
    func lookForOrphans(sparing leader: pid_t? = nil) -> Int32 {
        guard adoptsOrphans else { return 0 }
        let known = running.values.map(\.process.pid) + [leader].compactMap(\.self)
        let living = unsafe ct_reap_orphans(known, Int32(known.count))
        orphansAt = ct_boottime() + (living == 0 ? Self.idleInterval : Self.orphanInterval)
        return living
    }

    /// Reaps what has ended since, and removes the control groups that are empty by now.
    func tidy() {
        if adoptsOrphans, orphansAt <= ct_boottime() { lookForOrphans() }
        if !leftGroups.isEmpty { leftGroups = leftGroups.filter { !ControlGroup.remove($0) } }
    }

    /// When there is something to tidy up next, on the boot-time clock; `nil` for never.
    var tidyAt: Int64? {
        let groups = leftGroups.isEmpty ? nil : ct_boottime() + Self.orphanInterval
        return [adoptsOrphans ? orphansAt : nil, groups].compactMap(\.self).min()
    }

    /// Says what the attempt used, and which limit ended it.
    func tell(of entry: RunningAttempt, _ end: ct_end, in result: inout AttemptResult) {
        let group = entry.controlGroup
        let time = group?.processorTime
        result.usage = AttemptUsage(
            userMilliseconds: (time?.user ?? Int(end.user_time)) / 1_000,
            systemMilliseconds: (time?.system ?? Int(end.system_time)) / 1_000,
            memoryPeak: ByteSize(group?.memoryPeak ?? Int(end.memory_peak)),
            read: ByteSize(Int(end.bytes_read)),
            written: ByteSize(Int(end.bytes_written))
        )
        let kills = group?.memoryKills ?? 0
        if kills > 0 {
            // A program that lost a helper and went on has succeeded all the same.
            if result.outcome == .failed { result.cause = .outOfMemory }
            result.message =
                "its processes needed more memory than process.limits.memory allows: the kernel killed \(kills) of them"
        } else if result.outcome == .failed, end.signal == SIGXCPU {
            result.message = "it used more processor time than process.limits.cpuTime allows"
        } else if result.outcome == .failed, end.signal == SIGXFSZ {
            result.message = "it wrote a larger file than process.limits.fileSize allows"
        } else if result.outcome == .failed, end.signal == SIGKILL {
            result.message =
                "it was killed by SIGKILL, which CloudTask did not send: by somebody on the machine, or by the kernel for want of memory"
        }
    }
}
