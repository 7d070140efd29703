/// What the machine of an agent lets tasks do, whoever wrote them: kept on the machine, never changed from elsewhere.
public struct AgentPolicy: Hashable, Sendable {
    /// The file it was read from, for messages; `nil` for an agent without one.
    public var file: String?
    /// The kinds of tasks that it runs; `nil` for all.
    public var kinds: [String]?
    /// The users that tasks may run as; `nil` when only the agent's own is meant, without having said so.
    public var users: [String]?
    /// As whom tasks run that name nobody; `nil` for the agent's own user.
    public var defaultUser: String?
    /// The directories that tasks may run in, and below; `nil` for all.
    public var directories: [String]?

    /// Creates a policy; without a file it allows what needs no right beyond the agent's own.
    public init(
        file: String? = nil,
        kinds: [String]? = nil,
        users: [String]? = nil,
        defaultUser: String? = nil,
        directories: [String]? = nil
    ) {
        self.file = file
        self.kinds = kinds
        self.users = users
        self.defaultUser = defaultUser
        self.directories = directories
    }

    /// Why tasks of a kind do not run here; `nil` when they do.
    public func refusal(ofKind kind: String) -> String? {
        guard let kinds, !kinds.contains(kind) else { return nil }
        return "this machine runs no tasks of kind \(kind): kinds in \(name) has \(list(kinds))"
    }

    /// Why nobody may run as a user here; `nil` when tasks may.
    ///
    /// - Parameters:
    ///   - names: How the user may be listed: by name and by number.
    ///   - isAgent: Whether it is the user that the agent itself runs as.
    /// - Returns: One sentence.
    public func refusal(ofUser names: [String], isAgent: Bool) -> String? {
        if let users {
            if names.contains(where: users.contains) { return nil }
            return
                "tasks may not run as user \(names.first ?? "?") on this machine: users in \(name) has \(list(users))"
        }
        if isAgent { return nil }
        return
            "tasks may not run as user \(names.first ?? "?") on this machine: list it under users in \(name)"
    }

    /// Why nothing may run in a directory here; `nil` when it may.
    ///
    /// - Parameter path: The directory as the kernel knows it, without symbolic links.
    /// - Returns: One sentence.
    public func refusal(ofDirectory path: String) -> String? {
        guard let directories else { return nil }
        let isAllowed = directories.contains { directory in
            let base = directory.hasSuffix("/") ? String(directory.dropLast()) : directory
            return path == directory || path == base || path.hasPrefix(base + "/")
        }
        if isAllowed { return nil }
        return "tasks may not run in \(path) on this machine: directories in \(name) has \(list(directories))"
    }

    private var name: String { file ?? "the policy file of the agent (--policy FILE)" }

    private func list(_ texts: [String]) -> String {
        texts.isEmpty ? "nothing" : texts.joined(separator: ", ")
    }
}

extension TaskSpecification.Action {
    /// The kinds of tasks that there are, as policies of agents name them.
    public static let kinds = ["command", "script"]

    /// Which of `kinds` it is.
    public var kind: String {
        switch self {
        case .command: "command"
        case .script: "script"
        }
    }
}
