/// Bears with centers that do not answer for a while: a leader that is gone is replaced within its session timeout.
struct OutageTolerance {
    /// Longer than a takeover.
    private static let patience = Duration.seconds(60)

    private var lastAnswer = ContinuousClock.now

    /// Begins the wait anew.
    mutating func answered() { lastAnswer = .now }

    /// Throws `error` unless it may pass, and the wait has not been too long.
    func bear(_ error: any Error) throws {
        guard ControlError(error).status == .unreachable, lastAnswer.duration(to: .now) < Self.patience else {
            throw error
        }
    }
}
