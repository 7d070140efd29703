public import Center
public import Domain

/// Requests of runs, and what stops them.
extension StandInCenter {
    /// Requests a run that repeats another one.
    public func retryRun(_ run: RunID, key: String, terms: RunTerms) async throws -> RunID {
        guard let known = await runHistory.run(run) else {
            throw CenterError.notFound(kind: "run", name: run.text)
        }
        guard known.state.isFinal else { throw CenterError.conflict("run \(run) is not over") }
        return try request(of: definition(known.task), key: key, terms: terms, part: known.part)
    }

    /// Requests a run of each part, or of one shard; the same key gives the same runs.
    public func requestRuns(of task: TaskID, key: String, terms: RunTerms, shard: String?) throws -> [RunID] {
        let definition = try definition(task)
        guard let shard else {
            return try definition.specification.split.parts.map {
                try request(of: definition, key: key, terms: terms, part: $0)
            }
        }
        guard let part = definition.specification.shards?.index(of: shard) else {
            let problem = ValidationProblem(field: "shard", message: "task \(task) has no shard '\(shard)'")
            throw CenterError.invalid([problem])
        }
        return [try request(of: definition, key: key, terms: terms, part: part)]
    }

    private func request(of task: TaskDefinition, key: String, terms: RunTerms, part: Int) throws -> RunID {
        if let refusal = CenterError.refusal(toRun: task) { throw refusal }
        let problems =
            task.specification.problems(withValues: terms.parameters, ofParts: [part])
            + terms.startProblems(now: now)
        guard problems.isEmpty else { throw CenterError.invalid(problems) }
        var keys = requests[task.name] ?? []
        if !keys.contains(key) { keys.append(key) }
        requests[task.name] = keys
        let index = keys.firstIndex(of: key) ?? 0
        let run = RunID(request: Nonce(high: UInt64(1 + part), low: UInt64(index)))
        if let startsAt = terms.startsAt {
            let dispatched = DispatchedRun(
                attempt: AttemptID(run: run, number: 1),
                task: task.name,
                uid: task.uid,
                part: part,
                revision: task.revision,
                due: startsAt,
                trigger: .request,
                terms: terms.asked(at: now)
            )
            runsToCome[run] = Run(toCome: dispatched, in: task.specification.runtime)
        }
        return run
    }

    /// The runs that were put off when they were asked for; none of them ever begins.
    public func runToCome(_ run: RunID) -> Run? { runsToCome[run] }

    /// Remembers that the run was asked to stop.
    public func stop(_ run: RunID, kill: Bool) async throws {
        guard let known = await runHistory.run(run) else {
            throw CenterError.notFound(kind: "run", name: run.text)
        }
        guard !known.state.isFinal else { throw CenterError.conflict("run \(run) is over") }
        stopped[run] = kill
    }

    /// The agent of the latest attempt.
    public func owner(of run: Run) -> RunOwner? {
        guard !run.state.isFinal, let last = run.attempts.last else { return nil }
        return .agent(last.agent, last.incarnation, deadline: nil)
    }
}
