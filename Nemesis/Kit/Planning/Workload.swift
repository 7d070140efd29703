import SimulationKit

/// The tasks that run while the cluster is disturbed: the same seed gives the same tasks.
public struct Workload: Hashable, Sendable {
    /// One task.
    public struct Item: Hashable, Sendable {
        /// The task's name.
        public var name: String
        /// Its schedules, as the entries of the document's list.
        public var schedules: [String]
        /// What it does between its two marks.
        public var body: [String]
        /// Further lines of the document.
        public var more: [String]
        /// How often it is due.
        var perSecond: Double
    }

    /// The tasks, sorted by name.
    public private(set) var items: [Item] = []

    /// Starts per second of all tasks together: so many that something is always under way, so few that half a core suffices.
    private static let perSecondMax = 6.0
    /// Seconds between two instants of a task.
    private static let intervals = [1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60]
    /// Intervals of the tasks that come when the others already use up what the machine can do.
    private static let longIntervals = [30, 45, 60]
    /// The longest that a task of ours runs, all graces included.
    public static let longestRun = Duration.seconds(14)

    /// Draws the tasks.
    public init(seed: UInt64) {
        // Not the sequence of the fault plan.
        var random = SeededGenerator(seed: seed ^ 0x5EED_0F7A_5C5C_A11E)
        var perSecond = 0.0
        for number in 1...Int.random(in: 50...120, using: &random) {
            var seconds = random.pick(Self.intervals)
            if perSecond + 1 / Double(seconds) > Self.perSecondMax {
                seconds = random.pick(Self.longIntervals)
            }
            items.append(Self.item(number, every: seconds, &random))
            perSecond += 1 / Double(seconds)
        }
    }

    private static func item(_ number: Int, every seconds: Int, _ random: inout SeededGenerator)
        -> Item
    {
        var item = Item(
            name: "task-" + String(repeating: "0", count: 3 - "\(number)".count) + "\(number)",
            schedules: schedules(seconds, &random),
            body: [],
            more: ["delivery: " + (random.happens(percent: 50) ? "at-most-once" : "at-least-once")],
            perSecond: 1 / Double(seconds)
        )
        switch Int.random(in: 0..<10, using: &random) {
        case 0, 1:
            item.body = ["sleep \(Int.random(in: 2...12, using: &random))"]
        case 2:
            // Longer than its timeout in half of the cases: it ends by SIGTERM.
            item.body = ["sleep \(random.pick([1, 10]))"]
            item.more += ["timeout: 5s", "killGrace: 1s"]
        case 3:
            // It ignores SIGTERM: only SIGKILL ends it.
            item.body = ["trap '' TERM", "sleep 10"]
            item.more += ["timeout: 5s", "killGrace: 1s"]
        case 4:
            item.body = ["echo 'this output is kept' >&2", "head -c 20000 /dev/zero | tr '\\0' x"]
        case 5:
            item.body = ["sleep 0.\(Int.random(in: 1...9, using: &random))"]
        default: break
        }
        if random.happens(percent: 40) {
            item.more.append("concurrency: " + random.pick(Self.concurrency))
            // Who comes after an owner that was cut off waits that long.
            if !item.more.contains("killGrace: 1s") { item.more.append("killGrace: 1s") }
        }
        return item
    }

    private static let concurrency = [
        "forbid", "queue-one", "queue-all", "replace", "{policy: allow, max: 2}",
    ]

    private static func schedules(_ seconds: Int, _ random: inout SeededGenerator) -> [String] {
        let every = "{every: \(seconds)s}"
        guard random.happens(percent: 40), 60 % seconds == 0 else { return [every] }
        let field = seconds == 60 ? "\(Int.random(in: 0..<60, using: &random))" : "*/\(seconds)"
        let zone = random.pick(["UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York"])
        let cron = "{cron: \"\(field) * * * * *\", timeZone: \(zone)}"
        // Instants that coincide are one.
        return random.happens(percent: 30) ? [every, cron] : [cron]
    }
}

extension Workload {
    /// The documents of all tasks, which append a line to `file` when they start and another when they end.
    public func documents(recordingTo file: String) -> String {
        let identity =
            "$CLOUDTASK_TASK $CLOUDTASK_RUN $CLOUDTASK_DUE $CLOUDTASK_ATTEMPT $CLOUDTASK_NODE"
        let mark = "mark() { echo \"\(identity) $(date +%s%3N)${1-}\" >>'\(file)'; }"
        return items.map { item in
            let script = [mark, "mark"] + item.body + ["mark \" end\""]
            let lines =
                [
                    "kind: Task", "name: \(item.name)",
                    "schedules: [\(item.schedules.joined(separator: ", "))]",
                ]
                + ["script: |"] + script.map { "  " + $0 } + item.more
            return lines.joined(separator: "\n") + "\n"
        }.joined(separator: "---\n")
    }
}
