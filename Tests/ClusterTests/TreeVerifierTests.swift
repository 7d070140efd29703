import Cluster
import Domain
import Scheduling
import SimulationKit
import Testing
import ZooKeeper

@Suite("Tree: its invariants")
struct TreeVerifierTests {
    /// What is done to a healthy tree, and which kinds must be found then.
    struct Row: CustomTestStringConvertible, Sendable {
        var what: String
        var found: [TreeFinding.Kind]
        var damage: @Sendable (HealthyTree) async throws -> Void
        var testDescription: String { what }
    }

    static let tasks = [
        Row(what: "nothing", found: []) { _ in },
        Row(what: "an index that names another revision", found: [.indexDiffers]) {
            try await $0.set(index: 7)
        },
        Row(
            what: "a definition without an index entry, and so without a row",
            found: [.indexDiffers, .rowMissing]
        ) {
            try await $0.add("forgotten", isIndexed: false)
        },
        Row(what: "an index entry without a definition", found: [.indexDiffers, .rowOfNoTask]) {
            try await $0.session.delete($0.definitionPath, version: nil)
        },
        Row(what: "a definition in another bucket", found: [.indexDiffers, .misplaced, .rowMissing]) {
            try await $0.add("stray", bucket: 1, isIndexed: false)
        },
        Row(what: "a copy of a definition under another name", found: [.copiedTask, .indexDiffers]) {
            var copy = $0.definition
            copy.specification.name = TaskID("copy")!
            try await $0.add(copy, isIndexed: false)
        },
        Row(
            what: "a definition under another name than its own",
            found: [.copiedTask, .indexDiffers, .misnamed, .misplaced, .undecodable]
        ) {
            let bucket = Buckets.task(TaskID("other")!, count: HealthyTree.taskBuckets)
            let path = try $0.tree.task(TaskID("other")!, bucket: bucket)
            try await $0.make(path, $0.definition)
        },
        Row(what: "a definition that is no definition", found: [.rowOfNoTask, .undecodable]) {
            _ = try await $0.session.set($0.definitionPath, data: Array("nonsense".utf8), version: nil)
        },
    ]

    static let rows = [
        Row(what: "a row in two buckets", found: [.rowTwice, .misplaced, .headDiffers]) {
            try await $0.make(
                $0.runtime.allocationBucket($0.agent, $0.bucket ^ 1),
                AllocationBucket(rows: [$0.row])
            )
        },
        Row(what: "a row that an agent has and that is parked", found: [.rowTwice, .rowParked]) {
            try await $0.make($0.runtime.parkedBucket($0.bucket), AllocationBucket(rows: [$0.row]))
        },
        Row(what: "no row at all", found: [.rowMissing]) { try await $0.set(rows: []) },
        Row(what: "parked although an agent may own it", found: [.rowParked]) {
            try await $0.set(rows: [])
            try await $0.make($0.runtime.parkedBucket($0.bucket), AllocationBucket(rows: [$0.row]))
        },
        Row(what: "parked because nobody may own it", found: []) {
            try await $0.set(rows: [])
            var definition = $0.definition
            definition.specification.placement.labels = ["gpu": "yes"]
            try await $0.overwrite($0.definitionPath, definition)
            try await $0.make($0.runtime.parkedBucket($0.bucket), AllocationBucket(rows: [$0.row]))
        },
        Row(what: "owned though disabled", found: [.rowOfDisabled]) {
            var definition = $0.definition
            definition.specification.isEnabled = false
            try await $0.overwrite($0.definitionPath, definition)
        },
        Row(what: "a row of a deleted task", found: [.rowOfNoTask]) {
            var row = $0.row
            row.uid = TaskUID(bits: 99)
            try await $0.set(rows: [$0.row])
            let bucket = Buckets.allocation(row.key, count: HealthyTree.allocationBuckets)
            try await $0.make($0.runtime.parkedBucket(bucket), AllocationBucket(rows: [row]))
        },
        Row(what: "a row of an older revision", found: [.rowOutdated]) {
            var row = $0.row
            row.revision = 9
            try await $0.set(rows: [row])
        },
        Row(what: "a row that was taken and not given", found: [.rowRevoked]) {
            var row = $0.row
            row.state = .revoked
            try await $0.set(rows: [row])
        },
        Row(what: "a bucket of rows that cannot be read", found: [.rowMissing, .undecodableTable]) {
            _ = try await $0.session.set(
                $0.runtime.allocationBucket($0.agent, $0.bucket),
                data: [1, 2, 3],
                version: nil
            )
        },
    ]

