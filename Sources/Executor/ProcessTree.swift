import CProcess
import Glibc

/// The processes of an attempt outside its first process's group: what put itself into another session or group.
///
/// They are known by their session, by the control group that the attempt has when it is limited, by a variable of their environment that no
/// other attempt has, and by whom they descend from. Without a control group a process that clears its environment and leaves its session
/// before its parent ends is not found. Whoever is signalled is looked at again behind a descriptor that is that process's alone, so that a
/// number that has become another's is not.
struct ProcessTree {
    /// The first process, whose group is not signalled here.
    let leader: pid_t
    /// A variable of all of them, `NAME=VALUE`.
    let mark: String
    /// The process whose children orphans become; 0 when that may be any.
    let reaper: pid_t
    /// Descriptor of the `cgroup.procs` of the attempt's control group; -1 for none.
    let members: Int32

    /// Most processes of a machine that are looked at: its table takes no memory before it is filled.
    private static let processesMax = 65_536

    /// Whether some of them live.
    var lives: Bool { unsafe find { _, count in count > 0 } }

    /// Sends a signal to each of them.
    func signal(_ number: Int32) {
        unsafe find { table, count in
            if count > 0 { unsafe ct_tree_signal(table.baseAddress, count, number) }
        }
    }

    /// Kills all of them; returns how many resisted for longer than this waits.
    @discardableResult
    func kill() -> Int {
        unsafe withTree { tree, table in
            Int(max(0, unsafe ct_tree_kill(tree, table.baseAddress, Int32(table.count))))
        }
    }

    private func find<Result>(
        _ body: (UnsafeMutableBufferPointer<ct_process>, Int32) -> Result
    ) -> Result {
        unsafe withTree { tree, table in
            let count = unsafe ct_tree_find(tree, table.baseAddress, Int32(table.count))
            return unsafe body(table, count)
        }
    }

    private func withTree<Result>(
        _ body: (UnsafePointer<ct_tree>, UnsafeMutableBufferPointer<ct_process>) -> Result
    ) -> Result {
        unsafe mark.withCString { mark in
            var tree = unsafe ct_tree(leader: leader, mark: mark, reaper: reaper, procs: members)
            return unsafe withUnsafeTemporaryAllocation(of: ct_process.self, capacity: Self.processesMax) {
                table in unsafe body(&tree, table)
            }
        }
    }
}
