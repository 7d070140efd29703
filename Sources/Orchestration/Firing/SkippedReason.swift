public import Domain

/// Why fires and requests are recorded as skipped: the texts people read.
public enum SkippedReason {
    /// The run that lived then; by `concurrency`.
    public static func lives(_ run: RunID?) -> String {
        "run \(run.map(\.text) ?? "of another fire") had not ended (concurrency)"
    }
    /// More fires waited than the policy lets wait.
    public static let crowded = "a newer fire took its place while it waited for a run to end (concurrency)"
    /// As `crowded`, and there were more than anybody wants to count.
    public static let crowdedUncounted = crowded + "; counted no further"
    /// A newer run took over between two attempts.
    public static let replaced = "a newer run replaced it before its next attempt (concurrency: replace)"
    /// The schedule that a run of its chain was to follow does not count any more.
    public static let unscheduled = "its schedule was changed or paused while it waited for its time"
    /// Its task has become resident meanwhile.
    public static let resident =
        "the task is resident: its processes follow one another, and no other run does"
    /// Its task was paused when it was to follow.
    public static let paused = "the task is paused"
    /// There is nothing left to run.
    public static let deleted = "the task was deleted"
    /// Nobody else may run a part.
    public static let partGone = "the agent or the shard that it was for is gone"
    /// Only one process may run what follows its start.
    public static let processGone = "the process of the agent whose start it follows has ended"
    /// A run it comes after did not end as it should.
    public static func notMet(_ arrival: DependencyArrival, of dependencies: Dependencies) -> String {
        let condition = dependencies.edges.first { $0.task == arrival.task }?.condition ?? .succeeded
        return
            "it comes after \(arrival.task) (\(condition.name)), of which run \(arrival.run) did not end so"
    }
    /// Not all of the runs it comes after took place.
    public static func incomplete(_ missing: [TaskID]) -> String {
        let names = missing.map(\.text).joined(separator: ", ")
        return "no run of \(names) belongs to the same occasion, and it comes after them"
    }
    /// Somebody wanted it skipped.
    public static func requested(_ exception: FireException) -> String {
        "skipped on request" + (exception.author.map { " of \($0)" } ?? "")
            + (exception.reason.map { ": \($0)" } ?? "")
    }
    /// Somebody stopped it.
    public static let stopped = "stopped while it waited for an earlier run to end"
}
