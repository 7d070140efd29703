public import Domain
import Foundation
import Glibc
import Scheduling

/// What a performer does: the process that carries out an attempt which is more than one program.
///
/// The agent writes it into a file of its data directory which only its own account can read, starts the performer with the file's path, and
/// removes the file when the attempt is over. Everything else a performer knows from its environment, which is that of any attempt.
public struct PerformerPlan: Hashable, Sendable {
    /// What is to be done, with the facts of the attempt filled in.
    public var action: TaskSpecification.Action
    /// How long after SIGTERM the performer and all it has started are killed.
    public var killGrace: Duration
    /// The interpreter of scripts that name none.
    public var shell: String
    /// The agent's folder of plugins.
    public var plugins: String

    /// Creates a plan.
    public init(action: TaskSpecification.Action, killGrace: Duration, shell: String, plugins: String) {
        self.action = action
        self.killGrace = killGrace
        self.shell = shell
        self.plugins = plugins
    }

    /// Reads the file of a plan.
    public init(contentsOf path: String) throws {
        self = try JSONDecoder().decode(Self.self, from: try Data(contentsOf: URL(filePath: path)))
    }

    /// How the names of plans end.
    static let suffix = ".plan"

    /// Where the scripts of a plan's phases are while they run; nowhere for what is no plan.
    static func scripts(beside path: String) -> [String] {
        path.hasSuffix(suffix) ? Phases.Name.allCases.map { script(of: $0, beside: path) } : []
    }

    /// Where the script of a phase is while it runs.
    static func script(of phase: Phases.Name, beside path: String) -> String { "\(path).\(phase.rawValue)" }

    /// Writes the file that a plan is read from.
    func write(to path: String) throws(ExecutorError) {
        let bytes: [UInt8]
        do {
            bytes = Array(try JSONEncoder().encode(self))
        } catch {
            throw ExecutorError("encode", path, code: EINVAL)
        }
        let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC)
        defer { close(file) }
        try Descriptor.write(bytes, to: file, name: path)
    }
}

extension PerformerPlan: Codable {
    private enum Key: String, CodingKey {
        case action, killGrace, shell, plugins
    }

    /// Decodes the value; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        self.init(
            action: try container.decode(TaskSpecification.Action.self, forKey: .action),
            killGrace: try container.decode(DurationText.self, forKey: .killGrace).duration,
            shell: try container.decode(String.self, forKey: .shell),
            plugins: try container.decode(String.self, forKey: .plugins)
        )
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(action, forKey: .action)
        try container.encode(DurationText(killGrace), forKey: .killGrace)
        try container.encode(shell, forKey: .shell)
        try container.encode(plugins, forKey: .plugins)
    }
}
