import Domain
import Orchestration

extension WorkflowOccasion {
    /// What has become of each of these beginnings; pure.
    ///
    /// - Parameters:
    ///   - tasks: The workflow's tasks.
    ///   - begun: The runs that began it.
    ///   - runs: Runs of its steps, of whichever occasion.
    /// - Returns: The occasions, latest first.
    static func all(of tasks: [TaskDefinition], begun: [Run], runs: [Run]) -> [WorkflowOccasion] {
        var latest: [String: [TaskID: Run]] = [:]
        for run in runs {
            let occasion = base(of: run)
            if let known = latest[occasion]?[run.task], known.due > run.due { continue }
            latest[occasion, default: [:]][run.task] = run
        }
        var seen: Set<String> = []
        return begun.sorted { $0.due > $1.due }.compactMap { last in
            let occasion = base(of: last)
            guard seen.insert(occasion).inserted else { return nil }
            let first = begun.filter { base(of: $0) == occasion }.min { $0.due < $1.due } ?? last
            let steps = latest[occasion] ?? [:]
            let all = begun.filter { base(of: $0) == occasion } + steps.values
            return WorkflowOccasion(
                run: (beginning(of: all) ?? first).id,
                due: first.due,
                trigger: first.trigger,
                state: state(of: tasks, steps.merging([last.task: last]) { known, _ in known }),
                steps: steps
            )
        }
    }

    /// What a run and those that repeat it have in common: a repetition is named after what it repeats.
    private static func base(of run: Run) -> String {
        run.occasion.split(separator: "~").first.map(String.init) ?? run.occasion
    }

    /// The run with which the last repetition began, else the occasion itself: the one to say by which all is meant as it stands now.
    private static func beginning(of runs: [Run]) -> Run? {
        let last = runs.max { $0.due < $1.due }
        let together = runs.filter { $0.occasion == last?.occasion }
        let begun = together.filter { $0.terms?.retryOf != nil || $0.trigger != .dependency }
        return (begun.isEmpty ? together : begun).min { $0.id < $1.id }
    }

    private static func state(of tasks: [TaskDefinition], _ runs: [TaskID: Run]) -> State {
        if runs.values.contains(where: { !$0.state.isFinal }) { return .running }
        let isToCome = tasks.contains { runs[$0.name] == nil && isExpected($0, after: runs) }
        if isToCome { return .running }
        let states = Set(runs.values.map(\.state))
        if !states.isDisjoint(with: [.failed, .timedOut, .stopped, .missed, .lost]) { return .failed }
        return states.contains(.skipped) ? .skipped : .succeeded
    }

    /// Whether a step without a run is about to get one, or the record that it has none.
    private static func isExpected(_ task: TaskDefinition, after runs: [TaskID: Run]) -> Bool {
        let dependencies = task.specification.after
        guard !dependencies.edges.isEmpty else { return false }
        let arrivals = dependencies.edges.compactMap { edge in
            runs[edge.task].flatMap { DependencyArrival($0, edge.condition) }
        }
        switch dependencies.decide(arrivals) {
        case .ready, .skipped: return true
        case .waiting, .unneeded: return false
        }
    }
}
