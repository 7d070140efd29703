public import ArgumentParser
import Cluster
import Domain
import Foundation
import Scheduling
import ZooKeeper

/// `cloudtask cluster bump-epoch`.
public struct ClusterBumpEpochCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "bump-epoch",
        abstract: "Go on from an older state of ZooKeeper, or without one.",
        usage: "cloudtask cluster bump-epoch --yes [<options>]",
        discussion: """
            Centers and agents remember their cluster and refuse a ZooKeeper that holds an
            older state of it, another cluster, or nothing. This tells them to go on from
            what is there: it begins a new timeline and raises the epoch, which deposes
            whoever leads. What was due until now is recorded as missed and not run: it may
            have run in the history that was lost. What was saved since the snapshot is not
            there any more; apply it again.

            Stop nothing for it. Restore all servers first; then run it once. Needs no center.

            Examples:
              cloudtask cluster bump-epoch --zookeeper zk1:2181,zk2:2181,zk3:2181 --yes
              cloudtask cluster bump-epoch --cluster 8d1f0c5be2a94c07 --above 41 --yes
            """
    )

    @Option(
        help: ArgumentHelp(
            "The cluster, as centers and agents name it; for a tree that has lost it or is of another.",
            valueName: "id"
        )
    )
    var cluster: String?
    @Option(
        help: ArgumentHelp(
            "An epoch that was seen; else a hundred more than the one that is there.",
            valueName: "epoch"
        )
    )
    var above: Int32?
    @Flag(help: "Do it; without, say what would be done.") var yes = false
    @OptionGroup(title: "ZooKeeper") var zookeeper: ZooKeeperOptions

    /// Leaders that a restored state may have missed, when nobody says how many.
    private static let margin: Int32 = 99
    /// Epochs far beyond what leaders ever reach, and few enough to be raised in a minute.
    private static let aboveMax: Int32 = 1_000_000

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses numbers that are no epochs.
    public func validate() throws {
        if let above, !(0...Self.aboveMax).contains(above) {
            throw ValidationError("--above is an epoch from 0 to \(Self.aboveMax), not \(above)")
        }
    }

    /// Declares the timeline.
    public func execute() async throws {
        let tree = try Tree(workspace: try zookeeper.workspaceID())
        let named = try cluster.map(Self.identifier)
        let (above, yes) = (above, yes)
        try await zookeeper.withSession(about: tree.cluster) { session in
            let renewal = TimelineRenewal(session: session, tree: tree)
            let (identity, epoch) = try await renewal.current()
            guard let id = named ?? identity?.id else { throw Self.nameless(tree) }
            let start = Epoch(rawValue: above ?? (epoch?.rawValue ?? 0) + Self.margin)
            guard yes else { throw Self.unconfirmed(tree, id, identity, epoch, start) }
            let declared = try await renewal.declare(
                .init(
                    cluster: named,
                    timeline: RandomSource(SystemRandomNumberGenerator()).identifier(),
                    floor: Instant(Date()),
                    above: start
                )
            )
            Terminal.writeLine(
                "cluster \(declared.identity.id) goes on from \(declared.identity.floor?.description ?? "now") "
                    + "in timeline \(declared.identity.timeline), above epoch \(declared.epoch)"
            )
        }
    }

    private static func identifier(_ text: String) throws -> Nonce {
        guard let id = Nonce(text) else {
            throw ValidationError(
                "'\(text)' is not a cluster's ID: it has 16 to 64 lower-case hexadecimal digits"
            )
        }
        return id
    }

    private static func nameless(_ tree: Tree) -> ControlError {
        ControlError(
            "\(tree.root) has no /cluster: name the cluster with --cluster, as centers and agents do in their logs",
            .notFound
        )
    }

    private static func unconfirmed(
        _ tree: Tree,
        _ id: Nonce,
        _ present: ClusterIdentity?,
        _ epoch: Epoch?,
        _ start: Epoch
    ) -> ControlError {
        let now = present.map { "of cluster \($0.id) at epoch \(epoch?.description ?? "none")" } ?? "nobody's"
        return ControlError(
            "\(tree.root) is \(now) and would go on as cluster \(id) above epoch \(max(start, epoch ?? start)), with "
                + "everything due until now recorded as missed: say --yes to do that",
            .usage
        )
    }
}
