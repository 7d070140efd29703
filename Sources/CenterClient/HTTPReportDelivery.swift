public import Agent
public import Domain
public import Payloads

/// Delivers an agent's reports over the HTTP API of the centers.
public struct HTTPReportDelivery: ReportDelivery {
    private let token: AccessToken?
    private let timeout: Duration

    /// Creates a delivery.
    ///
    /// - Parameters:
    ///   - token: The bearer token of the centers.
    ///   - timeout: How long one batch may take; beyond, its outcome is unknown and it is delivered again.
    public init(token: AccessToken?, timeout: Duration = .seconds(15)) {
        self.token = token
        self.timeout = timeout
    }

    /// Delivers the batch; returns once the center has stored it.
    public func deliver(
        _ batch: ReportBatch,
        to center: CenterRegistration
    ) async throws(DeliveryError) -> DeliveryReceipt {
        let payload = ReportBatchPayload(
            runtime: batch.runtime,
            reports: batch.reports.map { SequencedReportPayload(sequence: $0.sequence, report: $0.report) }
        )
        do throws(CenterClientError) {
            let connection = try CenterConnection(url: center.url, token: token, timeout: timeout)
            let receipt = try await connection.deliver(
                payload,
                from: batch.agent,
                isRefill: batch.isRefill
            )
            return DeliveryReceipt(leaderEpoch: receipt.leaderEpoch)
        } catch {
            throw DeliveryError(error)
        }
    }

    /// Tells how far attempts of the agent are that run.
    public func tell(
        _ progress: [ProgressNote],
        of agent: AgentID,
        to center: CenterRegistration
    ) async throws(DeliveryError) {
        do throws(CenterClientError) {
            let connection = try CenterConnection(url: center.url, token: token, timeout: timeout)
            try await connection.tell(ProgressPayload(progress: progress), of: agent)
        } catch {
            throw DeliveryError(error)
        }
    }
}

extension DeliveryError {
    /// What the failure of a request means for the batch it carried.
    init(_ error: CenterClientError) {
        switch error {
        case .busy(let retryAfter): self = .busy(retryAfter: retryAfter)
        case .unreachable, .unavailable, .server: self = .unavailable(error.message)
        case .unauthorized, .notFound, .conflict, .invalid: self = .refused(error.message)
        }
    }
}
