import Agent
import Center
import CenterAPI
import CenterClient
import CenterDoubles
import Domain
import Foundation
import Logging
import Payloads
import Scheduling
import ServiceLifecycle
import Testing

/// Lends the URL of a real server in front of a stand-in center.
func withServer(
    _ center: StandInCenter,
    token: AccessToken = CenterClientTests.token,
    reportBatchesMax: Int = 32,
    _ body: (String) async throws -> Void
) async throws {
    let (urls, continuation) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .unbounded)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let server = CenterServer(
        configuration: CenterServer.Configuration(
            center: CenterID("c1")!,
            port: 0,
            token: token,
            reportBatchesMax: reportBatchesMax
        ),
        operations: center,
        now: { Instant(millisecondsSinceEpoch: 1_767_225_600_000) },
        logger: logger,
        onListening: { continuation.yield($0) }
    )
    let group = ServiceGroup(services: [server], logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        for await url in urls {
            do {
                try await body(url)
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            break
        }
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
    }
}

enum Samples {
    static let start = Instant(millisecondsSinceEpoch: 1_767_225_600_000)

    static func specification(_ name: String) -> TaskSpecification {
        TaskSpecification(
            name: TaskID(name)!,
            action: .script("true"),
            schedules: [.every(try! IntervalSchedule(every: .seconds(60)))]
        )
    }

    static func report(second: Int = 0) -> RunReport {
        let due = start + .seconds(second)
        let uid = TaskUID(bits: 1)
        let fire = JournaledFire(
            attempt: AttemptID(run: RunID(FireKey(uid: uid, due: due)), number: 1),
            task: TaskID("nightly")!,
            uid: uid,
            revision: 1,
            due: due,
            trigger: .schedule,
            delivery: .atMostOnce,
            decision: .launch
        )
        return RunReport(
            fire: fire,
            agent: AgentID("a1")!,
            incarnation: Incarnation(bits: 1),
            runtime: .standard,
            phase: .started(at: due)
        )
    }

    static func registration(_ url: String) -> CenterRegistration {
        CenterRegistration(
            center: CenterID("c1")!,
            url: url,
            version: "1",
            host: "h",
            processID: 1,
            startedAt: start
        )
    }

    static func batch(_ reports: [RunReport]) -> ReportBatch {
        ReportBatch(
            agent: AgentID("a1")!,
            runtime: .standard,
            reports: reports.enumerated().map { SpooledReport(sequence: Int64($0 + 1), report: $1) }
        )
    }
}

@Suite struct CenterClientTests {
    static let token = AccessToken("0123456789abcdef")!

    private func connect(_ url: String) throws -> CenterConnection {
        try CenterConnection(url: url, token: Self.token, timeout: .seconds(20))
    }

