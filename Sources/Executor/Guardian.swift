import CProcess
import Domain
import Glibc
import Scheduling

/// Ends process groups in time although this process may have been killed, or stands still, by then.
///
/// Runs of some tasks must not overlap. Such an attempt may live as long as the agent's lease lasts, and no agent that was stopped could end
/// it: a process of its own does, which is started with the first such attempt, and again when somebody has killed it. Used by the
/// supervisor's thread only.
struct Guardian {
    private let waitSet: WaitSet
    private let token: UInt64
    private var process = ct_guardian(pid: -1, channel: -1)
    private var guards: [pid_t: ct_guard] = [:]

    /// A guardian that is not needed yet; when it dies, `token` becomes ready in `waitSet`.
    init(waitSet: WaitSet, token: UInt64) {
        self.waitSet = waitSet
        self.token = token
    }

    /// Lets a group live until a moment of the boot-time clock, in nanoseconds; then it is stopped, and killed after `grace`.
    ///
    /// - Parameters:
    ///   - group: The group, by its leader.
    ///   - mark: The variable by which the others of its tree are known.
    ///   - until: How long it may live.
    ///   - grace: How long it may take to end then.
    /// - Throws: `ExecutorError` when no guardian can be started.
    mutating func watch(
        _ group: pid_t,
        _ mark: String,
        until: Int64,
        grace: Duration
    ) throws(ExecutorError) {
        let limit = Int64(clamping: grace.wholeMilliseconds).multipliedReportingOverflow(by: 1_000_000)
        var guardOfGroup = ct_guard()
        guardOfGroup.group = group
        guardOfGroup.until = max(until, 1)
        guardOfGroup.grace = limit.overflow ? .max : limit.partialValue
        unsafe withUnsafeMutableBytes(of: &guardOfGroup.mark) { room in
            let bytes = Array(mark.utf8)
            // Cut, it would be another's.
            if bytes.count < room.count { unsafe room.copyBytes(from: bytes) }
        }
        guards[group] = guardOfGroup
        try tell(guardOfGroup)
    }

    /// Forgets a group; to be called before its leader is reaped, since its number may be another's afterwards.
    mutating func forget(_ group: pid_t) {
        guard guards.removeValue(forKey: group) != nil else { return }
        // A guardian that is gone guards nothing.
        var nothing = ct_guard()
        nothing.group = group
        if process.channel >= 0 { _ = unsafe ct_guardian_tell(process.channel, &nothing) }
    }

    /// Starts another guardian if there is something to guard: this one is gone.
    mutating func died() throws(ExecutorError) {
        if guards.isEmpty { end() } else { try restart() }
    }

    /// Ends the guardian; what it guards is left as it is.
    mutating func end() {
        guard process.channel >= 0 else { return }
        waitSet.remove(process.channel)
        ct_guardian_end(process)
        process.channel = -1
    }

    private mutating func tell(_ message: ct_guard) throws(ExecutorError) {
        var message = message
        if process.channel >= 0, unsafe ct_guardian_tell(process.channel, &message) == 0 { return }
        try restart()
    }

    /// Starts a guardian that knows all groups.
    private mutating func restart() throws(ExecutorError) {
        end()
        process = ct_guardian_start()
        guard process.channel >= 0 else {
            throw ExecutorError("start", "the guardian of attempts", code: errno)
        }
        try waitSet.add(process.channel, token: token)
        for (group, _) in guards.sorted(by: { $0.key < $1.key }) {
            guard var message = guards[group] else { continue }
            guard unsafe ct_guardian_tell(process.channel, &message) == 0 else {
                throw ExecutorError("reach", "the guardian of attempts", code: errno)
            }
        }
    }
}
