import Cluster
import Domain
import Logging
import Mutations
import Orchestration
import Scheduling

/// Pools and exclusive keys.
extension CenterControl {
    func pools() async throws -> [PoolView] {
        let ledger = try await leading().pools.ledger
        let catalog = state.store.catalog
        var counts: [UnitSource: Int] = [:]
        for task in catalog.tasks.values {
            for source in task.value.specification.demand.units.keys { counts[source, default: 0] += 1 }
        }
        let sources = Set(counts.keys).union(catalog.pools.keys.map { .pool($0) })
        return sources.sorted { ($0.name, $0) < ($1.name, $1) }.compactMap { source in
            var view = view(of: source, catalog, ledger)
            view?.taskCount = counts[source] ?? 0
            view?.holders = []
            view?.line = []
            return view
        }
    }

    func pool(_ source: UnitSource) async throws -> PoolView {
        let ledger = try await leading().pools.ledger
        let catalog = state.store.catalog
        let users = catalog.users(of: source)
        guard var view = view(of: source, catalog, ledger) else {
            throw CenterError.notFound(kind: "pool", name: source.name.text)
        }
        if case .key(let name) = source, users.isEmpty, view.holders.isEmpty, view.line.isEmpty {
            throw CenterError.notFound(kind: "exclusive key", name: name.text)
        }
        view.taskCount = users.count
        return view
    }

    private func view(of source: UnitSource, _ catalog: Catalog, _ ledger: PoolLedger) -> PoolView? {
        let claims = ledger.claims(on: source)
        var view = PoolView(
            source: source,
            units: 1,
            held: ledger.held(source),
            waiting: claims.line.count,
            holders: Array(claims.holders.prefix(PoolView.shownMax)),
            line: Array(claims.line.prefix(PoolView.shownMax))
        )
        if case .pool(let name) = source {
            guard let pool = catalog.pools[name]?.value else { return nil }
            (view.units, view.description) = (pool.units, pool.description)
        }
        return view
    }

    func setPool(_ pool: Pool, _ note: ChangeNote) async throws -> Pool? {
        try refuse(pool.problems + note.problems())
        let former = try await change { leading in
            let catalog = state.store.catalog
            let former = catalog.pools[pool.name]?.value
            try refuse(pool, tooSmallFor: catalog.users(of: .pool(pool.name)))
            if former != pool {
                try await record(.pool(pool), note, leading.catalogWriter)
                try await leading.catalogWriter.write(pool)
            }
            return former
        } rereading: { leading in
            try await leading.catalogWriter.rereadSources()
        }
        state.hints.pools.wake()
        return former
    }

    /// Refuses a pool that has fewer units than a run of one of these tasks takes.
    func refuse(_ pool: Pool, tooSmallFor users: [TaskDefinition]) throws(CenterError) {
        let short = users.filter { ($0.specification.demand.pools[pool.name] ?? 0) > pool.units }
        guard !short.isEmpty else { return }
        let most = short.compactMap { $0.specification.demand.pools[pool.name] }.max() ?? 0
        throw .conflict(
            "pool \(pool.name) cannot have \(pool.units) unit\(pool.units == 1 ? "" : "s"): a run of "
                + "\(Self.names(short)) takes up to \(most); let them take fewer first"
        )
    }

    func deletePool(_ name: PoolID) async throws {
        try await change { leading in
            let catalog = state.store.catalog
            guard catalog.pools[name] != nil else {
                throw CenterError.notFound(kind: "pool", name: name.text)
            }
            let users = catalog.users(of: .pool(name))
            guard users.isEmpty else {
                throw CenterError.conflict(
                    "pool \(name) is kept: \(Self.names(users)) \(users.count == 1 ? "takes" : "take") units of it; "
                        + "take it out of their pools first"
                )
            }
            try await leading.catalogWriter.delete(name)
            try await leading.catalogWriter.forget(.pool, name.text)
        } rereading: { leading in
            try await leading.catalogWriter.rereadSources()
        }
    }