    static let journals = [
        Row(what: "a head that names nobody's incarnation", found: [.headOfMissing]) {
            try await $0.setHead { $0.incarnation = Incarnation(high: 7, low: 7) }
        },
        Row(what: "a head from the future", found: [.epochAhead]) {
            try await $0.setHead { $0.epoch = Epoch(rawValue: 9) }
        },
        Row(what: "a head that does not name its bucket", found: [.headDiffers]) {
            try await $0.setHead { $0.buckets = [:] }
        },
        Row(
            what: "an agent's own incarnation sealed",
            found: [.agentWithoutJournal, .headOfSealed]
        ) {
            try await $0.overwrite($0.tree.fence($0.journal), FenceRecord(isSealed: true))
        },
        Row(what: "a journal of an agent that is gone", found: [.journalUnsealed]) {
            try await $0.addJournal(isSealed: false)
        },
        Row(what: "a journal that is sealed and empty, and left", found: [.journalLeft]) {
            try await $0.addJournal(isSealed: true)
        },
        Row(what: "a sealed journal with an undecided fire", found: [.journalUndecided]) {
            let path = try await $0.addJournal(isSealed: true)
            let segment = JournalSegment(number: 1, nonce: Nonce(bits: 5), fires: [])
            try await $0.make(try path.child("s-1"), segment)
        },
        Row(what: "an inbox without a journal", found: [.inboxWithoutJournal]) {
            let inbox = try $0.runtime.inbox($0.agent, Incarnation(high: 8, low: 8))
            try await $0.session.createIfAbsent(inbox)
        },
        Row(
            what: "an agent that is not ephemeral",
            found: [.agentWithoutJournal, .headMissing, .notEphemeral]
        ) {
            let registration = HealthyTree.registration("b", Incarnation(high: 3, low: 3))
            try await $0.make($0.runtime.agent(AgentID("b")!), registration)
        },
        Row(what: "an old marker", found: [.markerLeft]) {
            try await $0.addMarker(age: .seconds(27 * 3_600))
        },
        Row(what: "a fresh marker", found: []) { try await $0.addMarker(age: .seconds(3_600)) },
        Row(what: "a marker in another bucket", found: [.misplaced]) {
            try await $0.addMarker(age: .seconds(60), shift: 1)
        },
    ]

    static let nodes = [
        Row(
            what: "a run that waits for others, one of another name and one that is none",
            found: [.misnamed, .undecodable]
        ) {
            let dispatched = DispatchedRun(
                attempt: AttemptID(run: RunID(FireKey(uid: $0.definition.uid, due: .epoch)), number: 1),
                task: $0.definition.name,
                uid: $0.definition.uid,
                revision: 1,
                due: .epoch,
                trigger: .dependency
            )
            let run = dispatched.attempt.run
            try await $0.make($0.tree.workflows, TaskIndex())
            try await $0.make($0.tree.workflowBucket(run), TaskIndex())
            let awaited = AwaitedRun(run: dispatched, isReady: false, since: .epoch)
            try await $0.make($0.tree.workflow(run), awaited)
            try await $0.make($0.tree.workflowBucket(run).child("other"), awaited)
            try await $0.make($0.tree.workflowBucket(run).child("none"), TaskIndex())
        },
        Row(what: "a node nobody knows, with one below it", found: [.unknownNode]) {
            try await $0.session.createIfAbsent(try $0.tree.root.child("notes"))
            try await $0.session.createIfAbsent(try $0.tree.root.child("notes").child("more"))
        },
        Row(what: "calendars, groups and revisions", found: []) {
            for path in try [$0.tree.calendars, $0.tree.groups, $0.tree.revisions] {
                try await $0.session.createIfAbsent(path)
            }
            let calendar = DayCalendar(name: CalendarID("off")!, days: DaySelection(weekdays: [.sunday]))
            try await $0.make($0.tree.calendar(calendar.name), calendar)
            let group = GroupSettings(name: GroupID("billing")!)
            try await $0.make($0.tree.group(group.name), group)
            try await $0.session.createIfAbsent(try $0.tree.revisionBucket(1))
            let revisions = TaskRevisions(uid: $0.definition.uid)
            try await $0.make($0.tree.revisions(of: TaskID("t")!, bucket: 1), revisions)
        },
        Row(what: "an agent that has ended", found: []) {
            let departed = DepartedAgent(
                agent: AgentID("gone")!,
                runtime: .standard,
                incarnation: HealthyTree.incarnation,
                since: .epoch,
                taskCount: 3
            )
            try await $0.session.createIfAbsent(try $0.runtime.departed)
            try await $0.make($0.runtime.departed(departed.agent), departed)
        },
        Row(what: "the revisions of a pool", found: []) {
            try await $0.session.createIfAbsent(try $0.tree.definitions)
            let note = SaveNote(revision: 1, at: .epoch)
            try await $0.make($0.tree.definition(.pool, "license"), DefinitionRevisions(present: note))
        },
        Row(what: "revisions that are none, and some of nothing", found: [.unknownNode, .undecodable]) {
            try await $0.session.createIfAbsent(try $0.tree.definitions)
            try await $0.session.createIfAbsent(
                try $0.tree.definition(.calendar, "off"),
                data: Array("nonsense".utf8)
            )
            try await $0.session.createIfAbsent(try $0.tree.definitions.child("other"))
        },
        Row(what: "a calendar under another name than its own", found: [.misnamed]) {
            try await $0.session.createIfAbsent(try $0.tree.calendars)
            let calendar = DayCalendar(name: CalendarID("off")!, days: DaySelection(weekdays: [.sunday]))
            try await $0.make($0.tree.calendar(CalendarID("on")!), calendar)
        },
        Row(what: "a calendar that is none", found: [.undecodable]) {
            try await $0.session.createIfAbsent(try $0.tree.calendars)
            try await $0.session.createIfAbsent(
                try $0.tree.calendar(CalendarID("off")!),
                data: Array("nonsense".utf8)
            )
        },
        Row(what: "a bucket that is spelt otherwise", found: [.unknownNode]) {
            try await $0.session.createIfAbsent(try $0.runtime.parked.child("1"))
        },
        Row(what: "no parent of the inboxes", found: [.missingNode]) {
            try await $0.session.delete(try $0.runtime.inbox($0.agent, HealthyTree.incarnation), version: nil)
            try await $0.session.delete(try $0.runtime.inbox($0.agent), version: nil)
            try await $0.session.delete(try $0.runtime.inbox, version: nil)
        },
        Row(what: "a runtime without settings, as an agent makes it", found: []) {
            _ = try await $0.session.set($0.runtime.settings, data: [], version: nil)
        },
        Row(what: "a description near the limit", found: [.nearLimit]) {
            let settings = RuntimeSettings(
                name: .standard,
                description: String(repeating: "x", count: 220_000)
            )
            try await $0.overwrite($0.runtime.settings, settings)
        },
    ]