    @Test("every call of tasks reaches its endpoint")
    func tasks() async throws {
        let center = StandInCenter()
        try await withServer(center) { url async throws in
            let client = try connect(url + "/")
            let (nightly, hourly) = (Samples.specification("nightly"), Samples.specification("hourly"))
            let applied = try await client.apply(ApplyRequest(tasks: [nightly, hourly], condition: .absent))
            #expect(applied.results.map(\.change) == [.created, .created])
            #expect(try await client.put(nightly, condition: .revision(1)).change == .unchanged)
            #expect(try await client.task(nightly.name).specification == nightly)
            #expect(try await client.pause(nightly.name).revision == 2)
            #expect(
                try await client.tasks(isEnabled: false).items.map(\.specification.name) == [nightly.name]
            )
            #expect(try await client.resume(nightly.name).revision == 3)
            let page = try await client.tasks(runtime: .standard, group: .standard, limit: 1)
            #expect(page.items.count == 1)
            #expect(try await client.tasks(page: page.next).items.map(\.specification.name) == [nightly.name])
            #expect(try await client.next(of: nightly.name, count: 2).count == 2)
            let run = try await client.requestRun(of: nightly.name, key: "a b&c=d")
            #expect(try await client.requestRun(of: nightly.name, key: "a b&c=d") == run)
            #expect(await center.requests[nightly.name] == ["a b&c=d"])
            try await client.deleteTask(nightly.name)
            await #expect(throws: CenterClientError.self) { _ = try await client.task(nightly.name) }
        }
    }

    @Test("every call of runs reaches its endpoint")
    func runs() async throws {
        let center = StandInCenter()
        let reports = (0..<3).map { Samples.report(second: $0) }
        try await center.runHistory.record(reports)
        try await withServer(center) { url async throws in
            let client = try connect(url)
            let id = reports[0].fire.attempt.run
            #expect(try await client.run(id).state == .running)
            let query = RunFilter(
                task: TaskID("nightly"),
                runtime: .standard,
                agent: AgentID("a1"),
                states: [.running, .failed],
                since: Samples.start,
                until: Samples.start + .seconds(1)
            )
            let page = try await client.runs(query, limit: 1)
            #expect(page.items.map(\.due) == [Samples.start + .seconds(1)])
            #expect(try await client.runs(query, page: page.next).items.map(\.due) == [Samples.start])
            try await client.stop(id)
            #expect(await center.stopped[id] == false)
            try await client.kill(id)
            #expect(await center.stopped[id] == true)
            await #expect(throws: CenterClientError.self) { _ = try await client.log(of: id, attempt: 1) }
        }
    }

    @Test("every call of the cluster reaches its endpoint")
    func cluster() async throws {
        let center = StandInCenter()
        let agent = AgentID("a1")!
        await center.show([
            NodeView(registration: nil, agent: agent, runtime: .standard, isDrained: false, taskCount: 0)
        ])
        try await withServer(center) { url async throws in
            let client = try connect(url)
            #expect(try await client.cluster().leadership.epoch == 7)
            try await client.setRuntime(RuntimePayload(RuntimeSettings(name: .standard, description: "all")))
            #expect(try await client.runtime(.standard).description == "all")
            #expect(try await client.runtimes().count == 1)
            #expect(try await client.nodes().map(\.agent) == [agent])
            try await client.drain(agent, in: .standard)
            #expect(try await client.node(agent).drained)
            try await client.undrain(agent)
            #expect(try await !client.node(agent, in: .standard).drained)
        }
    }

    @Test("each error of the server is a case of its own")
    func errors() async throws {
        let center = StandInCenter()
        try await withServer(center) { url async throws in
            let client = try connect(url)
            let name = TaskID("nightly")!
            guard case .notFound(let text) = await failure({ _ = try await client.task(name) }) else {
                return #expect(Bool(false), "no not-found")
            }
            #expect(text.contains("nightly"))

            _ = try await client.put(Samples.specification("nightly"))
            let specification = Samples.specification("nightly")
            guard
                case .conflict = await failure({ _ = try await client.put(specification, condition: .absent) }
                )
            else { return #expect(Bool(false), "no conflict") }

            var wrong = specification
            wrong.action = .script("")
            let request = ApplyRequest(tasks: [specification, wrong])
            guard case .invalid(_, let problems) = await failure({ _ = try await client.apply(request) })
            else {
                return #expect(Bool(false), "not invalid")
            }
            #expect(problems.map(\.field) == ["tasks[1].script", "tasks[1].name"])

            let stranger = try CenterConnection(url: url, token: AccessToken("another-token-of-ours"))
            guard case .unauthorized = await failure({ _ = try await stranger.cluster() }) else {
                return #expect(Bool(false), "not unauthorized")
            }
            let nobody = try CenterConnection(url: url, token: nil)
            guard case .unauthorized = await failure({ _ = try await nobody.cluster() }) else {
                return #expect(Bool(false), "not unauthorized")
            }

            await center.lead(.unknown(reason: "ZooKeeper is away"))
            guard case .unavailable(let reason) = await failure({ _ = try await client.task(name) }) else {
                return #expect(Bool(false), "not unavailable")
            }
            #expect(reason.contains("ZooKeeper is away"))
        }
    }

    @Test(
        "a server that does not listen is unreachable, at once",
        arguments: [
            ("http://127.0.0.1:1", "nothing listens there"), ("http://localhost:1", "nothing listens there"),
            ("http://host.invalid:80", "the host is unknown"),
        ]
    )
    func unreachable(_ url: String, reason: String) async throws {
        let client = try connect(url)
        guard case .unreachable(let text) = await failure({ _ = try await client.cluster() }) else {
            return #expect(Bool(false), "not unreachable")
        }
        #expect(text.contains("\(url) cannot be reached: \(reason)"), "\(text)")
    }

    @Test("a server that does not answer in time is unreachable")
    func tooSlow() async throws {
        let center = StandInCenter()
        await center.hold()
        try await withServer(center) { url async throws in
            let delivery = HTTPReportDelivery(token: Self.token, timeout: .milliseconds(200))
            let error = await #expect(throws: DeliveryError.self) {
                _ = try await delivery.deliver(Samples.batch([]), to: Samples.registration(url))
            }
            guard case .unavailable(let text) = error else { return #expect(Bool(false), "not unavailable") }
            #expect(text.contains("did not answer"))
            await center.release()
        }
    }

    @Test(
        "what is no URL is refused",
        arguments: ["", "localhost", "ftp://localhost", "http://", "http://h?x=1", "a b"]
    )
    func badURL(_ url: String) {
        #expect(throws: CenterClientError.self) { try connect(url) }
    }

    private func failure(_ body: () async throws -> Void) async -> CenterClientError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? CenterClientError
        }
    }
}

