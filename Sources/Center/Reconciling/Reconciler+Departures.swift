import Cluster
import Domain
import Logging
import Scheduling

/// What became of the agents that are remembered, and who is to be; pure.
struct Departures: Sendable {
    /// Those that have ended and are not remembered yet, sorted.
    private(set) var added: [DepartedAgent] = []
    /// Those that are there again, were drained, or ended too long ago.
    private(set) var removed: [Versioned<DepartedAgent>] = []
    /// When the next one has ended too long ago; `nil` when none is remembered.
    private(set) var nextEnd: Instant?

    /// Looks at who is there, and at the sealed journals of those who are not.
    ///
    /// - Parameters:
    ///   - situation: What is known now.
    ///   - known: Who is remembered.
    ///   - noted: Whose ends were noted before: somebody may have had them forgotten.
    ///   - now: The present.
    init(
        _ situation: Situation,
        known: [Seat: Versioned<DepartedAgent>],
        noted: Set<JournalID>,
        now: Instant
    ) {
        let (catalog, mirror) = (situation.catalog, situation.mirror)
        func isDrained(_ seat: Seat) -> Bool {
            catalog.runtimes[seat.runtime]?.value.drained.contains(seat.agent) ?? false
        }
        var kept: [Versioned<DepartedAgent>] = []
        for record in known.values.sorted(by: { $0.value.seat < $1.value.seat }) {
            let seat = record.value.seat
            // A leader whose clock was far ahead may have written it.
            let age = record.value.since.duration(to: now)
            let isOver = age >= DepartedAgent.memory || age <= .zero - DepartedAgent.memory
            if isOver || catalog.agents[seat] != nil || isDrained(seat) {
                removed.append(record)
            } else {
                kept.append(record)
            }
        }
        let gone = mirror.fences.filter { $0.value.value.isSealed && catalog.agents[$0.key.seat] == nil }.keys
        var seen: Set<Seat> = []
        for journal in gone.sorted() where !noted.contains(journal) && known[journal.seat] == nil {
            guard !isDrained(journal.seat), seen.insert(journal.seat).inserted else { continue }
            added.append(
                DepartedAgent(
                    agent: journal.seat.agent,
                    runtime: journal.seat.runtime,
                    incarnation: journal.incarnation,
                    since: now,
                    taskCount: mirror.tables[journal.seat]?.rows.count ?? 0
                )
            )
        }
        added = Array(added.prefix(DepartedAgent.countMax))
        let surplus = kept.count + added.count - DepartedAgent.countMax
        kept.sort { ($0.value.since, $0.value.seat) < ($1.value.since, $1.value.seat) }
        removed += kept.prefix(max(0, surplus))
        let left = kept.dropFirst(max(0, surplus)).map(\.value.since) + added.map(\.since)
        nextEnd = left.min().map { $0 + DepartedAgent.memory }
    }
}

extension Reconciler {
    /// Remembers agents that have ended without having been drained, and forgets those that are back, or ended long ago.
    func noteDepartures() async throws {
        guard let situation = situation() else { return }
        let change: Departures
        do {
            change = try await carryOutDepartures(situation)
        } catch LeaderWriteError.conflict {
            // Somebody has put something there: what it is, is read again.
            departed = nil
            do {
                change = try await carryOutDepartures(situation)
            } catch LeaderWriteError.conflict(let error) {
                // This is for people only: what has to be done for the tasks of these agents does not wait for it.
                logger.debug("Agents that have ended cannot be noted now", metadata: ["error": "\(error)"])
                departed = nil
                return
            }
        }
        departuresNoted.formUnion(situation.mirror.fences.filter(\.value.value.isSealed).keys)
        departuresNoted.formIntersection(situation.mirror.fences.keys)
        if let end = change.nextEnd { askForPass(at: time.monotonic + time.now.duration(to: end)) }
    }

    private func carryOutDepartures(_ situation: Situation) async throws -> Departures {
        let shelf = DepartureShelf(writer: writer)
        let known: [Seat: Versioned<DepartedAgent>]
        if let departed {
            known = departed
        } else {
            known = try await shelf.load(in: environment.store.read { $0.runtimes.keys.sorted() })
            departed = known
        }
        let change = Departures(situation, known: known, noted: departuresNoted, now: time.now)
        if !change.added.isEmpty || !change.removed.isEmpty {
            let written = try await shelf.change(adding: change.added, removing: change.removed)
            for record in change.removed { departed?[record.value.seat] = nil }
            for record in written { departed?[record.value.seat] = record }
        }
        return change
    }

    /// Forgets an agent that has ended; `false` when it is not remembered.
    func forgetDeparture(of seat: Seat) async throws -> Bool {
        guard let record = departed?[seat] else { return false }
        _ = try await DepartureShelf(writer: writer).change(adding: [], removing: [record])
        departed?[seat] = nil
        return true
    }
}
