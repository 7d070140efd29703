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
    /// Somebody wanted it skipped.
    public static func requested(_ exception: FireException) -> String {
        "skipped on request" + (exception.by.map { " of \($0)" } ?? "")
            + (exception.reason.map { ": \($0)" } ?? "")
    }
    /// Somebody stopped it.
    public static let stopped = "stopped while it waited for an earlier run to end"
}
