import CProcess
import Glibc

/// The processes of a performer's group besides itself: what it has started, and what these have.
///
/// The performer and all of them are one group, so that the agent can kill them in one call. To end some of them the performer signals each:
/// between looking and signalling, which takes no longer than a few microseconds, no number comes to another process.
enum GroupMembers {
    /// Those that live now.
    static func living() -> Set<pid_t> {
        var members = [pid_t](repeating: 0, count: countMax)
        let count = unsafe ct_group_members(getpgrp(), &members, Int32(countMax))
        return Set(members.prefix(Int(max(0, count)))).subtracting([getpid()])
    }

    /// Signals those that live now and are not spared.
    static func signal(_ number: Int32, sparing spared: Set<pid_t>) {
        for member in living().subtracting(spared).sorted() { _ = kill(member, number) }
    }

    /// More at a time are signalled when the first ones are gone.
    private static let countMax = 4_096
}
