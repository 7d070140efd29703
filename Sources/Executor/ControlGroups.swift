import CProcess
import Domain
import Foundation
import Glibc

/// Makes control groups for attempts that are limited, below the one of this process.
///
/// The second version is used where the machine gives its controllers to this process (with systemd: `Delegate=yes`), else the first.
struct ControlGroups {
    private let layout: ControlGroupLayout
    private let isUnified: Bool

    /// What the names of all our groups begin with.
    private static let prefix = "cloudtask-"
    private static let controllers = ["cpu", "memory", "pids"]

    /// Finds out what there is, and removes what predecessors left.
    init() {
        let read = { (path: String) in (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
        layout = ControlGroupLayout(mounts: read("/proc/self/mountinfo"), own: read("/proc/self/cgroup"))
        isUnified = layout.unified.map(Self.prepare) ?? false
        removeLeft()
    }

    /// Whether limits of this kind can be had.
    func canLimit(_ controller: String) -> Bool {
        let directory = isUnified ? layout.unified : layout.separate[controller]
        return directory.map { unsafe access($0, W_OK) == 0 } ?? false
    }

    /// A group with the limits that groups can have; `nil` when none of `limits` is of that kind.
    func group(_ limits: ProcessLimits) throws(ExecutorError) -> ControlGroup? {
        let settings = Self.settings(for: limits, isUnified: isUnified).filter { canLimit($0.controller) }
        if settings.isEmpty { return nil }
        let name = "\(Self.prefix)\(getpid())-\(ct_boottime())"
        var group = ControlGroup(isUnified: isUnified)
        do throws(ExecutorError) {
            for setting in settings {
                guard let parent = isUnified ? layout.unified : layout.separate[setting.controller] else {
                    continue
                }
                try group.add(setting, directory: parent + "/" + name)
            }
        } catch {
            group.end()
            throw error
        }
        return group
    }

    /// The files that set limits, in the order in which they must be written.
    static func settings(for limits: ProcessLimits, isUnified: Bool) -> [ControlGroupSetting] {
        var settings: [ControlGroupSetting] = []
        func set(_ controller: String, _ file: String, _ value: String, isOptional: Bool = false) {
            settings.append(
                ControlGroupSetting(controller: controller, file: file, value: value, isOptional: isOptional)
            )
        }
        if let memory = limits.memory?.bytes {
            if isUnified {
                set("memory", "memory.max", String(memory))
                set("memory", "memory.swap.max", "0", isOptional: true)
            } else {
                set("memory", "memory.limit_in_bytes", String(memory))
                set("memory", "memory.memsw.limit_in_bytes", String(memory), isOptional: true)
            }
        }
        if let cpu = limits.cpuThousandths {
            let period = 100_000
            let quota = max(1_000, cpu * (period / 1_000))
            if isUnified {
                set("cpu", "cpu.max", "\(quota) \(period)")
            } else {
                set("cpu", "cpu.cfs_period_us", String(period))
                set("cpu", "cpu.cfs_quota_us", String(quota))
            }
        }
        if let processes = limits.processes { set("pids", "pids.max", String(processes)) }
        return settings
    }

    /// Has the groups below `own` get the controllers; whether they have them.
    ///
    /// In the second version a group with controllers for those below may have no processes of its own: they move into a group beside the
    /// attempts', if the group was given to this process.
    private static func prepare(_ own: String) -> Bool {
        let read = { (file: String) in
            Set(
                ((try? String(contentsOfFile: "\(own)/\(file)", encoding: .utf8)) ?? "").split(
                    whereSeparator: \.isWhitespace
                )
            )
        }
        guard read("cgroup.controllers").isSuperset(of: controllers.map { $0[...] }) else { return false }
        let isEnabled = { read("cgroup.subtree_control").isSuperset(of: controllers.map { $0[...] }) }
        if isEnabled() { return true }
        let members = read("cgroup.procs")
        let isGiven = unsafe ct_group_is_delegated(own) != 0
        guard isGiven || members == [String(getpid())[...]] else { return false }
        let leaf = own + "/cloudtask"
        guard unsafe mkdir(leaf, 0o755) == 0 || errno == EEXIST else { return false }
        do throws(ExecutorError) {
            for member in members { try ControlGroup.write(String(member), to: leaf + "/cgroup.procs") }
            try ControlGroup.write(
                controllers.map { "+" + $0 }.joined(separator: " "),
                to: own + "/cgroup.subtree_control"
            )
        } catch {
            return false
        }
        return isEnabled()
    }

    /// Removes the empty groups of processes that are gone.
    private func removeLeft() {
        let parents = Set(
            Self.controllers.compactMap { layout.separate[$0] } + [layout.unified].compactMap(\.self)
        )
        for parent in parents.sorted() {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [] {
                guard name.hasPrefix(Self.prefix),
                    let process = pid_t(name.dropFirst(Self.prefix.count).prefix { $0 != "-" }),
                    Glibc.kill(process, 0) != 0, errno == ESRCH
                else { continue }
                _ = unsafe rmdir(parent + "/" + name)
            }
        }
    }
}