    @Test("each flaw of a tree is found, and nothing else", arguments: tasks + rows + journals + nodes)
    func flaws(row: Row) async throws {
        let healthy = try await HealthyTree()
        try await row.damage(healthy)
        let findings = try await healthy.findings()
        #expect(
            findings.map(\.kind.rawValue).sorted() == row.found.map(\.rawValue).sorted(),
            "\(findings.map { "\($0.kind.rawValue) \($0.path) \($0.subject ?? "") \($0.detail ?? "")" })"
        )
        for finding in findings { #expect(finding.path.hasPrefix(healthy.tree.root.text + "/")) }
    }

    @Test("what only one of two readings has is on its way")
    func lasting() {
        let (here, there) = (
            TreeFinding(.rowMissing, path: "/a", subject: "t"), TreeFinding(.rowTwice, path: "/a")
        )
        var again = here
        again.detail = "said otherwise"
        #expect(TreeFinding.lasting([again, there], since: [here]) == [again])
        #expect(TreeFinding.lasting([], since: [here]).isEmpty)
    }

    @Test("every kind is either for the leader or for a person, and only sizes are harmless")
    func kinds() {
        #expect(TreeFinding.Kind.allCases.filter { !$0.isViolation } == [.nearLimit])
        #expect(!TreeFinding.Kind.rowTwice.mendsItself)
        #expect(TreeFinding.Kind.rowMissing.mendsItself)
    }
}

/// A tree with one leader, one agent and one task, which the agent owns.
struct HealthyTree: Sendable {
    static let taskBuckets = 16
    static let allocationBuckets = 4
    static let incarnation = Incarnation(high: 1, low: 1)
    static let now = Instant(rfc3339: "2026-03-01T00:00:00Z")!

    let session: any ZooKeeperSession
    let tree: Tree
    let runtime: RuntimeTree
    let agent = AgentID("a")!
    let definition: TaskDefinition

    var journal: JournalID {
        JournalID(seat: Seat(runtime: .standard, agent: agent), incarnation: Self.incarnation)
    }

    var row: AllocationRow {
        AllocationRow(
            task: definition.name,
            uid: definition.uid,
            revision: definition.revision,
            cursor: definition.createdAt
        )
    }

    var bucket: Int { Buckets.allocation(row.key, count: Self.allocationBuckets) }

    var definitionPath: ZNodePath {
        get throws {
            try tree.task(definition.name, bucket: Buckets.task(definition.name, count: Self.taskBuckets))
        }
    }

