public import Domain
import NIOHTTP1
public import Payloads

extension CenterConnection {
    /// The runs that belong together with one.
    public func occasion(of run: RunID) async throws(CenterClientError) -> OccasionPayload {
        try await answer(OccasionPayload.self, to: request(.GET, "runs/\(run)/occasion"))
    }

    /// Stops what runs of them, and skips what is to come.
    public func cancelOccasion(of run: RunID, _ body: OccasionRequest) async throws(CenterClientError)
        -> OccasionPayload
    {
        try await answer(
            OccasionPayload.self,
            to: request(.POST, "runs/\(run)/occasion/cancel", body: body)
        )
    }

    /// Repeats what failed of them, and what comes after that.
    public func repeatOccasion(of run: RunID, _ body: OccasionRequest) async throws(CenterClientError)
        -> OccasionRepeated
    {
        try await answer(
            OccasionRepeated.self,
            to: request(.POST, "runs/\(run)/occasion/retry", body: body)
        )
    }
}