    private static func names(_ tasks: [TaskDefinition]) -> String {
        let shown = tasks.prefix(namedMax).map(\.name.text).joined(separator: ", ")
        let rest = tasks.count > namedMax ? " and \(tasks.count - namedMax) more" : ""
        return "task\(tasks.count == 1 ? "" : "s") \(shown)\(rest)"
    }

    /// More names than that are only counted.
    private static let namedMax = 5
}

extension CenterControl {
    /// Takes back the units of attempts that have ended; `false` when that is not possible now: the reports come again.
    func releaseUnits(of reports: [RunReport], _ leading: LeadingCenter) async -> Bool {
        let ended = state.store.read { catalog in
            var ended: [AttemptID: Bool] = [:]
            for report in reports {
                guard case .ended = report.phase else { continue }
                let demand = catalog.task(report.fire.uid)?.specification.demand
                ended[report.fire.attempt] = demand.map { !$0.isEmpty } ?? false
            }
            return ended
        }
        guard !ended.isEmpty, !Mutation.keepsUnits.isOn else { return true }
        do {
            if try await leading.pools.release(ended) { state.hints.pools.wake() }
            return true
        } catch {
            logger.debug("Units cannot be taken back now", metadata: ["error": "\(error)"])
            return false
        }
    }

    func unitWaits(of attempts: [AttemptID]) async -> [AttemptID: String] {
        guard let ledger = await state.leading?.pools.ledger else { return [:] }
        var waits: [AttemptID: String] = [:]
        for attempt in attempts { waits[attempt] = ledger.wait(of: attempt)?.sentence }
        return waits
    }

    /// Which attempt of a run waits for units, and for what; `nil` when none does, or this center does not lead.
    func unitWait(of run: RunID) async -> (claim: UnitClaim, sentence: String)? {
        guard let ledger = await state.leading?.pools.ledger,
            let claim = ledger.line.last(where: { $0.attempt.run == run }),
            let wait = ledger.wait(of: claim.attempt)
        else { return nil }
        return (claim, wait.sentence)
    }

    /// Which attempts of a task wait for units, and for what, the first few in line; none when this center does not lead.
    func unitWaits(of task: TaskUID) async -> [(claim: UnitClaim, sentence: String)] {
        guard let ledger = await state.leading?.pools.ledger else { return [] }
        var waits: [(claim: UnitClaim, sentence: String)] = []
        for claim in ledger.line where claim.uid == task && waits.count < PoolLedger.Wait.holdersShown {
            if let wait = ledger.wait(of: claim.attempt) { waits.append((claim, wait.sentence)) }
        }
        return waits
    }
}

extension Catalog {
    /// The tasks whose runs hold units of something, sorted by name.
    func users(of source: UnitSource) -> [TaskDefinition] {
        tasks.values.map(\.value).filter { $0.specification.demand.units[source] != nil }
            .sorted { $0.name < $1.name }
    }
}

extension PoolLedger.Wait {
    /// What is waited for, such as "waits for 2 units of pool license: held by run r-1 (nightly)".
    var sentence: String {
        let what =
            switch source {
            case .key(let name): "waits for exclusive key \(name)"
            case .pool(let name):
                "waits for \(units) unit\(units == 1 ? "" : "s") of pool \(name) (\(size) in all)"
            }
        let shown = holders.prefix(Self.holdersShown).map { "run \($0.attempt.run) (\($0.task))" }
        let rest = holders.count > shown.count ? " and \(holders.count - shown.count) more" : ""
        let held = holders.isEmpty ? "" : ": held by " + shown.joined(separator: ", ") + rest
        return what + held + (ahead == 0 ? "" : ", \(ahead) before it in the line")
    }

    /// More holders than that are only counted.
    fileprivate static let holdersShown = 3
}
