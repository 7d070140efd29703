import Documents
import Domain

/// How long the pods of a `Job` may take, and what follows when they fail.
enum JobFailures {
    static func read(_ job: DocumentValue, pod: DocumentValue, into candidate: inout TaskCandidate) {
        let ofJob = limit(job)
        let ofPod = limit(pod)
        candidate.timeout = [ofJob, ofPod].compactMap(\.self).min()
        let retries = job["backoffLimit"]?.number ?? retriesDefault
        guard retries > 0 else { return }
        // A container that is restarted stays where it is, and waits five minutes at most instead of six.
        let isRestarted = pod["restartPolicy"]?.text == "OnFailure"
        // A pod whose own limit has passed is one that failed; a job whose limit has passed is over.
        let repeatsTimeouts = ofPod.map { limit in ofJob.map { limit < $0 } ?? true } ?? false
        candidate.setRetry(
            Retry(
                // One more than may be is enough to be noticed.
                attempts: min(retries, Retry.attemptsMax) + 1,
                delay: .seconds(10),
                backoff: .exponential,
                maxDelay: .seconds(isRestarted ? 300 : 360),
                jitter: 0,
                on: repeatsTimeouts ? Retry.Cause.allCases : Retry.causesDefault,
                agent: isRestarted ? .same : .any
            ),
            "backoffLimit: \(retries)",
            line: job["backoffLimit"]?.line
        )
        guard let ofJob else { return }
        candidate.change(
            "activeDeadlineSeconds: \(ofJob.components.seconds)",
            "it limits each attempt, not all of them together",
            "give the task a totalTimeout, which counts from the due instant, if that does",
            line: job["activeDeadlineSeconds"]?.line
        )
    }

    /// What Kubernetes takes for a job that says nothing.
    private static let retriesDefault = 6

    private static func limit(_ spec: DocumentValue) -> Duration? {
        guard let seconds = spec["activeDeadlineSeconds"]?.number, seconds > 0 else { return nil }
        return .seconds(seconds)
    }
}
