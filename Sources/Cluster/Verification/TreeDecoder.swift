import Domain
import ZooKeeper

/// Walks a snapshot along the paths that ``Tree`` spells; what it does not come by is none of ours.
struct TreeDecoder {
    private let snapshot: TreeSnapshot
    private let tree: Tree
    private var content = TreeContent()
    private var visited: Set<ZNodePath> = []

    init(_ snapshot: TreeSnapshot) {
        self.snapshot = snapshot
        tree = snapshot.tree
    }

    mutating func decode() throws -> TreeContent {
        visit(tree.root)
        content.identity = payload(ClusterIdentity.self, try tree.cluster, isRequired: true)
        if snapshot.node(try tree.epoch)?.data.isEmpty == false {
            _ = payload(Leadership.self, try tree.epoch)
            content.epoch = snapshot.node(try tree.epoch).map { Epoch(rawValue: $0.stat.version) }
        }
        for path in try [tree.centers, tree.election, tree.epoch, tree.runtimes, tree.tasks] { require(path) }
        try decodeCenters()
        for name in snapshot.children(try tree.runtimes) {
            if let runtime = RuntimeID(name) { try decode(runtime) }
        }
        try decodeTasks()
        try decodeWorkflows()
        try decodeBackfills()
        try decodeCancellations()
        try decodeSources()
        findUnknown()
        return content
    }

    private mutating func visit(_ path: ZNodePath) { visited.insert(path) }

    private mutating func require(_ path: ZNodePath) {
        visit(path)
        if snapshot.node(path) == nil { content.findings.append(TreeFinding(.missingNode, path: path.text)) }
    }

    /// The payload of a node; one that cannot be read is noted.
    private mutating func payload<Payload: Decodable>(
        _ type: Payload.Type,
        _ path: ZNodePath,
        isRequired: Bool = false,
        damage: TreeFinding.Kind = .undecodable
    ) -> Payload? {
        visit(path)
        guard let node = snapshot.node(path) else {
            if isRequired { content.findings.append(TreeFinding(.missingNode, path: path.text)) }
            return nil
        }
        do throws(ZNodeFormatError) {
            return try ZNodeCodec.decode(type, from: node.data, at: path.text)
        } catch {
            content.findings.append(TreeFinding(damage, path: path.text, detail: error.reason))
            return nil
        }
    }

    private mutating func checkEphemeral(_ path: ZNodePath) {
        guard let node = snapshot.node(path), node.stat.ephemeralOwner == 0 else { return }
        content.findings.append(TreeFinding(.notEphemeral, path: path.text))
    }

    private mutating func check(_ name: String, is expected: String, _ path: ZNodePath) {
        guard name != expected else { return }
        content.findings.append(TreeFinding(.misnamed, path: path.text, subject: name))
    }

    /// Everything that was not visited; of a whole subtree only its top.
    private mutating func findUnknown() {
        for path in snapshot.nodes.keys.sorted() where !visited.contains(path) {
            guard let parent = path.parent, visited.contains(parent) else { continue }
            content.findings.append(TreeFinding(.unknownNode, path: path.text))
        }
    }
}

extension TreeDecoder {
    private mutating func decodeWorkflows() throws {
        let root = try tree.workflows
        visit(root)
        for bucket in snapshot.children(root) {
            let path = try root.child(bucket)
            visit(path)
            for name in snapshot.children(path) {
                let node = try path.child(name)
                guard let awaited = payload(AwaitedRun.self, node) else { continue }
                check(name, is: awaited.run.attempt.run.text, node)
            }
        }
    }

    private mutating func decodeBackfills() throws {
        visit(try tree.backfills)
        for name in snapshot.children(try tree.backfills) {
            guard let id = BackfillID(name) else { continue }
            let path = try tree.backfill(id)
            if let backfill = payload(Backfill.self, path) { check(backfill.id.text, is: name, path) }
            _ = payload(TaskDefinition.self, try tree.backfillTask(id), isRequired: true)
        }
    }

    private mutating func decodeCancellations() throws {
        visit(try tree.cancelled)
        for name in snapshot.children(try tree.cancelled) {
            let path = try tree.cancelled.child(name)
            guard let cancellation = payload(Cancellation.self, path) else { continue }
            check(name, is: try tree.cancellation(of: cancellation.occasion).name, path)
        }
    }

