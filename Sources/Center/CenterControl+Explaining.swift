import Cluster
import Domain
import Orchestration
import Scheduling
import ZooKeeper

/// Gathers the facts that explanations are made of; what they mean the explainers decide.
extension CenterControl {
    func explain(_ name: TaskID, at instant: Instant?) async throws -> Explanation {
        guard let definition = state.store.catalog.tasks[name]?.value else {
            throw CenterError.notFound(kind: "task", name: name.text)
        }
        let subject = "task/\(name)"
        guard let instant else {
            let facts = try await facts(of: definition)
            return Explanation(subject: subject, findings: TaskExplainer.explain(facts))
        }
        let paths = try paths(of: definition, owner: nil)
        let run = try await run(of: definition, at: instant)
        var about: [Explanation.Finding] = []
        if let run { about = RunExplainer.explain(try await facts(of: run)) }
        let findings = InstantExplainer.explain(instant, of: definition, now: time.now, run: about, paths)
        return Explanation(subject: subject, at: instant, findings: findings)
    }

    func explain(_ id: RunID) async throws -> Explanation {
        let wait = await unitWait(of: id)
        do {
            var explanation = try await explainRecorded(id)
            if let wait { explanation.findings.insert(try finding("It", wait), at: 0) }
            return explanation
        } catch CenterError.notFound(let kind, let name) {
            // What was asked for and waits since has no record yet.
            guard let wait else { throw CenterError.notFound(kind: kind, name: name) }
            return Explanation(subject: "run/\(id)", findings: [try finding("It", wait)])
        }
    }

    private func finding(
        _ subject: String,
        _ wait: (claim: UnitClaim, sentence: String)
    ) throws -> Explanation.Finding {
        .init(
            .waitsForUnits,
            "\(subject) \(wait.sentence).",
            in: "znode \(try tree.claim(wait.claim.attempt).text)",
            advice: "\"cloudtask pool list\" shows who holds what; a timeout ends runs that hang."
        )
    }

    private func explainRecorded(_ id: RunID) async throws -> Explanation {
        guard let run = try await history.run(id) else {
            guard let key = id.fireKey, let task = state.store.read({ $0.task(key.uid) }) else {
                throw CenterError.notFound(kind: "run", name: id.text)
            }
            return try await explain(task.name, at: key.due)
        }
        return Explanation(subject: "run/\(id)", findings: RunExplainer.explain(try await facts(of: run)))
    }

    /// How many runs are looked at for what lived at a time.
    private static let neighboursMax = 200

    private func facts(of definition: TaskDefinition, part number: Int? = nil) async throws -> TaskFacts {
        let catalog = state.store.catalog
        let reconciler = state.leading?.reconciler
        let mirror = await reconciler?.mirror
        let parts = mirror.flatMap { placement(of: definition, $0) }
        let telling = number ?? parts?.unplaced?.first ?? parts?.owners.first?.parts.first
        let part = TaskPart(uid: definition.uid, part: telling ?? 0)
        let roster = await reconciler?.roster
        let runtime = definition.specification.runtime
        var place = TaskFacts.Place.unknown
        if let mirror {
            place =
                switch mirror.places[part] {
                case .owned(let seat): .owned(seat.agent)
                case .parked: .parked
                case nil: .nowhere
                }
        }
        let owner: AgentID? = if case .owned(let agent) = place { agent } else { nil }
        let living = try await history.runs(
            RunFilter(task: definition.name, states: [.waiting, .running, .retrying]),
            page: nil,
            limit: Self.neighboursMax
        ).elements
        var running: [AgentID: Int] = [:]
        if let owner {
            let filter = RunFilter(runtime: runtime, agent: owner, states: [.running])
            let there = try await history.runs(filter, page: nil, limit: Self.neighboursMax).elements
            running[owner] = there.count { $0.attempts.last?.agent == owner }
        }
        let latest = try await history.runs(RunFilter(task: definition.name), page: nil, limit: 20).elements
        return TaskFacts(
            definition: definition,
            now: time.now,
            part: part.part,
            parts: parts,
            place: place,
            row: mirror?.row(part),
            reason: await reconciler?.reasons[part],
            groupPause: catalog.groups[definition.specification.group]?.value.pause?.inForce(at: time.now),
            runtimePause: catalog.runtimes[runtime]?.value.pause?.inForce(at: time.now),
            leaderless: await leaderless(),
            agents: roster?.agents(of: runtime) ?? [],
            registrations: catalog.registrations(runtime),
            running: running,
            living: living.reversed(),
            latest: latest.first { $0.state.isFinal },
            unitWaits: try await unitWaits(of: definition.uid).map { wait in
                try finding("Run \(wait.claim.attempt.run)", wait)
            },
            paths: try paths(of: definition, part: part.part, owner: owner)
        )
    }

