/// Where this process is in the machine's control groups, and which controllers it may use below.
struct ControlGroupLayout: Hashable {
    /// The group of this process by controller, of the first version, where every controller has a tree of its own.
    var separate: [String: String] = [:]
    /// The group of this process in the one tree of the second version.
    var unified: String?

    /// Reads `/proc/self/mountinfo` and `/proc/self/cgroup`.
    init(mounts: String, own: String) {
        var paths: [String: String] = [:]
        for line in own.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            for controller in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
                paths[String(controller)] = String(parts[2])
            }
        }
        for line in mounts.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard let dash = words.firstIndex(of: "-"), dash >= 5, words.count > dash + 3 else { continue }
            let (root, place) = (words[3], words[4])
            switch words[dash + 1] {
            case "cgroup2":
                unified = unified ?? paths[""].map { Self.path(of: $0, root: root, place: place) }
            case "cgroup":
                for controller in words[dash + 3].split(separator: ",").map(String.init) {
                    guard let path = paths[controller], separate[controller] == nil else { continue }
                    separate[controller] = Self.path(of: path, root: root, place: place)
                }
            default: break
            }
        }
    }

    /// The path of a group below the place where its tree, or a part of it, is mounted.
    private static func path(of group: String, root: String, place: String) -> String {
        let below =
            root != "/" && (group == root || group.hasPrefix(root + "/"))
            ? group.dropFirst(root.count) : group[...]
        return below == "/" || below.isEmpty ? place : place + below
    }
}

/// One file of a control group that sets a limit.
struct ControlGroupSetting: Hashable {
    var controller: String
    var file: String
    var value: String
    /// Whether the limit holds without it, where the kernel has no such file.
    var isOptional = false
}
