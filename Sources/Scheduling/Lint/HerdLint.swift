/// Finds seconds of the next day in which too many tasks start.
struct HerdLint {
    let start: Instant
    let startsPerSecondMax: Int
    let firesMax: Int
    /// How many due instants were looked at.
    private(set) var fires = 0
    /// Whether there were more than may be looked at.
    private(set) var isCut = false

    init(start: Instant, startsPerSecondMax: Int, firesMax: Int) {
        // Seconds are those of the clock.
        let (seconds, milliseconds) = start.wholeSeconds
        self.start = Instant(secondsSinceEpoch: milliseconds == 0 ? seconds : seconds + 1)
        self.startsPerSecondMax = startsPerSecondMax
        self.firesMax = firesMax
    }

    /// Most names and proposals of one herd: more help nobody.
    static let proposalsMax = 1_000
    private static let namesMax = 3
    /// Most herds that are reported: who has more begins with the largest.
    static let herdsMax = 20
    private static let daySeconds = 86_400

    /// Tasks that have the same schedules.
    private struct Flock {
        var schedules: [Schedule]
        var names: [String]
        /// The starts of one fire of each of them: one, or the shards.
        var startsEach: Int

        var starts: Int { names.count * startsEach }
    }

    /// A task that starts in a second, with the schedule that makes it and the starts of one fire.
    private struct Member {
        var name: String
        var schedule: Schedule
        var starts: Int
    }

    /// What tasks of one flock have in common: where the name decides the instants, nothing.
    private struct FlockKey: Hashable {
        var schedules: [Schedule]
        var starts: Int
        var task: String?
    }

    /// The seconds with too many starts in which the same flock is the largest.
    private struct Herd {
        /// The busiest second, counted from the start.
        var second: Int
        var seconds = 1
        var starts: Int
    }

    /// One finding for each flock that is the largest part of some herd.
    mutating func findings(in subjects: [LintSubject]) -> [LintFinding] {
        let flocks = flocks(of: subjects)
        var starts = [Int](repeating: 0, count: Self.daySeconds)
        var largest = [Int](repeating: -1, count: Self.daySeconds)
        for (index, flock) in flocks.enumerated() {
            visit(flock) { second in
                starts[second] += flock.starts
                if largest[second] < 0 || flocks[largest[second]].starts < flock.starts {
                    largest[second] = index
                }
            }
        }
        var herds: [Int: Herd] = [:]
        for (second, count) in starts.enumerated() where count > startsPerSecondMax {
            var herd = herds[largest[second]] ?? Herd(second: second, seconds: 0, starts: 0)
            herd.seconds += 1
            if count > herd.starts { (herd.second, herd.starts) = (second, count) }
            herds[largest[second]] = herd
        }
        return herds.sorted { ($1.value.starts, $0.key) < ($0.value.starts, $1.key) }
            .prefix(Self.herdsMax).map { finding($0.value, flocks) }
    }

    /// The tasks by their schedules, in the order of their first.
    private func flocks(of subjects: [LintSubject]) -> [Flock] {
        var indexes: [FlockKey: Int] = [:]
        var flocks: [Flock] = []
        for subject in subjects where !subject.schedules.isEmpty {
            let dependsOnTask = subject.schedules.contains(where: \.dependsOnTask)
            let task = dependsOnTask ? subject.name : nil
            let key = FlockKey(schedules: subject.schedules, starts: subject.starts, task: task)
            if let index = indexes[key] {
                flocks[index].names.append(subject.name)
            } else {
                indexes[key] = flocks.count
                flocks.append(
                    Flock(schedules: subject.schedules, names: [subject.name], startsEach: subject.starts)
                )
            }
        }
        return flocks
    }

    /// Calls `body` for each second of the day in which the flock starts; instants that coincide are one.
    private mutating func visit(_ flock: Flock, _ body: (Int) -> Void) {
        let end = start + .seconds(Self.daySeconds)
        var next = flock.schedules.map { $0.next(atOrAfter: start) }
        while let due = next.compactMap(\.self).min(), due < end {
            guard fires < firesMax else {
                isCut = true
                return
            }
            fires += 1
            body(Int((due - start).wholeMilliseconds / 1_000))
            for index in next.indices where next[index] == due {
                next[index] = flock.schedules[index].next(after: due)
            }
        }
    }

    private func finding(_ herd: Herd, _ flocks: [Flock]) -> LintFinding {
        let due = start + .seconds(herd.second)
        let members = members(ofSecond: due, flocks)
        let names = members.prefix(Self.namesMax).map(\.name).joined(separator: ", ")
        let more = members.count > Self.namesMax ? " and \(members.count - Self.namesMax) more" : ""
        let others = herd.seconds > 1 ? " and in \(herd.seconds - 1) other seconds of the next day" : ""
        let runs = members.reduce(0) { $0 + $1.starts }
        let spread = HerdSpread(tasks: runs, startsPerSecondMax: startsPerSecondMax)
        // The shards of one fire start together, wherever the fire is moved to.
        let proposals = members.filter { $0.starts <= startsPerSecondMax }.prefix(Self.proposalsMax)
            .compactMap { member in
                spread.schedule(member.schedule)
                    .map { LintFinding.Proposal(task: member.name, schedule: $0) }
            }
        let what = members.allSatisfy { $0.starts == 1 } ? "tasks" : "runs, shards among them,"
        return LintFinding(
            rule: .herd,
            task: members.first?.name ?? "",
            message:
                "\(herd.starts) \(what) start in the second \(due)\(others), more than \(startsPerSecondMax): \(names)\(more); \(instead(of: members, proposals))",
            proposals: proposals.isEmpty ? nil : proposals
        )
    }

    /// What to do about a herd.
    private func instead(of members: [Member], _ proposals: [LintFinding.Proposal]) -> String {
        if let first = members.first, first.starts > startsPerSecondMax {
            return
                "the shards of \(first.name) start together at any time: give it fewer, or its runtime --starts-per-second"
        }
        guard let first = proposals.first else { return "give them different instants" }
        return "write \(first.schedule) for \(first.task)"
            + (members.count > 1 ? " and the like for the others" : "")
    }

    /// The tasks that start in a second, those of the largest flock first, each with the schedule that makes it.
    private func members(ofSecond due: Instant, _ flocks: [Flock]) -> [Member] {
        let starting = flocks.compactMap { flock in
            flock.schedules.first { $0.next(atOrAfter: due).map { $0 < due + .seconds(1) } ?? false }
                .map { (flock: flock, schedule: $0) }
        }
        return starting.enumerated()
            .sorted { ($1.element.flock.starts, $0.offset) < ($0.element.flock.starts, $1.offset) }
            .flatMap { entry in
                entry.element.flock.names.map {
                    Member(
                        name: $0,
                        schedule: entry.element.schedule,
                        starts: entry.element.flock.startsEach
                    )
                }
            }
    }
}
