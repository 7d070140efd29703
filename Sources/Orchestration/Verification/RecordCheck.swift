import Domain
import Scheduling

/// Holds what agents recorded of one task against what the centers say of it.
struct RecordCheck {
    /// The centers' runs of the task, merged.
    let runs: [Run]

    /// What the agents' records show: things no center knows, contradictions, and instants that two agents decided.
    func findings(_ reports: [RunReport]) -> [RunFinding] {
        let known = Dictionary(grouping: runs, by: \.id)
        let byRun = Dictionary(grouping: reports) { $0.fire.attempt.run }
        return byRun.keys.sorted().flatMap { id -> [RunFinding] in
            let reports = byRun[id] ?? []
            let views = Dictionary(grouping: reports, by: \.agent)
                .sorted { $0.key < $1.key }.compactMap { Self.view(of: $0.value) }
            guard let records = known[id] else { return views.map { RunFinding(.undelivered, run: $0) } }
            return views.compactMap { Self.difference($0, from: records) } + Self.disputes(reports)
        }
    }

    /// What an agent knows of a run, from all that it recorded of it.
    private static func view(of reports: [RunReport]) -> Run? {
        guard let first = reports.first else { return nil }
        var run = Run(first)
        for report in reports { run.apply(report) }
        return run
    }

    private static func difference(_ view: Run, from records: [Run]) -> RunFinding? {
        for attempt in view.attempts {
            guard let result = attempt.result else { continue }
            let heard = records.lazy.flatMap(\.attempts).filter { $0.number == attempt.number }
            guard !heard.isEmpty, heard.contains(where: { $0.result != nil }) else {
                return RunFinding(.undelivered, run: view)
            }
            // That it was lost is what the leader says while it knows no better; an agent may say so of what it cannot know either.
            if result.outcome != .lost, !heard.contains(where: { $0.result?.outcome == result.outcome }) {
                return RunFinding(.recordsDiffer, run: view)
            }
        }
        return nil
    }

    /// Each attempt, and each decision not to launch, belongs to one agent.
    private static func disputes(_ reports: [RunReport]) -> [RunFinding] {
        let byAttempt = Dictionary(grouping: reports) { $0.fire.attempt.number }
        return byAttempt.keys.sorted().compactMap { number in
            let reports = byAttempt[number] ?? []
            let agents = Set(reports.map(\.agent)).sorted()
            guard agents.count > 1, let fire = reports.first?.fire else { return nil }
            return RunFinding(
                kind: .decidedTwice,
                due: fire.due,
                run: fire.attempt.run,
                attempts: agents.map { _ in number },
                nodes: agents
            )
        }
    }
}
