import Cluster
import Domain
import Scheduling

/// An attempt whose process has started and is to be probed.
struct ProbedAttempt: Sendable {
    var probe: HealthProbe
    var order: LaunchOrder
}

/// Asks processes of resident tasks whether they are healthy, and has those stopped that are not.
struct ProbeLane: Sendable {
    let desk: AttemptDesk
    let prober: any HealthProber
    let time: TimeSource

    /// Probes every attempt that starts, until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await attempt in desk.probed {
                group.addTask { await watch(attempt) }
            }
            group.cancelAll()
        }
    }

    /// Asks again and again while the attempt runs.
    private func watch(_ probed: ProbedAttempt) async {
        let (probe, attempt) = (probed.probe, probed.order.fire.attempt)
        var failures = 0
        // Cancelled means that the agent ends.
        guard (try? await time.sleep(for: probe.startDelay)) != nil else { return }
        while await desk.goesOn(attempt) {
            let answer = await prober.answer(to: probe, of: probed.order)
            failures = answer.isHealthy ? 0 : failures + 1
            let health = RunHealth(
                isHealthy: failures < probe.failures,
                failures: failures,
                answer: String(
                    String.UnicodeScalarView(answer.text.unicodeScalars.prefix(RunProgress.textMax))
                ),
                at: time.now
            )
            guard await desk.heard(health, of: attempt), (try? await time.sleep(for: probe.every)) != nil
            else { return }
        }
    }
}
