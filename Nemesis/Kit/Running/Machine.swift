public import Foundation

/// What this machine lets the nemesis do.
public struct Machine: Sendable {
    /// Whether mounts of this process are seen by nobody else.
    public let mayMount: Bool
    /// The library that steps clocks; `nil` when it is not there.
    public let clockLibrary: String?
    private let hasTracer: Bool

    /// Set by `scripts/nemesis` inside the namespaces it makes.
    public static let namespaceVariable = "NEMESIS_NAMESPACE"

    /// Looks at the machine.
    public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        mayMount = environment[Self.namespaceVariable] != nil
        let library = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: "libsteppedclock.so").path
        clockLibrary = FileManager.default.fileExists(atPath: library) ? library : nil
        let path = (environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        hasTracer = path.contains { FileManager.default.isExecutableFile(atPath: "\($0)/strace") }
    }

    /// Whether a kind of fault can be injected.
    public func canInject(_ kind: FaultKind) -> Bool { obstacle(to: kind) == nil }

    /// The kinds that cannot be injected, and why.
    public var missing: [(kind: FaultKind, reason: String)] {
        FaultKind.allCases.compactMap { kind in obstacle(to: kind).map { (kind, $0) } }
    }

    private func obstacle(to kind: FaultKind) -> String? {
        switch kind {
        case .diskFull where !mayMount:
            "disks can be mounted only by scripts/nemesis, in a namespace of its own"
        case .clockStep where clockLibrary == nil:
            "libsteppedclock.so, which scripts/nemesis builds, is not next to this program"
        case .fsyncStall where !hasTracer: "strace is not installed"
        default: nil
        }
    }
}
