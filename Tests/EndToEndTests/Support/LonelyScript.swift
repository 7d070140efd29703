import Foundation

/// A script of which no two processes may live at a time: it notes where it runs and whether the process before it still lives, and then never
/// ends by itself, nor by SIGTERM.
struct LonelyScript: Sendable {
    private let pids: URL
    private let file: URL

    init(_ folder: TemporaryFolder) {
        pids = folder.file("pid")
        file = folder.file("starts")
    }

    var text: String {
        """
        # A process that is dead and that nobody has asked about is a zombie.
        state=$(cut -d" " -f3 "/proc/$(cat \(pids.path) 2>/dev/null || echo 0)/stat" 2>/dev/null || true)
        case "$state" in ""|Z|X) ;; *) echo "overlap" >> \(file.path) ;; esac
        echo $$ > \(pids.path)
        echo "$CLOUDTASK_NODE" >> \(file.path)
        trap '' TERM
        while :; do sleep 0.2; done
        """
    }

    /// What was noted: agents, and "overlap" before the one that was not alone.
    func starts() throws -> [String] {
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }
}

extension LocalCluster {
    /// The script, and what its processes noted in this cluster.
    var lonely: LonelyScript { LonelyScript(folder) }
}
