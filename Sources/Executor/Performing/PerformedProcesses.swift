import CProcess
import Glibc

/// The processes of a performer besides itself: what it has started, and what these have, wherever they put themselves.
///
/// The performer and what it starts are one group, so that the agent can kill them in one call. To end some of them the performer signals each:
/// between looking and signalling, which takes no longer than a few microseconds, no number comes to another process.
struct PerformedProcesses {
    /// Those that have left the group.
    private let tree: ProcessTree

    /// - Parameter environment: The performer's, by which whatever has left its session is known.
    init(environment: [String: String]) {
        let variable = AttemptEnvironment.resultVariable
        let mark = "\(variable)=\(environment[variable] ?? "")"
        tree = ProcessTree(leader: getpid(), mark: mark, reaper: 0, members: -1)
    }

    /// Those that live now.
    func living() -> Set<pid_t> {
        var members = [pid_t](repeating: 0, count: Self.countMax)
        let count = unsafe ct_group_members(getpgrp(), &members, Int32(Self.countMax))
        return Set(members.prefix(Int(max(0, count)))).union(tree.numbers).subtracting([getpid()])
    }

    /// Signals those that live now and are not spared.
    func signal(_ number: Int32, sparing spared: Set<pid_t>) {
        for member in living().subtracting(spared).sorted() { _ = kill(member, number) }
    }

    /// More at a time are signalled when the first ones are gone.
    private static let countMax = 4_096
}
