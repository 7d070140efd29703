import Orchestration
import Testing

@Suite struct LaunchLeaseTests {
    @Test("nothing may be launched before a write was committed")
    func fresh() {
        let lease = LaunchLease(timeout: .seconds(10))
        #expect(!lease.allowsLaunch(at: .zero))
        #expect(lease.isShort(at: .zero))
    }

    @Test(
        "the lease ends a quarter of the timeout and a round trip before the timeout after sending",
        arguments: [
            (timeout: 10_000, sent: 0, roundTrip: 0, end: 7_500),
            (timeout: 10_000, sent: 1_000, roundTrip: 200, end: 8_300),
            (timeout: 4_000, sent: 500, roundTrip: 4_000, end: -500),
        ]
    )
    func deadline(timeout: Int, sent: Int, roundTrip: Int, end: Int) {
        var lease = LaunchLease(timeout: .milliseconds(timeout))
        lease.committed(sent: .milliseconds(sent), roundTrip: .milliseconds(roundTrip))
        #expect(lease.deadline == .milliseconds(end))
        #expect(lease.allowsLaunch(at: .milliseconds(end - 1)))
        #expect(!lease.allowsLaunch(at: .milliseconds(end)))
    }

    @Test("an earlier write known later does not shorten the lease")
    func monotone() {
        var lease = LaunchLease(timeout: .seconds(10))
        lease.committed(sent: .seconds(5), roundTrip: .zero)
        lease.committed(sent: .seconds(1), roundTrip: .zero)
        #expect(lease.deadline == .milliseconds(12_500))
    }

    @Test(
        "the look-ahead grows with agents and latency, within its bounds",
        arguments: [
            (agents: 1, latency: 1, expected: 50), (agents: 600, latency: 1, expected: 200),
            (agents: 1, latency: 60, expected: 240), (agents: 10_000, latency: 1, expected: 1_000),
        ]
    )
    func lookAhead(agents: Int, latency: Int, expected: Int) {
        let duration = LookAhead.duration(agents: agents, commitLatency: .milliseconds(latency))
        #expect(duration == .milliseconds(expected))
    }
}
