import Testing
import ZooKeeper

@Suite struct RetryScheduleTests {
    @Test("waits double, stay below the longest, and are spread by at most half", arguments: 0..<40)
    func delays(_ repetition: Int) {
        let schedule = RetrySchedule(first: .milliseconds(100), longest: .seconds(2), repetitionsMax: 40)
        let full = min(Duration.milliseconds(100 << min(repetition, 10)), .seconds(2))
        for bits in [0, 1, 512, 1_024, UInt64.max] {
            let delay = schedule.delay(before: repetition, bits: bits)
            #expect(delay >= full / 2 && delay <= full)
        }
    }

    @Test("only retriable errors are repeated, and not for ever")
    func repetitions() async {
        let environment = RecipeEnvironment(clock: ImmediateClock(), randomBits: { 0 })
        for (code, expected) in [(ZooKeeperError.Code.connectionLoss, 4), (.noNode, 1)] {
            var attempts = 0
            await #expect(throws: ZooKeeperError(code)) {
                try await RetrySchedule(repetitionsMax: 3).perform(environment) { () throws(ZooKeeperError) in
                    attempts += 1
                    throw ZooKeeperError(code)
                }
            }
            #expect(attempts == expected)
        }
    }
}

/// A clock on which every wait is over at once.
struct ImmediateClock: Clock {
    var now: ContinuousClock.Instant { .now }
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws {}
}