    private mutating func decodeCenters() throws {
        for name in snapshot.children(try tree.centers) {
            guard let center = CenterID(name) else { continue }
            let path = try tree.center(center)
            guard let registration = payload(CenterRegistration.self, path) else { continue }
            content.centers[center] = registration
            check(registration.center.text, is: name, path)
            checkEphemeral(path)
        }
        for name in snapshot.children(try tree.election) where name.hasPrefix("c-") {
            let path = try tree.election.child(name)
            visit(path)
            checkEphemeral(path)
        }
    }

    /// Calendars, groups, pools and revisions: clusters that an earlier version made have none of these nodes.
    private mutating func decodeSources() throws {
        for path in try [
            tree.calendars, tree.groups, tree.pools, tree.claims, tree.revisions, tree.definitions,
        ] {
            visit(path)
        }
        for name in snapshot.children(try tree.calendars) {
            guard let id = CalendarID(name) else { continue }
            let path = try tree.calendar(id)
            if let calendar = payload(DayCalendar.self, path) { check(calendar.name.text, is: name, path) }
        }
        for name in snapshot.children(try tree.groups) {
            guard let id = GroupID(name) else { continue }
            let path = try tree.group(id)
            if let group = payload(GroupSettings.self, path) { check(group.name.text, is: name, path) }
        }
        for name in snapshot.children(try tree.pools) {
            guard let id = PoolID(name) else { continue }
            let path = try tree.pool(id)
            if let pool = payload(Pool.self, path) { check(pool.name.text, is: name, path) }
        }
        for name in snapshot.children(try tree.claims) {
            let path = try tree.claims.child(name)
            guard let claim = payload(UnitClaim.self, path) else { continue }
            check(claim.attempt.description, is: name, path)
        }
        for name in snapshot.children(try tree.definitions) where Tree.definition(named: name) != nil {
            _ = payload(DefinitionRevisions.self, try tree.definitions.child(name))
        }
        for bucket in buckets(try tree.revisions) {
            let parent = try tree.revisionBucket(bucket)
            visit(parent)
            for name in snapshot.children(parent) where TaskID(name) != nil {
                _ = payload(TaskRevisions.self, try parent.child(name))
            }
        }
    }

    private mutating func decodeTasks() throws {
        for name in snapshot.children(try tree.tasks) {
            guard let bucket = Tree.bucket(named: name), Tree.bucketName(bucket) == name else { continue }
            let path = try tree.taskBucket(bucket)
            content.indices[bucket] = payload(TaskIndex.self, path)
            for name in snapshot.children(path) {
                guard let task = TaskID(name) else { continue }
                let path = try tree.task(task, bucket: bucket)
                guard let definition = payload(TaskDefinition.self, path) else { continue }
                content.definitions[path] = (bucket, definition)
                check(definition.name.text, is: name, path)
            }
        }
    }

    private mutating func decode(_ runtime: RuntimeID) throws {
        let paths = try tree.runtime(runtime)
        // An agent that comes before any center makes the node without settings, which are the usual ones then.
        if snapshot.node(paths.settings)?.data.isEmpty == true {
            visit(paths.settings)
            content.runtimes[runtime] = RuntimeSettings(name: runtime)
        } else {
            content.runtimes[runtime] = payload(RuntimeSettings.self, paths.settings)
        }
        // Clusters of an earlier version have no node of departed agents, until a leader of this one completes them.
        let departures: ZNodePath = try paths.departed
        for path in try paths.parents where path != departures { require(path) }
        visit(departures)
        for name in snapshot.children(departures) {
            guard let agent = AgentID(name) else { continue }
            let path = try paths.departed(agent)
            if let departed = payload(DepartedAgent.self, path) { check(departed.agent.text, is: name, path) }
        }
        for name in snapshot.children(try paths.agents) {
            guard let agent = AgentID(name) else { continue }
            let path = try paths.agent(agent)
            guard let registration = payload(AgentRegistration.self, path) else { continue }
            content.agents[Seat(runtime: runtime, agent: agent)] = registration
            check(registration.agent.text, is: name, path)
            checkEphemeral(path)
        }
        try decodeParked(runtime, paths)
        for name in snapshot.children(try paths.allocations) {
            if let agent = AgentID(name) { try decodeAllocation(Seat(runtime: runtime, agent: agent), paths) }
        }
        try decodeJournals(runtime, paths)
        try decodeInboxes(runtime, paths)
        try decodeMarkers(paths)
    }