    init() async throws {
        session = try await InMemoryEnsemble().connect(resuming: nil)
        tree = try Tree(workspace: .standard)
        runtime = try tree.runtime(.standard)
        definition = Self.definition("tick", uid: 1)
        let identity = ClusterIdentity(
            id: Nonce(bits: 1),
            timeline: Nonce(bits: 2),
            allocationBuckets: Self.allocationBuckets,
            taskBuckets: Self.taskBuckets
        )
        _ = try await ClusterTree(session: session, tree: tree).ensure(identity: identity)
        let candidate = try await LeaderElection(session: session, path: try tree.election, guid: "0a")
            .enter()
        let leadership = Leadership(center: CenterID("c")!, guid: Nonce(bits: 3))
        _ = try await LeaderOffice(session: session, tree: tree).take(
            as: leadership,
            candidate: candidate.path
        )
        let nodes = try AgentNodes(tree: tree, seat: journal.seat, incarnation: Self.incarnation)
        _ = try await AgentRegistrar(session: session, nodes: nodes)
            .register(Self.registration("a", Self.incarnation))
        try await add(definition, isIndexed: true)
        let head = AllocationHead(
            incarnation: Self.incarnation,
            generation: 1,
            epoch: Epoch(rawValue: 1),
            bucketCount: Self.allocationBuckets,
            buckets: [bucket: 1]
        )
        try await make(runtime.allocation(agent), head)
        try await make(runtime.allocationBucket(agent, bucket), AllocationBucket(rows: [row]))
    }

    static func definition(_ name: String, uid: UInt64) -> TaskDefinition {
        var specification = TaskSpecification(name: TaskID(name)!, action: .command(["true"]))
        specification.schedules = [.every(try! IntervalSchedule(every: .seconds(10)))]
        return .created(specification, uid: TaskUID(bits: uid), now: now - .seconds(60))
    }

    static func registration(_ agent: String, _ incarnation: Incarnation) -> AgentRegistration {
        AgentRegistration(
            agent: AgentID(agent)!,
            incarnation: incarnation,
            slots: 4,
            version: "1",
            host: "h",
            processID: 1,
            startedAt: now
        )
    }

    func findings() async throws -> [TreeFinding] {
        try TreeVerifier(await TreeSnapshot.read(session: session, tree: tree), now: Self.now).findings()
    }

    func make(_ path: ZNodePath, _ payload: some Encodable) async throws {
        if let parent = path.parent { try await session.createIfAbsent(parent) }
        _ = try await session.create(path, data: try ZNodeCodec.encode(payload))
    }

    func overwrite(_ path: ZNodePath, _ payload: some Encodable) async throws {
        _ = try await session.set(path, data: try ZNodeCodec.encode(payload), version: nil)
    }

    func add(_ name: String, bucket: Int? = nil, isIndexed: Bool) async throws {
        try await add(Self.definition(name, uid: 50), bucket: bucket, isIndexed: isIndexed)
    }

    /// Adds a definition; `bucket` shifts it away from its own.
    func add(_ definition: TaskDefinition, bucket shift: Int? = nil, isIndexed: Bool) async throws {
        let own = Buckets.task(definition.name, count: Self.taskBuckets)
        let bucket = (own + (shift ?? 0)) % Self.taskBuckets
        let parent = try tree.taskBucket(bucket)
        let index = TaskIndex(tasks: isIndexed ? [definition.name: definition.indexEntry] : [:])
        if try await session.exists(parent) == nil { try await make(parent, index) }
        try await make(try tree.task(definition.name, bucket: bucket), definition)
    }

    func set(index revision: Int) async throws {
        let bucket = Buckets.task(definition.name, count: Self.taskBuckets)
        let entry = TaskIndex.Entry(revision: revision, uid: definition.uid)
        try await overwrite(tree.taskBucket(bucket), TaskIndex(tasks: [definition.name: entry]))
    }

    func set(rows: [AllocationRow]) async throws {
        try await overwrite(runtime.allocationBucket(agent, bucket), AllocationBucket(rows: rows))
    }

    func setHead(_ change: (inout AllocationHead) -> Void) async throws {
        let path = try runtime.allocation(agent)
        var head = try ZNodeCodec.decode(
            AllocationHead.self,
            from: await session.get(path).data,
            at: path.text
        )
        change(&head)
        try await overwrite(path, head)
    }

    /// A journal of an agent that is not there.
    @discardableResult
    func addJournal(isSealed: Bool) async throws -> ZNodePath {
        let path = try runtime.fence(AgentID("gone")!, Incarnation(high: 6, low: 6))
        try await make(path, FenceRecord(isSealed: isSealed))
        return path
    }

    func addMarker(age: Duration, shift: Int = 0) async throws {
        let run = RunID(request: Nonce(high: 4, low: 4))
        let marker = DispatchMarker(
            attempt: 1,
            agent: agent,
            incarnation: Self.incarnation,
            dispatchedAt: Self.now - age
        )
        let bucket = (Buckets.dispatched(run) + shift) % Buckets.dispatchedCount
        let parent = try runtime.dispatchedBucket(bucket)
        try await session.createIfAbsent(parent)
        try await make(try parent.child(run.text), marker)
    }
}