    private func facts(of run: Run) async throws -> RunFacts {
        let catalog = state.store.catalog
        let definition = catalog.task(run.uid)
        let agent = run.attempts.first?.agent
        let seat = run.attempts.last.map { Seat(runtime: run.runtime, agent: $0.agent) }
        var neighbours = try await around(run, RunFilter(task: run.task))
        if let agent {
            neighbours += try await around(run, RunFilter(runtime: run.runtime, agent: agent))
            // What runs for long was due before all those.
            let living = RunFilter(runtime: run.runtime, agent: agent, states: [.running])
            neighbours += try await around(run, living)
        }
        var place: Explanation.Finding?
        var owner: AgentID?
        if let definition {
            let facts = try await facts(of: definition, part: run.part)
            place = TaskExplainer.explain(facts).first { $0.cause == .place }
            if case .owned(let agent) = facts.place { owner = agent }
        }
        return RunFacts(
            run: run,
            definition: definition,
            now: time.now,
            isAgentHere: seat.map { catalog.agents[$0]?.incarnation == run.attempts.last?.incarnation }
                ?? true,
            neighbours: neighbours,
            sharers: try await sharers(of: run, definition),
            slots: agent.flatMap { catalog.agents[Seat(runtime: run.runtime, agent: $0)]?.slots },
            retries: try await history.retries(of: run.id),
            place: place,
            owner: owner,
            paths: try paths(
                of: run.task,
                uid: run.uid,
                part: run.part,
                run.runtime,
                group: definition?.specification.group ?? .standard,
                owner: seat?.agent
            )
        )
    }

    /// More tasks that need the same key are not looked at.
    private static let sharersMax = 20

    /// The runs, around a run, of all tasks that need the exclusive keys which its task needs.
    private func sharers(of run: Run, _ definition: TaskDefinition?) async throws -> [PoolID: [Run]] {
        let catalog = state.store.catalog
        var sharers: [PoolID: [Run]] = [:]
        for key in definition?.specification.demand.keys ?? [] {
            for task in catalog.users(of: .key(key)).prefix(Self.sharersMax) {
                sharers[key, default: []] += try await around(run, RunFilter(task: task.name))
            }
        }
        return sharers
    }

    /// The runs that were due not long before a run was started.
    private func around(_ run: Run, _ filter: RunFilter) async throws -> [Run] {
        var filter = filter
        filter.until = run.attempts.first?.startedAt ?? run.due
        return try await history.runs(filter, page: nil, limit: Self.neighboursMax).elements
    }

    /// The record that stands for an instant, alone or with others.
    private func run(of definition: TaskDefinition, at instant: Instant) async throws -> Run? {
        let parts = parts(of: definition, at: instant)
        let runs = try await pipelined(parts, limit: 16) { [history] part in
            try await history.run(RunID(FireKey(uid: definition.uid, part: part, due: instant)))
        }
        if let run = runs.compactMap(\.self).max(by: { $0.state.weight < $1.state.weight }) { return run }
        // A range is kept under its last instant.
        let later = try await history.runs(
            RunFilter(task: definition.name, states: [.missed, .skipped], since: instant),
            page: nil,
            limit: Self.neighboursMax
        ).elements
        return later.last { run in run.uid == definition.uid && (run.since.map { $0 <= instant } ?? false) }
    }

    private func leaderless() async -> String? {
        guard case .unknown(let reason) = await leadership() else { return nil }
        return reason
    }

    private func paths(of definition: TaskDefinition, part: Int = 0, owner: AgentID?) throws
        -> ExplanationPaths
    {
        try paths(
            of: definition.name,
            uid: definition.uid,
            part: part,
            definition.specification.runtime,
            group: definition.specification.group,
            owner: owner
        )
    }

    private func paths(
        of name: TaskID,
        uid: TaskUID,
        part: Int,
        _ runtime: RuntimeID,
        group: GroupID,
        owner: AgentID?
    ) throws -> ExplanationPaths {
        let identity = state.store.read(\.identity)
        let rows = Buckets.allocation(
            TaskPart(uid: uid, part: part),
            count: identity?.allocationBuckets ?? 256
        )
        let folder = try tree.runtime(runtime)
        let bucket = Buckets.task(name, count: identity?.taskBuckets ?? 4_096)
        return ExplanationPaths(
            definition: try tree.task(name, bucket: bucket).text,
            row: try owner.map { try folder.allocationBucket($0, rows) }?.text
                ?? folder.parkedBucket(rows).text,
            agents: try folder.agents.text,
            runtime: folder.settings.text,
            group: try tree.group(group).text,
            epoch: try tree.epoch.text
        )
    }
}
