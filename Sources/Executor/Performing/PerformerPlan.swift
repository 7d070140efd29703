import CProcess
public import Domain
import Foundation
import Glibc
import Scheduling

/// What a performer does: the process that carries out an attempt which is more than one program.
///
/// The agent writes it into a file of its data directory which only the performer's account can read, starts the performer with the file's path, and
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
    /// The limits of each process that the performer starts, by the kernel's numbers of resources.
    public var limits: [Int32: UInt64]

    /// Creates a plan.
    public init(
        action: TaskSpecification.Action,
        killGrace: Duration,
        shell: String,
        plugins: String,
        limits: [Int32: UInt64] = [:]
    ) {
        self.action = action
        self.killGrace = killGrace
        self.shell = shell
        self.plugins = plugins
        self.limits = limits
    }

    /// Reads the file of a plan.
    public init(contentsOf path: String) throws {
        self = try JSONDecoder().decode(Self.self, from: try Data(contentsOf: URL(filePath: path)))
    }

    /// How the names of plans end.
    static let suffix = ".plan"

    /// The terms of what the performer starts; what the whole attempt has, it has itself.
    var terms: StartTerms {
        StartTerms(
            limits: limits.sorted { $0.key < $1.key }.map { ct_limit(resource: $0.key, value: $0.value) }
        )
    }

    /// Where the scripts of a plan's phases are; nowhere for what is no plan.
    static func scripts(beside path: String) -> [String] {
        path.hasSuffix(suffix) ? Phases.Name.allCases.map { script(of: $0, beside: path) } : []
    }

    /// Where the script of a phase is.
    static func script(of phase: Phases.Name, beside path: String) -> String { "\(path).\(phase.rawValue)" }

    /// Writes the file that a plan is read from, and the scripts of its phases beside it.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - account: Whose the files are, who alone may read them; `nil` for this process's.
    /// - Throws: `ExecutorError` when they cannot be written.
    func write(to path: String, for account: Account?) throws(ExecutorError) {
        if case .phases(let phases) = action {
            for (name, phase) in phases.all {
                guard case .script(let text, _) = phase.work else { continue }
                try ScriptFile.write(text, to: Self.script(of: name, beside: path), for: account)
            }
        }
        let bytes: [UInt8]
        do {
            bytes = Array(try JSONEncoder().encode(self))
        } catch {
            throw ExecutorError("encode", path, code: EINVAL)
        }
        let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC)
        defer { close(file) }
        try Descriptor.write(bytes, to: file, name: path)
        if let account { try Descriptor.give(file, to: account, name: path) }
    }
}

extension PerformerPlan: Codable {
    private enum Key: String, CodingKey {
        case action, killGrace, shell, plugins, limits
    }

    /// Decodes the value; fails with the coding path of what is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        self.init(
            action: try container.decode(TaskSpecification.Action.self, forKey: .action),
            killGrace: try container.decode(DurationText.self, forKey: .killGrace).duration,
            shell: try container.decode(String.self, forKey: .shell),
            plugins: try container.decode(String.self, forKey: .plugins),
            limits: try container.decode([Int32: UInt64].self, forKey: .limits)
        )
    }

    /// Encodes the value in the form it is decoded from.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(action, forKey: .action)
        try container.encode(DurationText(killGrace), forKey: .killGrace)
        try container.encode(shell, forKey: .shell)
        try container.encode(plugins, forKey: .plugins)
        try container.encode(limits, forKey: .limits)
    }
}
