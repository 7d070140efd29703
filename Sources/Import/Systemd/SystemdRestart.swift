import Domain

/// When systemd starts a service again that has ended.
enum SystemdRestart {
    static func read(_ unit: UnitFile, _ source: ImportSource, into candidate: inout TaskCandidate) {
        guard let restart = unit.last("Service", "Restart"), restart.value != "no" else { return }
        let what = "Restart=\(restart.value)"
        guard restart.value == "on-failure" else {
            return candidate.drop(.retryRule, what, line: restart.line, of: source.file)
        }
        let delay = unit.last("Service", "RestartSec").flatMap { TimeSpan.duration($0.value) } ?? delayDefault
        candidate.setRetry(
            Retry(
                attempts: startsMax(unit, every: delay) ?? Retry.attemptsMax + 1,
                delay: min(delay, Retry.delayMax),
                backoff: .constant,
                jitter: 0,
                on: Retry.Cause.allCases,
                agent: .same
            ),
            what,
            line: restart.line,
            of: source.file
        )
    }

    private static let delayDefault = Duration.milliseconds(100)
    private static let burstDefault = 5
    private static let intervalDefault = Duration.seconds(10)

    /// How many starts systemd allows of what fails at once; `nil` when it goes on for ever.
    private static func startsMax(_ unit: UnitFile, every delay: Duration) -> Int? {
        let starts = limit(unit, ["StartLimitBurst"]).map { Int($0) ?? burstDefault } ?? burstDefault
        // One more than may be is enough to be noticed.
        let burst = min(starts, Retry.attemptsMax + 1)
        let interval =
            limit(unit, ["StartLimitIntervalSec", "StartLimitInterval"])
            .map { TimeSpan.duration($0) ?? intervalDefault } ?? intervalDefault
        guard burst > 0, delay * burst <= interval, interval > .zero else { return nil }
        return burst
    }

    /// A limit of starts, which old units have among the settings of the service.
    private static func limit(_ unit: UnitFile, _ keys: [String]) -> String? {
        for section in ["Unit", "Service"] {
            for key in keys {
                if let setting = unit.last(section, key) { return setting.value }
            }
        }
        return nil
    }
}
