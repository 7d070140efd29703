import Center
import Domain
import Hummingbird
import Payloads

/// The cluster at a glance, the runtimes and the nodes.
struct ClusterRoutes {
    let center: CenterID
    let operations: any CenterOperations
    let agents: AgentProxy

    func add(to group: RouterGroup<APIContext>) {
        group.get("cluster") { _, _ in
            try Response.json(ClusterPayload(await operations.cluster(), of: center))
        }
        group.get("runtimes") { _, _ in
            try Response.json(ListPayload(items: try await operations.runtimes().map(RuntimePayload.init)))
        }
        group.get("runtimes/:name") { try await runtime(Query($0, $1)) }
        group.get("runtimes/:name/revisions") { request, context in
            try await operations.revisions(of: .runtime, in: Query(request, context))
        }
        group.put("runtimes/:name") { try await setRuntime($0, Query($0, $1)) }
        group.post("runtimes/:name/pause") {
            try await setPaused($0, .runtime(Query($0, $1).pathName()), true)
        }
        group.post("runtimes/:name/resume") {
            try await setPaused($0, .runtime(Query($0, $1).pathName()), false)
        }
        group.get("groups") { _, _ in
            try Response.json(ListPayload(items: try await operations.groups().map(GroupPayload.init)))
        }
        group.post("groups/:name/pause") { try await setPaused($0, .group(Query($0, $1).pathName()), true) }
        group.post("groups/:name/resume") { try await setPaused($0, .group(Query($0, $1).pathName()), false) }
        group.get("nodes") { _, _ in
            try Response.json(ListPayload(items: try await operations.nodes().map(NodePayload.init)))
        }
        group.get("nodes/:name") { try Response.json(NodePayload(try await node(Query($0, $1)))) }
        group.get("nodes/:name/queue") { try await queue(Query($0, $1)) }
        group.post("nodes/:name/drain") { try await setDrained(Query($0, $1), true) }
        group.post("nodes/:name/forget") { request, context in
            let query = Query(request, context)
            try await operations.forgetAgent(query.pathName(), in: query.name("runtime"))
            return Response(status: .noContent)
        }
        group.post("nodes/:name/undrain") { try await setDrained(Query($0, $1), false) }
    }

    private func runtime(_ query: Query) async throws -> Response {
        let name: RuntimeID = try query.pathName()
        guard let settings = try await operations.runtimes().first(where: { $0.name == name }) else {
            throw APIError.notFound("there is no runtime named \(name)")
        }
        return try Response.json(RuntimePayload(settings))
    }

    private func setRuntime(_ request: Request, _ query: Query) async throws -> Response {
        let name: RuntimeID = try query.pathName()
        let payload = try await request.payload(RuntimePayload.self)
        guard payload.name == name else {
            throw APIError.invalid(
                "name",
                "the runtime is named \(payload.name) here and \(name) in the path"
            )
        }
        if let percent = payload.massChangePercent, !(1...100).contains(percent) {
            throw APIError.invalid(
                "massChangePercent",
                "massChangePercent is a whole number from 1 to 100, not \(percent)"
            )
        }
        try Self.checkLimits(payload)
        let note = ChangeNote(author: payload.author, message: payload.message)
        try await operations.setRuntime(payload.settings, note)
        return try Response.json(RuntimePayload(payload.settings))
    }

    private static func checkLimits(_ payload: RuntimePayload) throws {
        let (starts, weights) = (RuntimeSettings.startsPerSecondRange, RuntimeSettings.weightRange)
        if let number = payload.startsPerSecond, number != 0, !starts.contains(number) {
            throw APIError.invalid(
                "startsPerSecond",
                "startsPerSecond is a whole number from 1 to \(starts.upperBound), or 0 for no limit, not \(number)"
            )
        }
        let catchUps = RuntimeSettings.catchUpsMaxRange
        if let number = payload.catchUpsMax, !catchUps.contains(number) {
            throw APIError.invalid(
                "catchUpsMax",
                "catchUpsMax is a whole number from 0 to \(catchUps.upperBound), not \(number)"
            )
        }
        for (group, weight) in (payload.shares ?? [:]).sorted(by: { $0.key < $1.key })
        where !weights.contains(weight) {
            throw APIError.invalid(
                "shares.\(group)",
                "the weight of group \(group) is a whole number from 1 to \(weights.upperBound), not \(weight)"
            )
        }
    }

    private func setPaused(_ request: Request, _ scope: PausedScope, _ isPaused: Bool) async throws
        -> Response
    {
        let asked = try await request.pause(endsByItself: isPaused)
        let outcome = try await operations.setPaused(
            ScopeRequest(
                scope,
                isPaused ? .pause(until: asked.until) : .resume,
                note: ChangeNote(asked),
                isDryRun: asked.dryRun ?? false,
                confirmed: asked.confirm
            )
        )
        return try Response.json(
            PauseResult(
                changed: outcome.isChanged,
                tasks: outcome.taskCount,
                shares: outcome.shares.isEmpty ? nil : outcome.shares
            )
        )
    }

    private func node(_ query: Query) async throws -> NodeView {
        let name: AgentID = try query.pathName()
        let runtime: RuntimeID? = try query.name("runtime")
        let named = try await operations.nodes().filter {
            $0.agent == name && (runtime == nil || $0.runtime == runtime)
        }
        // One that has ended is meant when there is no other of its name.
        let present = named.filter { $0.departure == nil }
        let nodes = present.isEmpty ? named : present
        guard let node = nodes.first else { throw APIError.notFound("there is no agent named \(name)") }
        guard nodes.count == 1 else {
            let runtimes = nodes.map(\.runtime.text).joined(separator: ", ")
            throw APIError.conflict(
                "agents named \(name) are in the runtimes \(runtimes); say which with ?runtime="
            )
        }
        return node
    }

    private func queue(_ query: Query) async throws -> Response {
        let limit =
            try query.number("limit", in: 1...QueuePayload.limitMax) ?? QueuePayload.limitStandard
        let answer = try await agents.queue(of: try await node(query), limit: limit)
        guard var queue = answer.queue else { return answer.response }
        // Who holds the units that something waits for only the leader knows.
        let waits = await operations.unitWaits(of: queue.entries.map(\.attemptID))
        guard !waits.isEmpty else { return answer.response }
        for index in queue.entries.indices {
            if let wait = waits[queue.entries[index].attemptID] { queue.entries[index].reason = wait }
        }
        return try .json(queue)
    }

    /// The agent may be away: the center knows of drained ones that own nothing any more.
    private func setDrained(_ query: Query, _ isDrained: Bool) async throws -> Response {
        try await operations.setDrained(query.pathName(), in: query.name("runtime"), isDrained)
        return Response(status: .noContent)
    }
}

extension QueuePayload.Entry {
    fileprivate var attemptID: AttemptID { AttemptID(run: run, number: attempt) }
}
