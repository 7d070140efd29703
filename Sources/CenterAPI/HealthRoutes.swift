import Center
import Domain
import Hummingbird

/// Health for load balancers and supervisors, without a token: a status and one line of text.
struct HealthRoutes {
    /// The paths that need no token.
    static let paths: Set<String> = ["/livez", "/readyz", "/leaderz"]

    let operations: any CenterOperations

    func add(to router: Router<APIContext>) {
        router.get("livez") { _, _ in Self.answer(true, "ok") }
        router.get("readyz") { _, _ in await ready() }
        router.get("leaderz") { _, _ in await leads() }
    }

    /// Ready is who knows a leader: only then requests can be served or sent on.
    private func ready() async -> Response {
        switch await operations.leadership() {
        case .leading, .following: Self.answer(true, "ok")
        case .unknown(let reason): Self.answer(false, reason)
        }
    }

    private func leads() async -> Response {
        switch await operations.leadership() {
        case .leading(let epoch): Self.answer(true, "leading epoch \(epoch)")
        case .following(let leader): Self.answer(false, "following \(leader.center)")
        case .unknown(let reason): Self.answer(false, reason)
        }
    }

    private static func answer(_ isGood: Bool, _ text: String) -> Response {
        Response(
            status: isGood ? .ok : .serviceUnavailable,
            headers: [.contentType: "text/plain; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text + "\n"))
        )
    }
}
