public import Domain

/// Reads the policy file of an agent's machine: YAML or JSON with the keys of `AgentPolicy`.
public enum PolicyReader {
    private static let keys = ["kinds", "users", "defaultUser", "directories"]

    /// Reads a policy.
    ///
    /// - Parameters:
    ///   - text: The content of the file; an empty one restricts nothing.
    ///   - file: What to call it in messages.
    /// - Returns: The policy.
    /// - Throws: `DocumentError` with everything that is wrong with it.
    public static func read(_ text: String, file: String) throws(DocumentError) -> AgentPolicy {
        var reader = FieldReader(file: file)
        var yaml = YAMLReader()
        var policy = AgentPolicy(file: file)
        var count = 0
        for outcome in yaml.readAll(text) {
            switch outcome {
            case .success(let node):
                count += 1
                if count > 1 { reader.refuse(node, "", "a policy is one document: remove the others") }
                read(node, into: &policy, &reader)
            case .failure(let failure):
                reader.refuse(line: failure.line, column: failure.column, "", failure.message)
            }
        }
        guard reader.problems.isEmpty else { throw DocumentError(problems: reader.problems) }
        return policy
    }

    private static func read(_ node: SourceNode, into policy: inout AgentPolicy, _ reader: inout FieldReader)
    {
        guard let fields = Fields(node, keys: keys, path: "", what: "a policy", &reader) else { return }
        if let node = fields["kinds"] {
            policy.kinds = reader.texts(node, "kinds", "a list of kinds such as [command]")
            for kind in policy.kinds ?? [] where !TaskSpecification.Action.kinds.contains(kind) {
                let hint = Nearest.suggestion(for: kind, among: TaskSpecification.Action.kinds)
                reader.refuse(node, "kinds", "there is no kind '\(kind.prefix(80))' of tasks: \(hint)")
            }
        }
        if let node = fields["users"] {
            policy.users = reader.texts(node, "users", "a list of users such as [deploy]")
        }
        if let node = fields["defaultUser"] {
            policy.defaultUser = reader.text(node, "defaultUser", "a user's name")
            if let user = policy.defaultUser, policy.users?.contains(user) != true {
                let message =
                    "defaultUser '\(user.prefix(80))' is not listed under users: list it, or leave it out"
                reader.refuse(node, "defaultUser", message)
            }
        }
        if let node = fields["directories"] {
            policy.directories = reader.texts(node, "directories", "a list of directories such as [/srv]")
            for path in policy.directories ?? [] where !path.hasPrefix("/") {
                reader.refuse(
                    node,
                    "directories",
                    "'\(path.prefix(80))' is not an absolute path: write one such as /srv"
                )
            }
        }
    }
}
