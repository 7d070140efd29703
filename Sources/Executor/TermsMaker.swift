import CProcess
import Domain
import Glibc
import Scheduling

/// Turns what a task asks of its processes into what the kernel is told, as far as the policy of this machine allows it.
///
/// Whatever cannot be had as it was asked for refuses the start: nothing runs as somebody else, elsewhere or without its limits.
struct TermsMaker {
    private let policy: AgentPolicy
    private let controlGroups: ControlGroups?
    private let own: uid_t

    /// - Parameters:
    ///   - configuration: How the agent runs attempts.
    ///   - own: Whom the agent runs as.
    init(_ configuration: RunnerConfiguration, own: uid_t = geteuid()) {
        self.own = own
        policy = configuration.policy
        controlGroups = configuration.usesControlGroups ? ControlGroups() : nil
    }

    /// The terms of a task's start; `nil` when it asks for nothing, and nothing is asked of it.
    func terms(for task: TaskSpecification) throws(StartFailure) -> StartTerms? {
        if let refusal = policy.refusal(ofKind: task.action.kind) { throw .refused(refusal) }
        let settings = task.process
        let account = try account(settings)
        if settings == ProcessSettings(), account == nil { return nil }
        var terms = StartTerms(account: account, settings: settings)
        do throws(StartFailure) {
            if let path = settings.workingDirectory { terms.directory = try directory(path) }
            terms.limits = try limits(settings.limits)
            terms.controlGroup = try group(settings.limits)
        } catch {
            terms.end()
            throw error
        }
        return terms
    }

    /// Whom the process becomes; `nil` when it stays what the agent is.
    private func account(_ settings: ProcessSettings) throws(StartFailure) -> Account? {
        let asked = settings.user ?? policy.defaultUser
        guard asked != nil || policy.users != nil || settings.group != nil || settings.groups != nil else {
            return nil
        }
        let name = asked ?? String(own)
        var user = ct_user()
        let reason = unsafe ct_user_find(name, &user)
        guard reason == 0 || asked == nil else {
            throw .refused(
                reason == ENOENT
                    ? "there is no user \(name) on this machine: create it, or correct process.user"
                    : "user \(name) cannot be looked up: \(ExecutorError.text(of: reason))"
            )
        }
        // A user without an entry has its number only.
        let found = reason == 0 ? Self.text(of: user.name) : name
        let number = reason == 0 ? user.user : own
        let names = [found, String(number)] + (number == 0 ? ["root"] : [])
        if let refusal = policy.refusal(ofUser: names, isAgent: number == own) { throw .refused(refusal) }
        guard number == own || own == 0 else {
            throw .refused("the agent cannot run anything as user \(found): it does not run as root itself")
        }
        let changesGroups = settings.group != nil || settings.groups != nil
        if number == own, !changesGroups { return nil }
        guard reason == 0 else {
            throw .refused(
                "user \(name), whom the agent runs as, has no entry on this machine: its groups are unknown"
            )
        }
        return try account(of: user, found, settings)
    }

    private func account(
        of user: ct_user,
        _ name: String,
        _ settings: ProcessSettings
    ) throws(StartFailure) -> Account {
        let all = Self.groups(of: name, user.group)
        let group = try settings.group.map { text throws(StartFailure) in
            try self.group(text, of: name, among: all)
        }
        var further = all
        if let texts = settings.groups {
            further = []
            for text in texts { further.append(try self.group(text, of: name, among: all)) }
        }
        return Account(
            name: name,
            user: user.user,
            group: group ?? user.group,
            groups: further,
            home: Self.text(of: user.home)
        )
    }

    private func group(_ text: String, of user: String, among all: [gid_t]) throws(StartFailure) -> gid_t {
        var group = gid_t.max
        let reason = unsafe ct_group_find(text, &group)
        guard reason == 0 else {
            throw .refused(
                reason == ENOENT
                    ? "there is no group \(text) on this machine: create it, or correct process.group or groups"
                    : "group \(text) cannot be looked up: \(ExecutorError.text(of: reason))"
            )
        }
        guard all.contains(group) else {
            throw .refused(
                "user \(user) is not a member of group \(text) on this machine: add it, or name another group"
            )
        }
        return group
    }

    /// The directory, opened; the policy is asked about where it really is.
    private func directory(_ path: String) throws(StartFailure) -> Int32 {
        let opened = unsafe ct_open_directory(path)
        guard opened >= 0 else {
            let reason = ExecutorError.text(of: errno)
            throw .refused("the working directory \(path) cannot be entered: \(reason)")
        }
        let refusal = policy.directories.flatMap { _ in
            policy.refusal(ofDirectory: Descriptor.path(of: opened) ?? path)
        }
        if let refusal {
            Glibc.close(opened)
            throw .refused(refusal)
        }
        return opened
    }

    private func group(_ limits: ProcessLimits) throws(StartFailure) -> ControlGroup? {
        guard limits.memory != nil || limits.cpuThousandths != nil || limits.processes != nil else {
            return nil
        }
        if limits.cpuThousandths != nil, controlGroups?.canLimit("cpu") != true {
            throw .refused(
                "process.limits.cpu needs control groups, which this agent cannot make: run it as root, or with Delegate=yes of systemd"
            )
        }
        do throws(ExecutorError) {
            return try controlGroups?.group(limits)
        } catch {
            throw .impossible(exitCode: nil, message: "the limits could not be set up: \(error)")
        }
    }

    /// The limits that each process has: also those of all together that no control group can be had for.
    private func limits(_ limits: ProcessLimits) throws(StartFailure) -> [ct_limit] {
        var all: [(resource: __rlimit_resource, value: Int)] = []
        if let memory = limits.memory?.bytes, controlGroups?.canLimit("memory") != true {
            all.append((RLIMIT_AS, memory))
        }
        if let processes = limits.processes, controlGroups?.canLimit("pids") != true {
            all.append((__RLIMIT_NPROC, processes))
        }
        if let time = limits.cpuTime { all.append((RLIMIT_CPU, Int((time.wholeMilliseconds + 999) / 1_000))) }
        if let files = limits.openFiles { all.append((RLIMIT_NOFILE, files)) }
        if let size = limits.fileSize?.bytes { all.append((RLIMIT_FSIZE, size)) }
        if let size = limits.core?.bytes { all.append((RLIMIT_CORE, size)) }
        return all.map { ct_limit(resource: Int32($0.resource.rawValue), value: UInt64($0.value)) }
    }

    /// The groups of a user by the machine's databases, its own among them.
    private static func groups(of name: String, _ own: gid_t) -> [gid_t] {
        var groups = [gid_t](repeating: 0, count: 64)
        var count = unsafe Int(ct_user_groups(name, own, &groups, Int32(groups.count)))
        if count > groups.count {
            groups = [gid_t](repeating: 0, count: count)
            count = unsafe Int(ct_user_groups(name, own, &groups, Int32(groups.count)))
        }
        return Array(groups.prefix(count))
    }

    private static func text<Characters>(of characters: Characters) -> String {
        let bytes = unsafe withUnsafeBytes(of: characters) { unsafe Array($0) }
        return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
