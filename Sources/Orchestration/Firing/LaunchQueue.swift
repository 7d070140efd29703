public import Domain
public import Scheduling

/// What is due and waits for a slot, in the order in which it gets one.
///
/// Groups that were given a share of the slots get them in proportion to their weights: the next one goes to the share that has used the
/// least slot time per weight since it had something waiting (start-time fair queuing: Goyal, Vin and Cheng 1996), what runs being charged
/// `LaunchShares.advance` more than it has used. So a share with a small weight gets its turn also where there are few slots. The groups
/// without a weight are one share together. Within a share the higher priority goes first, and whoever waits moves up by one point every
/// `LaunchAging.step`: what is due long enough goes before everything that comes later, so that nothing starves.
public struct LaunchQueue<Element: Sendable>: Sendable {
    /// What decides about an element's place.
    public struct Claim: Hashable, Sendable {
        /// The group of its task.
        public var group: GroupID
        /// The priority of its task.
        public var priority: Int
        /// Since when it may start.
        public var readyAt: Instant

        /// Creates a claim.
        public init(group: GroupID, priority: Int, readyAt: Instant) {
            self.group = group
            self.priority = priority
            self.readyAt = readyAt
        }
    }

    private struct Entry: Comparable, Sendable {
        let claim: Claim
        let order: Int
        let element: Element

        /// All entries age at the same pace, so that their order never changes while they wait.
        var rank: Instant { claim.readyAt - LaunchAging.step * claim.priority }

        static func == (left: Entry, right: Entry) -> Bool { left.order == right.order }
        static func < (left: Entry, right: Entry) -> Bool {
            (left.rank, left.order) < (right.rank, right.order)
        }
    }

    /// The groups that are served as one; `nil` stands for all without a weight.
    private typealias Share = GroupID?

    private var waiting: [Share: MinHeap<Entry>] = [:]
    private var running: [Share: Int] = [:]
    private var runningGroups: [GroupID: Int] = [:]
    private var weights: [GroupID: Int] = [:]
    /// Seconds that attempts have spent in slots, or that went by while nothing of the share waited.
    private var used: [Share: Double] = [:]
    private var advancedTo: Duration?
    private var nextOrder = 0

    /// How many elements wait.
    public private(set) var count = 0

    /// Creates an empty queue.
    public init() {}

    /// What a function gives for the elements, in no particular order.
    public func compactMap<Value>(_ transform: (Element) -> Value?) -> [Value] {
        var values: [Value] = []
        for heap in waiting.values {
            for entry in heap.unordered {
                if let value = transform(entry.element) { values.append(value) }
            }
        }
        return values
    }

    /// Whether nothing waits.
    public var isEmpty: Bool { count == 0 }

    /// Adds an element behind those whose claims are as good.
    public mutating func insert(_ element: Element, _ claim: Claim) {
        let share = share(of: claim.group)
        if waiting[share] == nil { join(share) }
        insert(Entry(claim: claim, order: nextOrder, element: element))
        nextOrder += 1
    }

    private mutating func insert(_ entry: Entry) {
        waiting[share(of: entry.claim.group), default: MinHeap()].insert(entry)
        count += 1
    }

    /// A share that has had nothing waiting begins where the others are: what it has not used is not owed to it, but for a little of what it
    /// lacked while it ran something.
    private mutating func join(_ share: Share) {
        let others = Set(waiting.keys).union(running.filter { $0.value > 0 }.keys).subtracting([share])
        guard let least = others.map({ (used[$0] ?? 0) / weight($0) }).min() else { return used = [:] }
        let owed = (running[share] ?? 0) > 0 ? LaunchShares.owedMax / .seconds(1) : 0
        used[share] = max(used[share] ?? 0, least * weight(share) - owed)
    }

    /// Lets time pass, on a clock that only goes forward: what runs uses its slots.
    public mutating func advance(to now: Duration) {
        defer { advancedTo = now }
        guard let last = advancedTo, last < now else { return }
        let seconds = (now - last) / .seconds(1)
        for (share, count) in running where count > 0 { used[share, default: 0] += Double(count) * seconds }
    }

