import Cluster
import Logging
import ZooKeeper

extension CenterLeadership {
    /// Grants units whenever somebody says that there may be some.
    func grantUnits(_ leading: LeadingCenter) async throws {
        var pause = Self.grantRetry.lowerBound
        for await _ in service.state.hints.pools.calls() {
            do {
                try await leading.pools.round()
                pause = Self.grantRetry.lowerBound
            } catch let error where !(error is CancellationError) {
                if case LeaderWriteError.deposed = error { throw error }
                logger.debug("Units cannot be granted now", metadata: ["error": "\(error)"])
                try await service.time.sleep(for: pause)
                pause = min(pause * 2, Self.grantRetry.upperBound)
                service.state.hints.pools.wake()
            }
        }
        throw CancellationError()
    }

    /// How soon it is looked again after something was not as expected, mostly because a fence was raised; later and later when it stays so.
    private static let grantRetry = Duration.milliseconds(50)...Duration.seconds(5)

    /// Has claims looked at when agents make them: sets a watch, then asks for a look, so that none comes in between.
    func followClaims(_ leading: LeadingCenter) async throws {
        let shelf = ClaimShelf(writer: leading.writer)
        while true {
            do {
                let watch = try await shelf.watch()
                service.state.hints.pools.wake()
                // An ended watch belongs to an ended session, and so does this leadership.
                if await watch.event() == .ended { throw ZooKeeperError(.sessionExpired) }
            } catch let error as ZooKeeperError where error.isRetriable {
                try await session.connected()
            }
        }
    }

    /// Has claims looked at now and then as long as there are some: what somebody who was cut off held is free some time after that.
    func remindOfClaims(_ leading: LeadingCenter) async throws {
        var quietRounds = 0
        while true {
            try await service.time.sleep(for: Self.claimsInterval)
            quietRounds += 1
            if await leading.pools.hasClaims || quietRounds >= Self.quietRoundsMax {
                quietRounds = 0
                service.state.hints.pools.wake()
            }
        }
    }

    private static let claimsInterval = Duration.seconds(1)
    /// A watch is a hint: without one it is looked this often.
    private static let quietRoundsMax = 30
}