    private mutating func decodeParked(_ runtime: RuntimeID, _ paths: RuntimeTree) throws {
        for bucket in buckets(try paths.parked) {
            rows(.parked(runtime), bucket, try paths.parkedBucket(bucket))
        }
    }

    private mutating func decodeAllocation(_ seat: Seat, _ paths: RuntimeTree) throws {
        let path = try paths.allocation(seat.agent)
        content.heads[seat] = payload(AllocationHead.self, path, damage: .undecodableTable)
        for bucket in buckets(path) {
            rows(.owned(seat), bucket, try paths.allocationBucket(seat.agent, bucket))
        }
    }

    private func buckets(_ path: ZNodePath) -> [Int] {
        snapshot.children(path).compactMap { name in
            Tree.bucket(named: name).flatMap { Tree.bucketName($0) == name ? $0 : nil }
        }
    }

    private mutating func rows(_ place: Place, _ bucket: Int, _ path: ZNodePath) {
        guard let found = payload(AllocationBucket.self, path, damage: .undecodableTable) else { return }
        content.rows.append(
            TreeContent.Rows(place: place, bucket: bucket, path: path, rows: found.rows)
        )
    }
}

extension TreeDecoder {
    private mutating func decodeJournals(_ runtime: RuntimeID, _ paths: RuntimeTree) throws {
        for name in snapshot.children(try paths.journal) {
            guard let agent = AgentID(name) else { continue }
            let seat = Seat(runtime: runtime, agent: agent)
            visit(try paths.journal(agent))
            for name in snapshot.children(try paths.journal(agent)) {
                guard let incarnation = Incarnation(name) else { continue }
                try decode(JournalID(seat: seat, incarnation: incarnation), paths)
            }
        }
    }

    private mutating func decode(_ id: JournalID, _ paths: RuntimeTree) throws {
        let path = try paths.fence(id.seat.agent, id.incarnation)
        let fence = payload(FenceRecord.self, path, damage: .undecodableTable)
        var journal = LeaderJournal(id: id, checkpoint: [:], segments: [])
        for name in snapshot.children(path) {
            if name == "cp" {
                let parent = try paths.checkpoint(id.seat.agent, id.incarnation)
                visit(parent)
                for bucket in buckets(parent) {
                    let path = try paths.checkpointBucket(id.seat.agent, id.incarnation, bucket)
                    guard let found = payload(CheckpointBucket.self, path) else { continue }
                    journal.checkpoint[bucket] = Versioned(found, version: 0)
                }
            } else if let number = RuntimeTree.segmentNumber(named: name) {
                let path = try paths.segment(id.seat.agent, id.incarnation, number)
                if let segment = payload(JournalSegment.self, path) { journal.segments.append(segment) }
            }
        }
        guard let fence, let stat = snapshot.node(path)?.stat else { return }
        journal.segments.sort { $0.number < $1.number }
        content.journals[id] = TreeContent.Journal(
            fence: Versioned(fence, version: stat.version),
            fencedMilliseconds: stat.modifiedMilliseconds,
            open: journal.open,
            hasSegments: !journal.segments.isEmpty
        )
    }

    private mutating func decodeInboxes(_ runtime: RuntimeID, _ paths: RuntimeTree) throws {
        for name in snapshot.children(try paths.inbox) {
            guard let agent = AgentID(name) else { continue }
            visit(try paths.inbox(agent))
            for name in snapshot.children(try paths.inbox(agent)) {
                guard let incarnation = Incarnation(name) else { continue }
                let path = try paths.inbox(agent, incarnation)
                visit(path)
                let id = JournalID(
                    seat: Seat(runtime: runtime, agent: agent),
                    incarnation: incarnation
                )
                content.inboxes[id] = snapshot.children(path)
                for entry in snapshot.children(path) { _ = payload(Dispatch.self, try path.child(entry)) }
            }
        }
    }

    private mutating func decodeMarkers(_ paths: RuntimeTree) throws {
        for bucket in buckets(try paths.dispatched) {
            let parent = try paths.dispatchedBucket(bucket)
            visit(parent)
            for name in snapshot.children(parent) {
                guard let run = RunID(name) else { continue }
                let path = try parent.child(name)
                guard let marker = payload(DispatchMarker.self, path) else { continue }
                content.markers[path] = (run, bucket, marker)
            }
        }
    }
}
