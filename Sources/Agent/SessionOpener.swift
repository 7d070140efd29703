import Cluster
import Logging
import ZooKeeper

/// Opens sessions: closes the predecessor's first, so that its ephemeral node goes at once, and tells people when no server is there.
struct SessionOpener: Sendable {
    let context: AgentContext

    /// A connected session, remembered for a successor.
    ///
    /// - Throws: `CancellationError` when the task was cancelled; everything else is tried again for ever.
    func open() async throws -> any ZooKeeperSession {
        var backoff = Backoff()
        var complaints: Set<String> = []
        while true {
            do {
                try await closePredecessor()
                let session = try await context.connector.connect(resuming: nil)
                if try await waitForServer(session, &complaints) {
                    await remember(session)
                    return session
                }
            } catch let error as ZooKeeperError where error.code != .cancelled {
                complain("\(error)", &complaints)
            }
            try await context.time.sleep(for: backoff.pause(context.random))
        }
    }

    private func waitForServer(_ session: any ZooKeeperSession, _ complaints: inout Set<String>) async throws
        -> Bool
    {
        let time = context.time
        context.status.update { $0.session = .connecting }
        do {
            let patience = time.monotonic + AgentTiming.connectPatience
            let isConnected = try await unless({ try? await time.sleep(until: patience) }) {
                try await session.connected()
                return true
            }
            if isConnected == nil {
                complain("no server answers", &complaints)
                try Task.checkCancellation()
                try await session.connected()
            }
            try await session.requireRoot()
            context.status.update { $0.problem = nil }
            if !complaints.isEmpty { context.logger.notice("ZooKeeper can be used") }
            return true
        } catch {
            await session.close()
            guard let error = error as? ZooKeeperError, error.code != .cancelled else {
                throw CancellationError()
            }
            complain("\(error)", &complaints)
            return false
        }
    }

    /// Says each reason once, however often it is tried.
    private func complain(_ reason: String, _ complaints: inout Set<String>) {
        context.status.update { $0.problem = "ZooKeeper cannot be used: \(reason)" }
        guard complaints.insert(reason).inserted else { return }
        context.logger.warning(
            "ZooKeeper cannot be used: is it running, and is the connect string right? Trying again until it can",
            metadata: ["error": "\(reason)"]
        )
    }

    /// Takes the session of the process before us over, only to close it: nobody works on in a resumed session.
    private func closePredecessor() async throws {
        guard let identity = await rememberedSession() else { return }
        let session = try await context.connector.connect(resuming: identity)
        let time = context.time
        let patience = time.monotonic + AgentTiming.predecessorMax
        // It may be over already, or no server may be there: then it ends by itself.
        _ = try? await unless({ try? await time.sleep(until: patience) }) { try await session.connected() }
        let isOver = await session.state != .connecting
        await session.close()
        if isOver { await forgetSession() }
        try Task.checkCancellation()
    }

    private func rememberedSession() async -> SessionIdentity? {
        do {
            return try await context.store.predecessorSession()
        } catch {
            context.logger.warning(
                "the predecessor's session cannot be read",
                metadata: ["error": "\(error)"]
            )
            return nil
        }
    }

    private func remember(_ session: any ZooKeeperSession) async {
        do {
            try await context.store.remember(await session.identity)
        } catch {
            context.logger.warning(
                "the session cannot be remembered: a restart has to wait for its timeout",
                metadata: ["error": "\(error)"]
            )
        }
    }

    private func forgetSession() async {
        // What is not forgotten is found to be over the next time.
        try? await context.store.remember(nil)
    }
}
