import Center
import Domain
import HTTPTypes
import Hummingbird
import Payloads

/// The runs that belong together with one: `/api/v1/runs/ID/occasion`.
struct OccasionRoutes {
    let operations: any CenterOperations

    func add(to group: RouterGroup<APIContext>) {
        group.get("runs/:id/occasion") { request, context in
            let view = try await operations.occasion(of: try Query(request, context).pathRun())
            return try Response.json(OccasionPayload(view))
        }
        group.post("runs/:id/occasion/cancel") { request, context in
            let (run, asked) = try await asked(request, context)
            let view = try await operations.cancelOccasion(of: run, asked.changeNote)
            return try Response.json(OccasionPayload(view), status: .accepted)
        }
        group.post("runs/:id/occasion/retry") { request, context in
            let (run, asked) = try await asked(request, context)
            let key = try TaskRoutes.key(asked.key)
            let begun = try await operations.repeatOccasion(of: run, key: key, asked.changeNote)
            let answer = OccasionRepeated(occasion: begun.occasion, runs: begun.runs, tasks: begun.tasks)
            return try Response.json(answer, status: .accepted)
        }
    }

    private func asked(_ request: Request, _ context: APIContext) async throws -> (RunID, OccasionRequest) {
        let run = try Query(request, context).pathRun()
        let bytes = try await request.bytes()
        if bytes.isEmpty { return (run, OccasionRequest()) }
        return (run, try RequestBody.decode(OccasionRequest.self, from: bytes))
    }
}

extension OccasionRequest {
    fileprivate var changeNote: ChangeNote { ChangeNote(author: by, message: note) }
}

extension OccasionPayload {
    fileprivate init(_ view: OccasionView) {
        self.init(
            occasion: view.occasion,
            cancelled: view.cancelled,
            steps: view.steps.map {
                Step(task: $0.task, run: $0.run, state: $0.state.word, reason: $0.reason)
            }
        )
    }
}

extension OccasionView.State {
    fileprivate var word: String {
        switch self {
        case .run(let state): state.rawValue
        case .waiting: "waiting"
        case .ready: "ready"
        case .dispatched: "dispatched"
        case .absent: "none"
        }
    }
}
