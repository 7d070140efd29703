import Cluster
import Domain
import ZooKeeper

/// What a path of the tree means to the checks.
enum KnownNode: Hashable {
    case epoch
    case definition(TaskID)
    case agent(Seat)
    case fence(JournalID)
    case segment(JournalID, Int)
    case checkpoint(JournalID)
    case rows(place: String)
    case inboxEntry(JournalID, String)
    case marker(String)

    init?(_ path: ZNodePath, under root: ZNodePath) {
        guard path.text.hasPrefix(root.text + "/") else { return nil }
        let names = path.text.dropFirst(root.text.count + 1).split(separator: "/").map(String.init)
        switch (names.first, names.count) {
        case ("epoch", 1): self = .epoch
        case ("tasks", 3):
            guard let task = TaskID(names[2]) else { return nil }
            self = .definition(task)
        case ("runtimes", 4...):
            guard let runtime = RuntimeID(names[1]) else { return nil }
            self.init(Array(names.dropFirst(2)), runtime)
        default: return nil
        }
    }

    private init?(_ names: [String], _ runtime: RuntimeID) {
        switch (names[0], names.count) {
        case ("parked", 2): self = .rows(place: "parked")
        case ("allocations", 3): self = .rows(place: names[1])
        case ("dispatched", 3): self = .marker(names[2])
        case ("agents", 2):
            guard let agent = AgentID(names[1]) else { return nil }
            self = .agent(Seat(runtime: runtime, agent: agent))
        case ("journal", 3...), ("inbox", 4):
            guard let agent = AgentID(names[1]), let incarnation = Incarnation(names[2]) else { return nil }
            let journal = JournalID(seat: Seat(runtime: runtime, agent: agent), incarnation: incarnation)
            if names[0] == "inbox" {
                self = .inboxEntry(journal, names[3])
            } else if names.count == 3 {
                self = .fence(journal)
            } else if let number = RuntimeTree.segmentNumber(named: names[3]) {
                self = .segment(journal, number)
            } else {
                self = .checkpoint(journal)
            }
        default: return nil
        }
    }
}
