public import Domain

/// Why a process refuses to work with the tree it sees (rule T2, and `refuse to reconcile to nothing`).
public enum ClusterRefusal: Error, Hashable, Sendable {
    /// There is no `/cluster` any more.
    case lost(Nonce, Epoch)
    /// The tree is of another cluster.
    case another(found: Nonce, remembered: Nonce, Epoch)
    /// `/epoch` is lower than one that was seen, or gone.
    case epochBehind(found: Epoch?, remembered: Epoch, isNewTimeline: Bool)
    /// The epoch is the one that was seen, but another center has it.
    case anotherLeader(Epoch)
    /// The parent of the task definitions is gone.
    case withoutTasks
    /// A node was last changed before the change that was seen.
    case older(String, found: Int64, remembered: Int64)
    /// A write that was made just now counts as earlier than what was seen before.
    case behind(found: Int64, remembered: Int64)
    /// The tree has tasks or epochs but no `/cluster`, and the process remembers no cluster.
    case headless
}

extension ClusterRefusal: CustomStringConvertible {
    /// What happened and what to do, in one sentence.
    public var description: String {
        switch self {
        case .lost(let cluster, let epoch):
            "the tree in ZooKeeper is empty or has lost /cluster, and this process belongs to cluster \(cluster): "
                + "restore ZooKeeper's data or correct --zookeeper and --workspace; to begin anew with what is "
                + "there run 'cloudtask cluster bump-epoch --cluster \(cluster) --above \(epoch) --yes'"
        case .another(let found, let remembered, let epoch):
            "the tree in ZooKeeper is of cluster \(found), and this process belongs to cluster \(remembered): "
                + "correct --zookeeper and --workspace, or start it with an empty data directory; if that tree is to "
                + "replace the lost one run 'cloudtask cluster bump-epoch --cluster \(remembered) --above \(epoch) --yes'"
        case .epochBehind(let found, let remembered, let isNewTimeline):
            isNewTimeline
                ? "the new timeline begins at epoch \(Self.text(found)), and this process has seen epoch \(remembered): "
                    + "run 'cloudtask cluster bump-epoch --above \(remembered) --yes'"
                : "ZooKeeper holds an older state: epoch \(Self.text(found)) after epoch \(remembered) was seen; "
                    + Self.remedy(above: remembered)
        case .anotherLeader(let epoch):
            "ZooKeeper holds another history: epoch \(epoch) has another leader than was seen; "
                + Self.remedy(above: epoch)
        case .withoutTasks:
            "the tree in ZooKeeper has lost /tasks: restore ZooKeeper's data; " + Self.remedy(above: nil)
        case .older(let path, let found, let remembered):
            "ZooKeeper holds an older state: \(path) is of transaction \(Self.hexadecimal(found)) after "
                + "\(Self.hexadecimal(remembered)) was seen; " + Self.remedy(above: nil)
        case .behind(let found, let remembered):
            "ZooKeeper holds an older state: it writes transaction \(Self.hexadecimal(found)) after "
                + "\(Self.hexadecimal(remembered)) was seen; " + Self.remedy(above: nil)
        case .headless:
            "the tree in ZooKeeper has lost /cluster: restore ZooKeeper's data; to begin anew with what is there "
                + "run 'cloudtask cluster bump-epoch --cluster ID --yes' with the ID that centers and agents name in their logs"
        }
    }

    private static func remedy(above epoch: Epoch?) -> String {
        let option = epoch.map { " --above \($0)" } ?? ""
        return "start the servers with their latest data, or, if this state is to be gone on from, run "
            + "'cloudtask cluster bump-epoch\(option) --yes'"
    }

    private static func text(_ epoch: Epoch?) -> String { epoch?.description ?? "none" }

    private static func hexadecimal(_ transaction: Int64) -> String {
        "0x" + String(UInt64(bitPattern: transaction), radix: 16)
    }
}
