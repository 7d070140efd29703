import Domain
import Orchestration
import Scheduling
import ZooKeeper

/// Tasks and rows.
extension TreeVerifier {
    var taskFindings: [TreeFinding] {
        var findings: [TreeFinding] = []
        var holders: [TaskUID: ZNodePath] = [:]
        let bucketCount = content.identity?.taskBuckets
        for (path, entry) in content.definitions.sorted(by: { $0.key < $1.key }) {
            let definition = entry.definition
            if let bucketCount, Buckets.task(definition.name, count: bucketCount) != entry.bucket {
                findings.append(TreeFinding(.misplaced, path: path.text, subject: definition.name.text))
            }
            if let holder = holders.updateValue(path, forKey: definition.uid) {
                findings.append(
                    TreeFinding(
                        .copiedTask,
                        path: path.text,
                        detail: "\(holder) has the uid \(definition.uid), too"
                    )
                )
            }
            let indexed = content.indices[entry.bucket]?.tasks[definition.name]
            if indexed != definition.indexEntry {
                let known = indexed.map { "revision \($0.revision) of \($0.uid)" } ?? "nothing"
                findings.append(
                    TreeFinding(
                        .indexDiffers,
                        path: path.text,
                        detail:
                            "the index of its bucket names \(known), the definition is revision \(definition.revision) of \(definition.uid)"
                    )
                )
            }
        }
        return findings + unindexed
    }

    private var unindexed: [TreeFinding] {
        content.indices.sorted { $0.key < $1.key }.flatMap { bucket, index in
            index.tasks.keys.sorted().compactMap { task in
                guard let path = try? snapshot.tree.task(task, bucket: bucket), snapshot.node(path) == nil
                else { return nil }
                return TreeFinding(
                    .indexDiffers,
                    path: path.text,
                    detail: "the index names it, but there is no definition"
                )
            }
        }
    }

    var rowFindings: [TreeFinding] {
        var findings: [TreeFinding] = []
        let tasks = Dictionary(content.tasks.map { ($0.uid, $0) }) { first, _ in first }
        var places: [TaskPart: ZNodePath] = [:]
        for bucket in content.rows {
            for row in bucket.rows {
                let subject = row.task.text
                if let other = places.updateValue(bucket.path, forKey: row.key) {
                    findings.append(
                        TreeFinding(
                            .rowTwice,
                            path: bucket.path.text,
                            subject: subject,
                            detail: "another row is in \(other)"
                        )
                    )
                }
                if let kind = flaw(of: row, in: bucket, tasks[row.uid]) {
                    findings.append(TreeFinding(kind, path: bucket.path.text, subject: subject))
                }
                if let count = content.identity?.allocationBuckets,
                    Buckets.allocation(row.key, count: count) != bucket.bucket
                {
                    findings.append(TreeFinding(.misplaced, path: bucket.path.text, subject: subject))
                }
            }
        }
        return findings + cover(places)
    }

    private func flaw(of row: AllocationRow, in bucket: TreeContent.Rows, _ task: TaskDefinition?)
        -> TreeFinding.Kind?
    {
        guard let task else { return .rowOfNoTask }
        guard case .owned = bucket.place else { return nil }
        if row.state == .revoked { return .rowRevoked }
        if !task.specification.isEnabled { return .rowOfDisabled }
        return row.revision == task.revision ? nil : .rowOutdated
    }

    /// Each enabled task that an agent may own must be owned.
    private func cover(_ places: [TaskPart: ZNodePath]) -> [TreeFinding] {
        let parked = Set(
            content.rows.flatMap { bucket -> [TaskPart] in
                if case .parked = bucket.place { bucket.rows.map(\.key) } else { [] }
            }
        )
        let names = Dictionary(content.tasks.map { ($0.uid, $0.name) }) { first, _ in first }
        return plans.sorted { $0.key < $1.key }.flatMap { runtime, plan in
            plan.owners.keys.sorted().compactMap { part in
                let subject = names[part.uid]?.text
                guard let path = places[part] else {
                    let path = (try? snapshot.tree.runtime(runtime).allocations.text) ?? runtime.text
                    return TreeFinding(.rowMissing, path: path, subject: subject)
                }
                return parked.contains(part)
                    ? TreeFinding(.rowParked, path: path.text, subject: subject) : nil
            }
        }
    }
}

/// Heads, journals, inboxes and markers.
extension TreeVerifier {
    func headFindings() throws -> [TreeFinding] {
        var findings: [TreeFinding] = []
        for (seat, head) in content.heads.sorted(by: { $0.key < $1.key }) {
            let path = try snapshot.tree.runtime(seat.runtime).allocation(seat.agent)
            let journal = content.journals[JournalID(seat: seat, incarnation: head.incarnation)]
            let hasRows = content.rows.contains { $0.place == .owned(seat) && !$0.rows.isEmpty }
            // The table of an agent that is gone is deleted once it is empty.
            if journal == nil, hasRows || content.agents[seat] != nil {
                findings.append(TreeFinding(.headOfMissing, path: path.text, subject: head.incarnation.text))
            } else if journal?.fence.value.isSealed == true {
                findings.append(TreeFinding(.headOfSealed, path: path.text, subject: head.incarnation.text))
            }
            if let epoch = content.epoch, head.epoch.rawValue > epoch.rawValue {
                findings.append(
                    TreeFinding(
                        .epochAhead,
                        path: path.text,
                        detail: "it says \(head.epoch), the cluster is at \(epoch)"
                    )
                )
            }
            findings += listed(head, path)
        }
        for seat in content.agents.keys.sorted() where content.heads[seat] == nil {
            let path = try snapshot.tree.runtime(seat.runtime).allocation(seat.agent)
            findings.append(TreeFinding(.headMissing, path: path.text, subject: seat.agent.text))
        }
        return findings
    }

