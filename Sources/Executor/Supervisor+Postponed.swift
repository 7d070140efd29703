import Agent
import CProcess
import Domain

/// A start that the machine had no means for, and that is tried again.
struct PostponedStart {
    var order: LaunchOrder
    /// How often it was tried.
    var tries: Int
    /// When it is tried next, on the boot-time clock, in nanoseconds.
    var at: Int64

    /// How often a start is tried: what has not passed within a second is not the load of a moment.
    static let triesMax = 6
    /// How long after the first try the second follows; each further pause is twice as long.
    private static let pause: Int64 = 20_000_000

    /// The try after one that failed; `nil` when that was the last.
    static func next(_ order: LaunchOrder, tries: Int, now: Int64) -> PostponedStart? {
        if tries >= triesMax { return nil }
        return PostponedStart(order: order, tries: tries, at: now + pause << Int64(tries - 1))
    }
}

extension Supervisor {
    /// Starts again what was postponed until now.
    func launchPostponed() {
        if postponed.isEmpty { return }
        let now = ct_boottime()
        let due = postponed.filter { $0.at <= now }
        postponed.removeAll { $0.at <= now }
        for entry in due { launch(entry.order, tries: entry.tries + 1) }
    }

    /// Takes out one that waits for its next try.
    func takePostponed(_ attempt: AttemptID) -> LaunchOrder? {
        guard let index = postponed.firstIndex(where: { $0.order.fire.attempt == attempt }) else {
            return nil
        }
        return postponed.remove(at: index).order
    }
}