    /// Takes out what gets the next slot; `nil` when nothing waits.
    ///
    /// Whoever starts it says so with `started`.
    public mutating func popNext() -> Element? {
        guard let share = nextShare, let entry = waiting[share]?.popMin() else { return nil }
        if waiting[share]?.min == nil { waiting[share] = nil }
        count -= 1
        return entry.element
    }

    /// An attempt of the group has taken a slot.
    public mutating func started(_ group: GroupID) {
        runningGroups[group, default: 0] += 1
        running[share(of: group), default: 0] += 1
    }

    /// An attempt of the group has left its slot.
    public mutating func ended(_ group: GroupID) {
        let left = (runningGroups[group] ?? 1) - 1
        runningGroups[group] = left > 0 ? left : nil
        running[share(of: group)] = max(0, (running[share(of: group)] ?? 1) - 1)
    }

    /// Changes the weights of groups; those that are not named share `RuntimeSettings.weightOfRest`.
    public mutating func setWeights(_ weights: [GroupID: Int]) {
        guard weights != self.weights else { return }
        self.weights = weights
        let entries = sortedEntries
        (waiting, running, used, count) = ([:], [:], [:], 0)
        for entry in entries { insert(entry) }
        for (group, number) in runningGroups { running[share(of: group), default: 0] += number }
    }

    /// Takes out every element for which there is a reason, in order; `reason` is told how many before it stay.
    public mutating func extract<Reason>(
        _ reason: (_ element: Element, _ keptCount: Int) -> Reason?
    ) -> [(element: Element, reason: Reason)] {
        let entries = sortedEntries
        var extracted: [(element: Element, reason: Reason)] = []
        var kept: [Entry] = []
        for entry in entries {
            if let reason = reason(entry.element, kept.count) {
                extracted.append((entry.element, reason))
            } else {
                kept.append(entry)
            }
        }
        guard !extracted.isEmpty else { return [] }
        (waiting, count) = ([:], 0)
        for entry in kept { insert(entry) }
        return extracted
    }

    /// What gets the next slot; `nil` when nothing waits.
    public var next: Element? { nextShare.flatMap { waiting[$0]?.min?.element } }

    /// The first elements in the order in which they would get slots if nothing ended and nothing came.
    public func first(_ limit: Int) -> [Element] {
        var copy = self
        var elements: [Element] = []
        while elements.count < limit, let share = copy.nextShare, let entry = copy.waiting[share]?.min {
            _ = copy.popNext()
            copy.started(entry.claim.group)
            elements.append(entry.element)
        }
        return elements
    }

    private var sortedEntries: [Entry] { waiting.values.flatMap(\.unordered).sorted() }

    private func share(of group: GroupID) -> Share { weights[group] == nil ? nil : group }

    private var nextShare: Share? {
        waiting.keys.min { left, right in
            let (mine, other) = (load(left), load(right))
            return mine != other ? mine < other : (waiting[left]?.min).isBefore(waiting[right]?.min)
        }
    }

    /// What a share has used, and would use at least with one more slot, per weight.
    private func load(_ share: Share) -> Double {
        let charged = Double((running[share] ?? 0) + 1) * (LaunchShares.advance / .seconds(1))
        return ((used[share] ?? 0) + charged) / weight(share)
    }

    private func weight(_ share: Share) -> Double {
        Double(share.flatMap { weights[$0] } ?? RuntimeSettings.weightOfRest)
    }
}

/// How slots are charged.
public enum LaunchShares {
    /// What an attempt is charged as soon as it is started, so that slots that are free at the same moment go round: about as long as short
    /// attempts take.
    public static let advance = Duration.seconds(1)
    /// The slot time that a share may lack at most when something of it waits again: it must not take all slots for long then.
    public static let owedMax = Duration.seconds(60)
}

extension Optional where Wrapped: Comparable {
    fileprivate func isBefore(_ other: Wrapped?) -> Bool {
        guard let self, let other else { return self != nil }
        return self < other
    }
}

/// How waiting counts.
public enum LaunchAging {
    /// How long an attempt waits to move up by one point of priority: the greatest difference of priorities is 200 points, so that
    /// what is due waits at most ten minutes longer than what is more important.
    public static let step = Duration.seconds(3)
}
