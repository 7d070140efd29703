import Cluster
import Domain
import Logging

/// Tells one center how far the running attempts are: what has changed, all together, at most twice a second.
///
/// Nothing of it is kept: a center that cannot be reached is told the latest when it can, and one that has started anew everything.
struct ProgressDeliveries {
    private let lane: DeliveryLane
    private let center: CenterID
    private let bell = Bell()
    private var backoff = Backoff()
    private var told = 0
    private var registration: CenterRegistration?
    private var repeatAt: MonotonicInstant

    init(lane: DeliveryLane, center: CenterID) {
        self.lane = lane
        self.center = center
        repeatAt = lane.time.monotonic + AgentTiming.progressRepeat
    }

    /// Tells until the center is gone or the task is cancelled.
    mutating func run() async {
        lane.progress.attach(bell)
        defer { lane.progress.detach(bell) }
        while !Task.isCancelled, let present = lane.directory[center] {
            beginAnewIfNeeded(present)
            let (notes, through) = lane.progress.changes(after: told, limit: ReportBatch.sizeMax)
            if notes.isEmpty {
                await wait()
                continue
            }
            var pause = AgentTiming.progressPause
            do {
                try await lane.delivery.tell(notes, of: lane.agent, to: present)
                told = through
                backoff.reset()
            } catch {
                // A center of an older version refuses it, and is not asked often.
                if case .refused = error {
                    pause = AgentTiming.refusedPause
                } else {
                    pause = backoff.pause(lane.random)
                }
                lane.logger.debug(
                    "progress cannot be told",
                    metadata: ["center.id": "\(center)", "error": "\(error)"]
                )
            }
            // Cancellation is seen by the loop.
            try? await lane.time.sleep(for: pause)
        }
    }

    private mutating func beginAnewIfNeeded(_ present: CenterRegistration) {
        let now = lane.time.monotonic
        guard present != registration || now >= repeatAt else { return }
        registration = present
        repeatAt = now + AgentTiming.progressRepeat
        told = 0
    }

    private func wait() async {
        // While nothing runs that says how far it is, nothing has to be repeated.
        if lane.progress.notes.isEmpty {
            await bell.wait()
        } else {
            await bell.wait(until: repeatAt, lane.time)
        }
    }
}
