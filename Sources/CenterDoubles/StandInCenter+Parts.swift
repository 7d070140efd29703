public import Center
public import Domain
import Scheduling

/// Tasks whose fires have several parts.
extension StandInCenter {
    /// By the task as it is now.
    public func part(of run: Run) -> RunPart? {
        guard let shards = definitions[run.task]?.specification.shards else { return nil }
        return RunPart(index: run.part, total: shards.total, name: shards.name(of: run.part))
    }

    /// The fires that the history has.
    public func parts(besides run: Run) async throws -> FireParts? {
        guard let shards = definitions[run.task]?.specification.shards, let key = run.id.fireKey else {
            return nil
        }
        var runs: [Run] = []
        for part in 0..<shards.total {
            let id = RunID(FireKey(uid: key.uid, part: part, due: key.due))
            if let known = await runHistory.run(id) { runs.append(known) }
        }
        return FireParts(total: shards.total, runs: runs)
    }
}
