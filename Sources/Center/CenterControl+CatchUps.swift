import Cluster
import Domain
import Orchestration
import Scheduling

/// How many missed fires changes of tasks would have made up for.
extension CenterControl {
    /// What these next revisions of tasks begin: by runtime, sorted, without those that begin nothing.
    ///
    /// Who has an agent decides its fires all the time, so that a change leaves nothing to be made up for. Nothing is counted until the
    /// leader has read where everything is.
    func catchUps(by definitions: [TaskDefinition], _ leading: LeadingCenter) async -> [CatchUpShare] {
        guard !definitions.isEmpty, let roster = await leading.reconciler.roster else { return [] }
        return CatchUpCount(roster, now: time.now).shares(of: definitions)
    }
}

/// Counts what changes of tasks have made up for; pure.
struct CatchUpCount {
    private let roster: Roster
    private let now: Instant

    init(_ roster: Roster, now: Instant) {
        (self.roster, self.now) = (roster, now)
    }

    /// What these next revisions begin beyond what their present ones would have begun by themselves.
    func shares(of definitions: [TaskDefinition]) -> [CatchUpShare] {
        var forecasts: [RuntimeID: CatchUpForecast] = [:]
        func starts(_ task: TaskDefinition, _ parts: [CatchUpForecast.IdlePart]) -> Int {
            let runtime = task.specification.runtime
            let forecast = forecasts[runtime] ?? CatchUpForecast(agents: roster.agents(of: runtime), now: now)
            forecasts[runtime] = forecast
            return forecast.starts(of: task, parts)
        }
        var counts: [RuntimeID: Int] = [:]
        for next in definitions {
            guard let present = roster.catalog.tasks[next.name]?.value, present.uid == next.uid else {
                continue
            }
            let parts = idleParts(of: next)
            guard !parts.isEmpty else { continue }
            let begun = starts(next, parts) - starts(present, parts)
            if begun > 0 { counts[next.specification.runtime, default: 0] += begun }
        }
        return counts.sorted { $0.key < $1.key }.map { runtime, count in
            let settings = roster.catalog.runtimes[runtime]?.value ?? RuntimeSettings(name: runtime)
            return CatchUpShare(runtime: runtime, count: count, allowed: settings.catchUpsMax)
        }
    }

    /// The parts that no agent has, with what is decided of them; those of a broadcast's agents make up for next to nothing.
    private func idleParts(of task: TaskDefinition) -> [CatchUpForecast.IdlePart] {
        guard task.specification.split != .broadcast else { return [] }
        return task.specification.split.parts.compactMap { number -> CatchUpForecast.IdlePart? in
            let part = TaskPart(uid: task.uid, part: number)
            switch roster.mirror.places[part] {
            case .owned: return nil
            case .parked:
                guard let row = roster.mirror.row(part) else { return nil }
                return CatchUpForecast.IdlePart(part: number, cursor: row.cursor)
            case nil: return CatchUpForecast.IdlePart(part: number, cursor: task.begin(of: number))
            }
        }
    }
}
