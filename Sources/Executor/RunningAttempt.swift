import CProcess
import Domain
import Glibc
import Scheduling

/// A process the supervisor watches.
///
/// All times are the boot-time clock's, in nanoseconds.
///
/// `running → ended` when nobody asked for a stop, and `running → stopping → (lingering) → ended` otherwise: while the
/// group lingers, its leader is a zombie and therefore its number is nobody else's.
struct RunningAttempt {
    let attempt: AttemptID
    let process: Program.Started
    let startedAt: Instant
    let script: String?
    /// What belongs to it outside its group.
    let tree: ProcessTree
    /// The limits that its processes have together.
    var controlGroup: ControlGroup?
    /// The grace after which it is killed when its life is over; `nil` when that is not bounded.
    let guardGrace: Duration?
    /// When the group is killed; `nil` while nobody has asked for a stop.
    private(set) var killAt: Int64?
    private(set) var isKilled = false
    /// The leader has ended, others of its group may live.
    var isLingering = false

    init(
        _ attempt: AttemptID,
        _ process: Program.Started,
        startedAt: Instant,
        script: String?,
        tree: ProcessTree,
        controlGroup: ControlGroup? = nil,
        guardGrace: Duration? = nil
    ) {
        self.attempt = attempt
        self.process = process
        self.startedAt = startedAt
        self.script = script
        self.tree = tree
        self.controlGroup = controlGroup
        self.guardGrace = guardGrace
    }

    /// Whether somebody asked for a stop.
    var isStopping: Bool { killAt != nil }

    /// When something must be done about it; `nil` when only its end matters.
    var deadline: Int64? { isKilled ? nil : killAt }

    /// Asks the group to end, and plans its kill; a second call can only bring the kill forward.
    mutating func stop(killAt limit: Int64, now: Int64) {
        if killAt == nil, limit > now {
            signal(SIGTERM)
            signal(SIGCONT)
            tree.signal(SIGTERM)
        }
        killAt = min(limit, killAt ?? limit)
        killIfDue(now)
    }

    /// Kills the group if its time has come.
    mutating func killIfDue(_ now: Int64) {
        guard let killAt, killAt <= now, !isKilled else { return }
        isKilled = true
        signal(SIGKILL)
        tree.kill()
    }

    /// Kills what is left of the group, then gives the leader's number back and says how it ended.
    ///
    /// The rest of its tree is killed before, while no session can have the leader's number. `nil` when somebody else in this process has waited for it, which nobody may.
    func reap() -> ct_end? {
        signal(SIGKILL)
        var end = ct_end()
        let isKnown = unsafe ct_end_of(process.descriptor, 1, &end) == 0
        close(process.descriptor)
        return isKnown ? end : nil
    }

    /// Signals the group.
    ///
    /// The leader is not reaped before `reap`, so the number is still the group's.
    func signal(_ number: Int32) { _ = kill(-process.pid, number) }
}
