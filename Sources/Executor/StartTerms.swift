import CProcess
import Domain
import Glibc

/// A user that a process becomes.
struct Account: Hashable {
    var name: String
    var user: uid_t
    var group: gid_t
    var groups: [gid_t]
    var home: String
}

/// On which terms one program is started; holds descriptors until `close`.
struct StartTerms {
    /// The working directory, opened; -1 for the agent's.
    var directory: Int32 = -1
    /// Whom the process becomes; `nil` for nobody else.
    var account: Account?
    var settings = ProcessSettings()
    /// The limits that each process has.
    var limits: [ct_limit] = []
    /// The limits that all of them have together.
    var controlGroup: ControlGroup?

    /// Whether the process may not use what belongs to the agent.
    var isOther: Bool { account.map { $0.user != geteuid() } ?? false }

    /// Closes the working directory.
    mutating func close() {
        if directory >= 0 { Glibc.close(directory) }
        directory = -1
    }

    /// Ends everything of a start that failed.
    mutating func end() {
        close()
        controlGroup?.end()
        controlGroup = nil
    }

    /// The form that the child reads.
    func withTerms<Result>(_ body: (UnsafePointer<ct_terms>) -> Result) -> Result {
        let groups = account?.groups ?? []
        let joined = controlGroup?.joined ?? []
        return unsafe groups.withUnsafeBufferPointer { groups in
            unsafe limits.withUnsafeBufferPointer { limits in
                unsafe joined.withUnsafeBufferPointer { joined in
                    var terms = unsafe ct_terms(
                        directory: directory,
                        mask: settings.umask.map { Int32($0) } ?? -1,
                        becomes_user: account == nil ? 0 : 1,
                        user: account?.user ?? 0,
                        group: account?.group ?? 0,
                        groups: groups.baseAddress,
                        groups_count: Int32(groups.count),
                        has_nice: settings.nice == nil ? 0 : 1,
                        nice: Int32(settings.nice ?? 0),
                        io_priority: settings.io?.priority ?? -1,
                        limits: limits.baseAddress,
                        limits_count: Int32(limits.count),
                        joined: joined.baseAddress,
                        joined_count: Int32(joined.count)
                    )
                    return unsafe body(&terms)
                }
            }
        }
    }
}

extension InputOutputClass {
    /// The kernel's number: the class above the level.
    fileprivate var priority: Int32 {
        let (bestEffort, idle): (Int32, Int32) = (2, 3)
        return switch self {
        case .idle: idle << 13
        case .low: bestEffort << 13 | 7
        case .high: bestEffort << 13
        }
    }
}
