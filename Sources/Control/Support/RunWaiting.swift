import ArgumentParser
import CenterClient
import Domain
import Payloads

/// Waits for the end of a run.
struct RunWaiting: Sendable {
    let connection: CenterConnection
    let run: RunID
    var limit: Duration?

    /// Time between two looks: runs are rarely shorter than what it takes to type the command.
    private static let interval = Duration.milliseconds(250)

    /// Waits, prints the run, and exits with the code that stands for its end.
    func finish(_ printer: Printer, _ time: TimeText) async throws {
        let ended = try await end()
        try printer.print(ended, names: ["run/\(run)"]) { _ in Self.line(ended) + "\n" }
        let status = Self.status(of: ended.state)
        if status != .ok { throw ExitCode(status.rawValue) }
    }

    /// How a run has ended; one that was not launched says why.
    static func line(_ run: RunPayload) -> String {
        "run/\(run.id) \(run.state.rawValue)" + (run.reason.map { ": \($0)" } ?? "")
    }

    /// The exit code that stands for a state.
    static func status(of state: RunState) -> CommandStatus {
        switch state {
        case .succeeded: .ok
        case .timedOut: .runTimedOut
        case .stopped: .runStopped
        case .lost: .runLost
        default: .runFailed
        }
    }

    /// The run once it has ended.
    ///
    /// A requested run that no agent has reported yet counts as still to come.
    private func end() async throws -> RunPayload {
        let start = ContinuousClock.now
        var tolerance = OutageTolerance()
        let progress = Progress()
        while true {
            var state = "not started"
            do throws(CenterClientError) {
                let seen = try await connection.run(run)
                tolerance.answered()
                if seen.state.isFinal { return seen }
                state = seen.state.rawValue + (seen.progress.map { ", \($0.percentText)" } ?? "")
            } catch {
                switch error {
                case .notFound where run.fireKey == nil: break
                default:
                    // Whoever leads next knows the run.
                    try tolerance.bear(error)
                    state = "unknown: \(error.message)"
                }
            }
            let waited = start.duration(to: .now)
            if let limit, waited > limit {
                throw ControlError("run \(run) has not ended within \(limit): it is \(state)", .unreachable)
            }
            progress.report("run is \(state) … \(waited.components.seconds)s")
            try await ContinuousClock().sleep(for: Self.interval)
        }
    }
}
