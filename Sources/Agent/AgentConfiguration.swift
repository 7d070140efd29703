public import Cluster
import Mutations

/// Who an agent is and how it behaves.
public struct AgentConfiguration: Sendable {
    /// The workspace's tree.
    public var tree: Tree
    /// The agent and its runtime.
    public var seat: Seat
    /// Labels that placements refer to.
    public var labels: [String: String] = [:]
    /// Where the machine is.
    public var region: String?
    /// Where in the region the machine is.
    public var zone: String?
    /// How many attempts run at a time.
    public var slots: Int
    /// How many attempts it starts a second at most; `nil` for no limit.
    public var startsPerSecond: Int?
    /// Base URL of the agent's HTTP API.
    public var url: String?
    /// The program's version.
    public var version: String
    /// The machine's name.
    public var host: String
    /// The process.
    public var processID: Int32
    /// How long the agent's own records are kept for centers that are away.
    public var retention: Duration = .seconds(7 * 86_400)

    /// Creates a configuration; what is not a parameter has its default and can be set.
    public init(tree: Tree, seat: Seat, slots: Int, version: String, host: String, processID: Int32) {
        precondition(slots >= 1, "an agent has at least one slot, not \(slots)")
        self.tree = tree
        self.seat = seat
        self.slots = slots
        self.version = version
        self.host = host
        self.processID = processID
    }
}

/// The agent's waits, each with its reason.
enum AgentTiming {
    /// Watches are hints: what they watch is read again this often, jittered, should one be lost.
    static let reread = Duration.seconds(27)...Duration.seconds(33)
    /// First and longest pause between attempts to do something that failed.
    static let backoff = Duration.milliseconds(100)...Duration.seconds(5)
    /// Longest wait for the predecessor's session to be taken over and closed; it ends by itself soon after.
    static let predecessorMax = Duration.seconds(3)
    /// Refused writes of the journal that are followed by the next at once: a leader that moves many tasks refuses a few.
    static let rejectionsAtOnce = 10
    /// After this long without a server people are told.
    static let connectPatience = Duration.seconds(5)
    /// Checkpoint at the latest this long after the first change.
    static let checkpointDelay = Duration.seconds(2)
    /// As `checkpointDelay`, for an agent whose checkpoints are big.
    static let checkpointDelayLarge = Duration.seconds(10)
    /// From so many tasks on checkpoints are big.
    static let largeCount = 2_000
    /// Checkpoint when so many segments are outstanding, so that a takeover reads few nodes.
    static let segmentsMax = 64
    /// The wall clock may be set: nobody trusts a wait for a due instant longer than this.
    static let clockTrust = Duration.seconds(1)
    /// How often is looked whether there is room by now for an attempt whose instant has come; it is rare that there is none.
    static let crowdedPause = Duration.milliseconds(50)
    /// As `clockTrust`, for the waits that it was made for.
    static var dueTrust: Duration { Mutation.trustsWallClock.isOn ? .seconds(86_400) : clockTrust }
    /// A committed fire waits this long for the lease or the disk to come back.
    static let lateMax = Duration.seconds(60)
    /// Committed fires that wait for a slot, and as many that wait for units.
    static let queueMax = 10_000
    /// Claims that have waited this long are made again, a few at a time: a check that costs next to nothing.
    static let claimAgain = Duration.seconds(60)
    /// So much of what waits in the inbox is shown to people.
    static let heldShownMax = 1_000
    /// What waits for a slot is looked through this often for what has waited too long.
    static let sweepPause = Duration.milliseconds(100)
    /// Attempts that have waited this long are told to the centers, and it is looked this often for such.
    static let waitingTold = Duration.seconds(1)
    /// So many of them are told at a time.
    static let waitingToldMax = 200
    /// Orders with the runner that it has not started yet.
    ///
    /// Each carries the lease it was given with: those at the end of
    /// a longer line could outlast it, and a fire that is refused for that is lost.
    static let handedMax = 128
    /// As `handedMax`, while the lease is short.
    static let handedMaxShort = 8
    /// While the lease cannot be renewed, it is looked this often whether the lives of attempts that depend on it can be prolonged.
    static let renewalPause = Duration.milliseconds(200)
    /// A result that the leader has not accepted after this long is brought again: the leader may have changed.
    static let acceptancePatience = Duration.seconds(5)
    /// A center that refuses for good is asked again this often: somebody may have mended it.
    static let refusedPause = Duration.seconds(30)
    /// Reports of one batch of a backlog: small, because fresh reports wait for the batch that is under way.
    static let refillBatch = 200
    /// What the runs of one batch were given and told, in bytes: a center reads requests of 16 MiB.
    static let extrasBytesMax = 4 * 1_024 * 1_024
    /// Pause after each batch of a backlog: 2,000 reports a second are enough for a week's backlog, and leave the center time.
    static let refillPause = Duration.milliseconds(100)
    /// How far running attempts are is told to each center this often at most, all that changed together.
    static let progressPause = Duration.milliseconds(500)
    /// It is told anew this often, also when it has not changed: a center forgets what it has not heard of for long.
    static let progressRepeat = Duration.seconds(60)
    /// At a stop attempts may end by themselves this long before they are asked to.
    static let settle = Duration.seconds(1)
    /// At a stop deliveries are waited for this long.
    static let flushMax = Duration.seconds(2)
    /// The cluster's history is compared with what the agent remembers, and remembered, this often: a restored state that is
    /// younger than that shows in nothing but `/epoch`.
    static let timeline = Duration.seconds(2)
    /// As `timeline`, until the cluster was remembered for the first time.
    static let acquaintance = Duration.milliseconds(100)
    /// Old reports are dropped this often.
    static let prune = Duration.seconds(3_600)
}
