import Cluster
import Domain
import Logging
import ZooKeeper

/// Carries out cancellations for as long as one leadership lasts: whoever leads next goes on with those that are not over.
struct OccasionOffice: Sendable {
    let control: CenterControl
    let leading: LeadingCenter

    init(_ control: CenterControl, _ leading: LeadingCenter) {
        self.control = control
        self.leading = leading
    }

    private var cancelled: CancelledOccasions { CancelledOccasions(writer: leading.writer) }

    /// Looks at every cancellation that is not over; `false` when something was not as expected, and it should look again soon.
    func round() async throws -> Bool {
        var isComplete = true
        for known in try await cancelled.all() where !known.value.isOver {
            do {
                try await carryOut(known)
            } catch LeaderWriteError.conflict(let cause) {
                control.logger.debug("A cancelled run has changed meanwhile", metadata: ["error": "\(cause)"])
                isComplete = false
            }
        }
        return isComplete
    }

    private func carryOut(_ known: Versioned<Cancellation>) async throws {
        let cancellation = known.value
        let reader = OccasionReader(leading: leading, store: control.state.store, history: control.history)
        let occasion = try await reader.read(cancellation.occasion, of: cancellation.task)
        guard occasion.members.contains(where: \.isUnfinished) else {
            var over = cancellation
            over.isOver = true
            return try await cancelled.put(over, instead: known)
        }
        guard let roster = await leading.reconciler.roster else { return }
        for member in occasion.members where member.isUnfinished {
            if let awaited = member.awaited {
                try await leading.following.giveUp(awaited, because: cancellation.reason, roster)
            } else {
                let known = member.unfinished
                let following = RunID.dependent(member.task.uid, on: occasion.name, in: leading.writer.tree)
                for run in known.isEmpty ? [following] : known { await stop(run) }
            }
        }
    }

    /// Stops a run; one that cannot be reached now is tried again in the next round.
    private func stop(_ run: RunID) async {
        do {
            try await control.stop(run, kill: false)
        } catch {
            control.logger.debug(
                "A cancelled run cannot be stopped now",
                metadata: ["run.id": "\(run)", "error": "\(error)"]
            )
        }
    }
}