@Suite struct HTTPReportDeliveryTests {
    private let delivery = HTTPReportDelivery(token: CenterClientTests.token)

    @Test("a receipt has the epoch of a leader, and none of a standby")
    func receipts() async throws {
        let center = StandInCenter()
        try await withServer(center) { url async throws in
            let registration = Samples.registration(url)
            let report = Samples.report()
            let leading = try await delivery.deliver(Samples.batch([report]), to: registration)
            #expect(leading.leaderEpoch?.rawValue == 7)
            #expect(await center.runHistory.run(report.fire.attempt.run) != nil)
            await center.lead(.unknown(reason: "an election is on"))
            let standingBy = try await delivery.deliver(Samples.batch([report]), to: registration)
            #expect(standingBy.leaderEpoch == nil)
        }
    }

    @Test("a store that fails is unavailable, a wrong token refused, nobody there unavailable")
    func failures() async throws {
        struct DiskFull: Error {}
        let center = StandInCenter()
        try await withServer(center) { url async throws in
            let batch = Samples.batch([Samples.report()])
            await center.runHistory.failWrites(with: DiskFull())
            let failed = await #expect(throws: DeliveryError.self) {
                _ = try await delivery.deliver(batch, to: Samples.registration(url))
            }
            guard case .unavailable = failed else { return #expect(Bool(false), "not unavailable") }
            let stranger = HTTPReportDelivery(token: AccessToken("another-token-of-ours"))
            let refused = await #expect(throws: DeliveryError.self) {
                _ = try await stranger.deliver(batch, to: Samples.registration(url))
            }
            guard case .refused = refused else { return #expect(Bool(false), "not refused") }
            let nobody = await #expect(throws: DeliveryError.self) {
                _ = try await delivery.deliver(batch, to: Samples.registration("http://127.0.0.1:1"))
            }
            guard case .unavailable = nobody else { return #expect(Bool(false), "not unavailable") }
        }
    }

    @Test("a center with too many batches asks to come back")
    func busy() async throws {
        let center = StandInCenter()
        await center.hold()
        try await withServer(center, reportBatchesMax: 1) { url async throws in
            let registration = Samples.registration(url)
            async let first = delivery.deliver(Samples.batch([Samples.report()]), to: registration)
            await center.waitUntilHeld(1)
            await #expect(throws: DeliveryError.busy(retryAfter: .seconds(1))) {
                _ = try await delivery.deliver(Samples.batch([]), to: registration)
            }
            await center.release()
            let receipt = try await first
            #expect(receipt.leaderEpoch?.rawValue == 7)
        }
    }
}
