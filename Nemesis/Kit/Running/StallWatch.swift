/// Says when the machine itself stands still: what is late then is late for no fault of the plan.
struct StallWatch {
    private static let interval = Duration.milliseconds(100)
    /// Shorter stalls explain nothing.
    private static let stallMin = Duration.milliseconds(700)

    /// Watches until cancelled.
    func run() async throws {
        while true {
            let start = ContinuousClock.now
            try await ContinuousClock().sleep(for: Self.interval)
            let stall = start.duration(to: .now) - Self.interval
            if stall > Self.stallMin {
                Console.say("          (this machine stood still for \(stall.inSeconds))")
            }
        }
    }
}
