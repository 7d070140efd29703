import Domain
import Scheduling

/// One planning: from names to indices, over the board, and back.
struct AllocationDraft {
    let tasks: [PlannableTask]
    let agents: [PlannableAgent]
    let current: [TaskPart: AgentID]
    let eligibility: AllocationEligibility
    private let indices: [AgentID: Int]
    private var result = AllocationPlan()

    init(tasks: [PlannableTask], agents: [PlannableAgent], current: [TaskPart: AgentID], now: Instant) {
        self.tasks = tasks.sorted { $0.part < $1.part }
        self.agents = agents.sorted { $0.agent < $1.agent }
        self.current = current
        eligibility = AllocationEligibility(agents: self.agents, now: now)
        indices = Dictionary(uniqueKeysWithValues: self.agents.enumerated().map { ($1.agent, $0) })
        for (task, next) in zip(self.tasks, self.tasks.dropFirst()) {
            precondition(task.part != next.part, "part \(task.part) of \(task.task) was given twice")
        }
    }

    /// What a task's placement comes to, looked up once for all that share it.
    private struct Group {
        var key: AllocationEligibility.Key
        var verdict: AllocationEligibility.Verdict
        /// Index among the distinct sets of eligible agents.
        var members: Int?
    }

    consuming func plan() -> AllocationPlan {
        let (groups, groupOfTask, sets) = grouped()
        var placed: [Int] = []
        var pieces: [AllocationBoard.Piece] = []
        let families = families
        for (task, groupIndex) in groupOfTask.enumerated() {
            let group = groups[groupIndex]
            if let owner = heldBackOwner(of: task, group) {
                result.keep.append(.init(part: tasks[task].part, agent: agents[owner].agent))
            } else if let members = group.members {
                placed.append(task)
                pieces.append(piece(task, members: members, among: sets[members], families[task]))
            } else if case .nobody(let reason) = group.verdict {
                result.unplaceable.append(
                    .init(part: tasks[task].part, task: tasks[task].task, reason: reason)
                )
            }
        }
        let board = settled(pieces, sets)
        for (index, task) in placed.enumerated() { conclude(task, owner: board.owners[index]) }
        release()
        result.nextCheck = agents.filter(eligibility.isHeldBack).compactMap(\.acceptsFrom).min()
        return result
    }

    private func grouped() -> (groups: [Group], groupOfTask: [Int], sets: [[Int]]) {
        var groups: [Group] = []
        var indexOfKey: [AllocationEligibility.Key: Int] = [:]
        var sets: [[Int]] = []
        var indexOfSet: [[Int]: Int] = [:]
        var groupOfTask: [Int] = []
        groupOfTask.reserveCapacity(tasks.count)
        for task in tasks {
            let key = AllocationEligibility.Key(runtime: task.runtime, placement: task.placement)
            if let last = groupOfTask.last, groups[last].key == key {
                groupOfTask.append(last)
                continue
            }
            if let known = indexOfKey[key] {
                groupOfTask.append(known)
                continue
            }
            var group = Group(key: key, verdict: eligibility.verdict(key))
            if case .agents(let members) = group.verdict {
                group.members = indexOfSet[members] ?? sets.count
                if indexOfSet[members] == nil {
                    indexOfSet[members] = sets.count
                    sets.append(members)
                }
            }
            indexOfKey[key] = groups.count
            groupOfTask.append(groups.count)
            groups.append(group)
        }
        return (groups, groupOfTask, sets)
    }

    private func heldBackOwner(of task: Int, _ group: Group) -> Int? {
        guard let name = current[tasks[task].part], let owner = indices[name],
            eligibility.isHeldBack(agents[owner]),
            eligibility.keepsWhileHeldBack(agents[owner], group.key)
        else { return nil }
        return owner
    }

    private func piece(_ task: Int, members: Int, among eligible: [Int], _ family: Int?)
        -> AllocationBoard.Piece
    {
        let owner = current[tasks[task].part].flatMap { indices[$0] }
        return AllocationBoard.Piece(
            hash: AllocationScore.hash(tasks[task].part),
            weight: tasks[task].weight,
            group: members,
            family: family,
            formerOwner: owner.flatMap { contains(eligible, $0) ? $0 : nil }
        )
    }

    /// For each task with several parts the index of the first of them; `nil` for others.
    private var families: [Int?] {
        var families = [Int?](repeating: nil, count: tasks.count)
        // Sorted by part: those of one task are neighbours.
        for index in tasks.indices.dropFirst() where tasks[index - 1].part.uid == tasks[index].part.uid {
            let first = families[index - 1] ?? index - 1
            families[index - 1] = first
            families[index] = first
        }
        return families
    }

    /// Binary search in ascending indices.
    private func contains(_ sorted: [Int], _ index: Int) -> Bool {
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < index { low = middle + 1 } else { high = middle }
        }
        return low < sorted.count && sorted[low] == index
    }

    private func settled(_ pieces: [AllocationBoard.Piece], _ sets: [[Int]]) -> AllocationBoard {
        var work = sets.map { _ in 0.0 }
        for piece in pieces { work[piece.group] += Double(piece.weight) }
        let shares = AllocationShares(
            classes: zip(sets, work).map { .init(eligible: $0, work: $1) },
            weights: agents.map(\.weight)
        )
        let seats = zip(agents, shares.shares).map { agent, share in
            AllocationBoard.Seat(
                hash: AllocationScore.hash(agent.agent),
                weight: agent.weight,
                limits: AllocationLimits(share: share)
            )
        }
        var board = AllocationBoard(pieces: pieces, seats: seats, groups: sets)
        board.placeHomeless()
        board.feedStarved()
        board.relieveOverfull()
        // Where placements overlap, relief may have found room for those it passed by; a plan must be final.
        board.feedStarved()
        return board
    }

    private mutating func conclude(_ task: Int, owner index: Int) {
        let part = tasks[task].part
        precondition(index >= 0, "an eligible agent was not used for part \(part)")
        let owner = agents[index].agent
        switch current[part] {
        case nil: result.assign.append(.init(part: part, agent: owner))
        case owner?: result.keep.append(.init(part: part, agent: owner))
        case let former?: result.move.append(.init(part: part, from: former, to: owner))
        }
    }

    /// Lists owned parts that nobody is to own, and brings `keep` into order.
    private mutating func release() {
        result.keep.sort { $0.part < $1.part }
        let ended = result.unplaceable.map(\.part)
        var released = ended.compactMap { part in
            current[part].map { AllocationPlan.Assignment(part: part, agent: $0) }
        }
        let known = Set(tasks.map(\.part))
        for (part, agent) in current where !known.contains(part) {
            released.append(.init(part: part, agent: agent))
        }
        result.release = released.sorted { $0.part < $1.part }
    }
}
