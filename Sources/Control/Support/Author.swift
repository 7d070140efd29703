import Foundation

/// Who works at this terminal, as revisions name people.
enum Author {
    /// `user@machine`, or what `CLOUDTASK_AUTHOR` says.
    static func name(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> String {
        if let name = environment["CLOUDTASK_AUTHOR"], !name.isEmpty { return name }
        let user = environment["LOGNAME"] ?? environment["USER"] ?? NSUserName()
        return "\(user)@\(ProcessInfo.processInfo.hostName)"
    }
}
