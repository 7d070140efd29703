import Foundation

/// Checks of this machine: disk and the permissions of what holds secrets.
struct LocalChecks: Sendable {
    let state: StateDirectory
    /// The servers that are meant, as far as they were started here.
    let servers: [KnownServer]
    let dataDirectory: String

    /// Below that, logs and history soon have no room.
    private static let freeBytesMin = 1_024 * 1_024 * 1_024
    /// Below that, nothing can be written soon.
    private static let freeBytesAlarm = 64 * 1_024 * 1_024

    /// The disk, the state directory, and the tokens' files.
    func all() async -> [Check] {
        [disk()] + permissions()
    }

    private func disk() -> Check {
        var path = dataDirectory
        while !FileManager.default.fileExists(atPath: path), path.count > 1 {
            path = URL(fileURLWithPath: path).deletingLastPathComponent().path
        }
        guard let attributes = try? FileManager.default.attributesOfFileSystem(forPath: path),
            let free = (attributes[.systemFreeSize] as? NSNumber)?.intValue
        else {
            return .warning(
                "disk",
                "the free space of \(path) is unknown",
                why: "a full disk stops history and logs",
                fix: "check it with df"
            )
        }
        let text = "\(free / 1_024 / 1_024) MiB are free at \(path)"
        let why = "on a full disk nothing is acknowledged that is not stored, so history stands still"
        if free < Self.freeBytesAlarm { return .failed("disk", text, why: why, fix: "free some space now") }
        if free < Self.freeBytesMin { return .warning("disk", text, why: why, fix: "free some space") }
        if let nodes = (attributes[.systemFreeNodes] as? NSNumber)?.intValue, nodes > 0, nodes < 10_000 {
            return .warning(
                "disk",
                "\(nodes) files can still be made at \(path)",
                why: why,
                fix: "delete files"
            )
        }
        return .ok("disk", text)
    }

    private func permissions() -> [Check] {
        var checks: [Check] = []
        if FileManager.default.fileExists(atPath: state.path) {
            checks.append(mode(of: state.path, wanted: 0o700, "the state directory"))
        }
        for file in Set(servers.compactMap(\.tokenFile)).sorted()
        where FileManager.default.fileExists(atPath: file) {
            checks.append(mode(of: file, wanted: 0o600, "the token file"))
        }
        return checks.isEmpty ? [.ok("permissions", "no secrets are stored here")] : checks
    }

    private func mode(of path: String, wanted: Int, _ what: String) -> Check {
        let id = "permissions.\(path)"
        // Without attributes the mode counts as wrong, which the message then shows.
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        let mode = (attributes?[.posixPermissions] as? NSNumber)?.intValue ?? 0o777
        if mode & ~wanted & 0o777 == 0 { return .ok(id, "\(what) \(path) is its owner's alone") }
        return .failed(
            id,
            "\(what) \(path) has mode \(String(mode, radix: 8))",
            why: "others on this machine can act in your name",
            fix: "chmod \(String(wanted, radix: 8)) \(path)"
        )
    }
}