    /// The agent reads the buckets that the head names, and no others.
    private func listed(_ head: AllocationHead, _ path: ZNodePath) -> [TreeFinding] {
        let present = Set(snapshot.children(path).compactMap(Tree.bucket(named:)))
        let named = Set(head.buckets.keys)
        var details = present.subtracting(named).sorted().map {
            "bucket \(Tree.bucketName($0)) is not named by it"
        }
        details += named.subtracting(present).sorted().map { "bucket \(Tree.bucketName($0)) does not exist" }
        if let count = content.identity?.allocationBuckets, count != head.bucketCount {
            details.append("it counts \(head.bucketCount) buckets, the cluster \(count)")
        }
        return details.map { TreeFinding(.headDiffers, path: path.text, subject: $0, detail: $0) }
    }

    func journalFindings() throws -> [TreeFinding] {
        var findings: [TreeFinding] = []
        for (id, journal) in content.journals.sorted(by: { $0.key < $1.key }) {
            guard let kind = flaw(of: journal, id) else { continue }
            let open = journal.open.count
            let detail = open == 0 ? nil : "\(open) fire\(open == 1 ? "" : "s") without a result"
            findings.append(
                TreeFinding(kind, path: try snapshot.tree.fence(id).text, detail: detail)
            )
        }
        for (seat, registration) in content.agents.sorted(by: { $0.key < $1.key }) {
            let id = JournalID(seat: seat, incarnation: registration.incarnation)
            let journal = content.journals[id]
            guard journal?.fence.value.isSealed ?? true else { continue }
            let path = try snapshot.tree.runtime(seat.runtime).agent(seat.agent)
            let detail = journal == nil ? "it does not exist" : "it is sealed"
            findings.append(
                TreeFinding(
                    .agentWithoutJournal,
                    path: path.text,
                    subject: id.incarnation.text,
                    detail: detail
                )
            )
        }
        for id in content.inboxes.keys.sorted() where content.journals[id] == nil {
            let entries = content.inboxes[id]?.count ?? 0
            findings.append(
                TreeFinding(
                    .inboxWithoutJournal,
                    path: try snapshot.tree.inbox(id).text,
                    detail: "\(entries) entr\(entries == 1 ? "y" : "ies")"
                )
            )
        }
        return findings
    }

    private func flaw(of journal: TreeContent.Journal, _ id: JournalID) -> TreeFinding.Kind? {
        let isLive = content.agents[id.seat]?.incarnation == id.incarnation
        guard journal.fence.value.isSealed else { return isLive ? nil : .journalUnsealed }
        if content.heads[id.seat]?.incarnation == id.incarnation { return nil }
        let isEmpty = journal.open.isEmpty && !journal.hasSegments && (content.inboxes[id] ?? []).isEmpty
        let grace = content.runtimes[id.seat.runtime]?.rejoinGrace ?? .zero
        let sealedAt = Instant(millisecondsSinceEpoch: journal.fencedMilliseconds)
        guard now > sealedAt + grace + Limit.deciding else { return nil }
        return isEmpty ? .journalLeft : .journalUndecided
    }

    var markerFindings: [TreeFinding] {
        content.markers.sorted { $0.key < $1.key }.flatMap { path, entry -> [TreeFinding] in
            var findings: [TreeFinding] = []
            if Buckets.dispatched(entry.run) != entry.bucket {
                findings.append(TreeFinding(.misplaced, path: path.text, subject: entry.run.text))
            }
            if entry.marker.countsFrom + Limit.retryWindow + Limit.sweeping < now {
                findings.append(TreeFinding(.markerLeft, path: path.text, subject: entry.run.text))
            }
            return findings
        }
    }

    var sizeFindings: [TreeFinding] {
        let buckets = Set(content.rows.map(\.path))
        return snapshot.nodes.sorted { $0.key < $1.key }.compactMap { path, node in
            let isBucket = buckets.contains(path) || path.parent?.name == "cp"
            let limit = isBucket ? LeaderWriter.Limit.bucketBytesMax : ZNodeCodec.payloadBytesMax
            if Double(node.data.count) >= Double(limit) * Limit.share {
                return TreeFinding(
                    .nearLimit,
                    path: path.text,
                    subject: "bytes",
                    detail: "\(node.data.count) of \(limit) bytes"
                )
            }
            guard Double(node.children.count) >= Double(Limit.childrenMax) * Limit.share else { return nil }
            return TreeFinding(
                .nearLimit,
                path: path.text,
                subject: "children",
                detail: "\(node.children.count) children, \(Limit.childrenMax) are healthy"
            )
        }
    }
}
