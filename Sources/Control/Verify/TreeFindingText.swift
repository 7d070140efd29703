import Cluster

/// Says what a finding in the tree means, and how to mend it.
struct TreeFindingText {
    /// Whether any center runs that could mend what leaders mend.
    let hasCenters: Bool

    /// What is wrong, in one sentence.
    func what(_ finding: TreeFinding) -> String {
        let subject = finding.subject ?? "?"
        let detail = finding.detail.map { ": \($0.hasSuffix(".") ? String($0.dropLast()) : $0)" } ?? ""
        return switch finding.kind {
        case .missingNode: "This node must exist and does not."
        case .unknownNode: "Nothing of CloudTask makes a node of this name here."
        case .undecodable, .undecodableTable: "The node cannot be read\(detail)."
        case .notEphemeral: "The node stands for a process but would outlive it: it is not ephemeral."
        case .misnamed: "The node holds what belongs to '\(subject)'."
        case .misplaced: "'\(subject)' belongs to another bucket; nobody looks for it here."
        case .copiedTask: "The definition is a copy of another\(detail)."
        case .indexDiffers: "The definition and its index disagree\(detail)."
        case .rowTwice: "Task \(subject) has two rows: two agents may launch it\(detail)."
        case .rowMissing: "Task \(subject) could run and has no row: nobody launches it."
        case .rowParked: "Task \(subject) could run and is parked: nobody launches it."
        case .rowOfNoTask: "The row of \(subject) belongs to no task."
        case .rowOfDisabled: "Task \(subject) is disabled and an agent still has its row."
        case .rowOutdated: "The row of task \(subject) names another revision than its definition."
        case .rowRevoked: "Task \(subject) was taken from its owner and given to nobody."
        case .headOfSealed: "The allocation is valid for incarnation \(subject), which can journal no more."
        case .headOfMissing: "The allocation is valid for incarnation \(subject), which has no journal."
        case .headMissing: "Agent \(subject) is live and has no allocation."
        case .headDiffers: "The head of the allocation is not true\(detail)."
        case .epochAhead: "The allocation was written under an epoch that has not begun\(detail)."
        case .journalUnsealed: "The agent's incarnation is gone, but its journal is not sealed\(detail)."
        case .journalLeft: "The journal is sealed and settled, but still there."
        case .journalUndecided: "The journal is sealed, but what it left open was not decided\(detail)."
        case .agentWithoutJournal: "The agent is live but cannot journal for \(subject)\(detail)."
        case .inboxWithoutJournal:
            "The inbox belongs to an incarnation without a journal: nobody will read it\(detail)."
        case .markerLeft: "The marker of run \(subject) is older than anybody may repeat its request."
        case .nearLimit: "It comes close to a limit\(detail)."
        }
    }

    /// What to do about it, in one sentence.
    func repair(_ finding: TreeFinding) -> String {
        let remove = "cloudtask znode rm \(finding.path) -r --unsafe-write"
        if finding.kind.mendsItself {
            return hasCenters
                ? "The leader mends it by itself within seconds; that it has not yet is a reason to read the leader's log and 'cloudtask cluster status'."
                : "The leader mends it by itself, but no center runs: start one."
        }
        return switch finding.kind {
        case .missingNode: "Start a center: it makes what is missing when it takes office."
        case .unknownNode: "If you know that nobody needs it, remove it: \(remove)"
        case .undecodable: repairUnreadable(finding, remove)
        case .notEphemeral:
            "Stop the process of that name, remove the node, start the process again: \(remove)"
        case .misnamed, .misplaced:
            "Somebody wrote it by hand. Keep a copy of what it holds, then remove it: \(remove)"
        case .copiedTask:
            "Somebody copied it by hand. Keep a copy of it, remove it, and apply it anew: \(remove)"
        case .indexDiffers:
            "Apply the task again ('cloudtask apply -f'); if there is a definition but no index entry, remove it first: \(remove)"
        case .rowTwice:
            "Stop all centers, remove the row from one of the two buckets with 'cloudtask znode set', and start them; take care to keep the row with the later cursor."
        case .headDiffers:
            "Restart the agent: its new incarnation gets the head written anew. If that does not help, restart the leader."
        case .epochAhead:
            "An older state of ZooKeeper was restored: go on from it with 'cloudtask cluster bump-epoch', whose help says what that means."
        case .agentWithoutJournal: "Restart the agent: it registers a new incarnation with a new journal."
        case .inboxWithoutJournal:
            "If it is empty, remove it; if not, request its runs again first ('cloudtask task run'): \(remove)"
        case .nearLimit: repairSize(finding)
        default: "Read the leader's log."
        }
    }

    private func repairUnreadable(_ finding: TreeFinding, _ remove: String) -> String {
        "Keep a copy ('cloudtask znode get \(finding.path)'); if a newer version wrote it, upgrade; if nobody did, write or apply it anew, or remove it: \(remove)"
    }

    private func repairSize(_ finding: TreeFinding) -> String {
        finding.subject == "children"
            ? "Find out what makes so many: agents that never checkpoint, requests that nobody takes, or tasks with names of one bucket."
            : "Shorten what it holds: fewer tasks for this agent (more agents), or a shorter document."
    }
}
