import Domain
import Glibc

/// The control groups of one attempt: one, or one for each controller.
struct ControlGroup {
    private let isUnified: Bool
    /// Their directories by controller, in the order in which they were made.
    private var directories: [(controller: String, path: String)] = []
    /// Descriptors of their `cgroup.procs` files, which a process writes itself into.
    private(set) var joined: [Int32] = []

    init(isUnified: Bool) { self.isUnified = isUnified }

    /// Descriptor of the list of the members.
    var members: Int32 { joined.first ?? -1 }

    /// Makes the group of a setting's controller in `directory`, if it is not there, and sets the limit.
    mutating func add(_ setting: ControlGroupSetting, directory: String) throws(ExecutorError) {
        if !directories.contains(where: { $0.path == directory }) {
            guard unsafe mkdir(directory, 0o755) == 0 else {
                throw ExecutorError("make the control group", directory, code: errno)
            }
            directories.append((setting.controller, directory))
            joined.append(try Descriptor.open(directory + "/cgroup.procs", O_RDWR))
        }
        do throws(ExecutorError) {
            try Self.write(setting.value, to: directory + "/" + setting.file)
        } catch {
            if setting.isOptional, error.code == ENOENT || error.code == EACCES { return }
            throw error
        }
    }

    /// How many of its processes the kernel has killed for want of memory.
    var memoryKills: Int {
        number("memory", isUnified ? "memory.events" : "memory.oom_control", "oom_kill") ?? 0
    }

    /// The most memory that its processes had together, in bytes; `nil` when nobody counted.
    var memoryPeak: Int? { number("memory", isUnified ? "memory.peak" : "memory.max_usage_in_bytes", nil) }

    /// The processor time of all its processes, in microseconds; `nil` when nobody counted.
    var processorTime: (user: Int, system: Int)? {
        guard isUnified, let user = number("cpu", "cpu.stat", "user_usec"),
            let system = number("cpu", "cpu.stat", "system_usec")
        else { return nil }
        return (user, system)
    }

    /// Closes its descriptors and removes what is empty of it; returns what is not.
    @discardableResult
    mutating func end() -> [String] {
        for descriptor in joined { close(descriptor) }
        joined = []
        return directories.map(\.path).filter { !Self.remove($0) }
    }

    /// Removes a group; `false` when something lives in it.
    static func remove(_ directory: String) -> Bool { unsafe rmdir(directory) == 0 || errno != EBUSY }

    /// Writes a value to a file of the kernel's.
    static func write(_ value: String, to path: String) throws(ExecutorError) {
        let file = try Descriptor.open(path, O_WRONLY)
        defer { close(file) }
        try Descriptor.write(Array(value.utf8), to: file, name: path)
    }

    /// A number in a file, after `name` if there are several.
    private func number(_ controller: String, _ file: String, _ name: String?) -> Int? {
        guard
            let directory = isUnified
                ? directories.first : directories.first(where: { $0.controller == controller })
        else { return nil }
        let path = directory.path + "/" + file
        guard let descriptor = try? Descriptor.open(path, O_RDONLY) else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let length = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        let text = String(decoding: bytes.prefix(max(0, length)), as: UTF8.self)
        let words = text.split(whereSeparator: \.isWhitespace)
        guard let name else { return words.first.flatMap { Int($0) } }
        guard let place = words.firstIndex(of: name[...]), place + 1 < words.count else { return nil }
        return Int(words[place + 1])
    }
}
