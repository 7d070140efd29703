import Foundation

/// Names the very directory, machine and start of that machine from which a session was opened.
///
/// A copied directory has other files, a cloned machine another start: neither is where the session came from.
enum SessionOrigin {
    /// Holds random digits that are drawn anew at every start of the machine.
    static let bootFile = "/proc/sys/kernel/random/boot_id"

    /// The origin of sessions remembered in `file`.
    static func text(of file: String, bootFile: String) -> String {
        // What cannot be told differs from nothing and equals itself: then only the host and the file count.
        let boot = (try? String(contentsOfFile: bootFile, encoding: .utf8)) ?? ""
        let attributes = try? FileManager.default.attributesOfItem(atPath: file)
        let number = (attributes?[.systemFileNumber] as? NSNumber)?.uint64Value ?? 0
        let device = (attributes?[.systemNumber] as? NSNumber)?.uint64Value ?? 0
        let start = boot.trimmingCharacters(in: .whitespacesAndNewlines)
        return "\(start) \(ProcessInfo.processInfo.hostName) \(device):\(number)"
    }
}
