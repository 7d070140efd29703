public import ArgumentParser
import Cluster
import Foundation
import Scheduling
import ZooKeeper

/// `cloudtask cluster verify`.
public struct ClusterVerifyCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check the invariants of what ZooKeeper holds.",
        usage: "cloudtask cluster verify [<options>]",
        discussion: """
            Reads the workspace's whole tree, needs no center and changes nothing. Found
            are tasks without a row or with two, journals and inboxes nobody has, heads
            that name who can journal no more, epochs from the future, nodes nobody
            knows, nodes that cannot be read, and sizes near their limits; each with a
            way to mend it. What is only on its way is not: a finding counts if a second
            reading has it, too. Exit code 1 if anything is found that should not be.

            Example:
              cloudtask cluster verify --zookeeper 127.0.0.1:2181
            """
    )

    @Option(help: ArgumentHelp("How long to wait before the second reading.", valueName: "duration"))
    var patience = "5s"
    @OptionGroup(title: "ZooKeeper") var zookeeper: ZooKeeperOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses what is no duration.
    public func validate() throws { _ = try Parse.duration(patience, "--patience") }

    /// Reads, once more should anything be found, and reports.
    public func execute() async throws {
        let patience = try Parse.duration(patience, "--patience")
        let tree = try Tree(workspace: try zookeeper.workspaceID())
        let report = try await zookeeper.withSession(about: tree.root) { session in
            guard try await session.exists(tree.root) != nil else {
                throw ControlError(
                    "\(tree.root) does not exist: check --workspace and the chroot in --zookeeper, or start a center",
                    .notFound
                )
            }
            let first = try await Self.read(session, tree)
            let findings = try first.findings()
            guard !findings.isEmpty else { return TreeReport(first, lasting: []) }
            try await ContinuousClock().sleep(for: patience)
            let second = try await Self.read(session, tree)
            return TreeReport(second, lasting: TreeFinding.lasting(try second.findings(), since: findings))
        }
        let printer = Printer(output)
        try printer.print(report, names: report.findings.map(\.path)) { isWide in
            report.text(printer, isWide: isWide)
        }
        if !report.isValid { throw ExitCode(CommandStatus.failed.rawValue) }
    }

    private static func read(_ session: any ZooKeeperSession, _ tree: Tree) async throws -> TreeVerifier {
        let snapshot = try await TreeSnapshot.read(session: session, tree: tree)
        return try TreeVerifier(snapshot, now: Instant(Date()))
    }
}
