import Agent
import CenterClient
import CenterDoubles
import Cluster
import Domain
import Scheduling
import Testing

/// Pages as probes of resident tasks.
@Suite struct HTTPProberTests {
    private func answer(_ address: String, timeout: Duration = .seconds(10)) async throws -> ProbeAnswer {
        let probe = HealthProbe(.http(address), timeout: timeout)
        let name = try #require(TaskID("gateway"))
        let uid = TaskUID(bits: 1)
        let fire = JournaledFire(
            attempt: AttemptID(run: RunID(FireKey(uid: uid, due: .epoch)), number: 1),
            task: name,
            uid: uid,
            revision: 1,
            due: .epoch,
            trigger: .completion,
            delivery: .atMostOnce,
            decision: .launch
        )
        let specification = TaskSpecification(
            name: name,
            action: .command(["gateway"]),
            residency: Residency(probe: probe)
        )
        let order = LaunchOrder(
            fire: fire,
            specification: specification,
            notAfter: MonotonicInstant(sinceOrigin: .zero),
            fence: FencingToken(transaction: 1, index: 1)
        )
        return await HTTPProber().answer(to: probe, of: order)
    }

    @Test("a page that is there is healthy, one that is not is not, nor is silence")
    func pages() async throws {
        var address = ""
        try await withServer(StandInCenter()) { url in
            address = url
            #expect(try await answer(url + "/livez") == ProbeAnswer(isHealthy: true, text: "status 200"))
            let refused = try await answer(url + "/api/v1/tasks")
            #expect(refused == ProbeAnswer(isHealthy: false, text: "status 401"))
        }
        let silent = try await answer(address + "/livez")
        #expect(!silent.isHealthy)
        #expect(silent.text == "nothing listens at \(address)/livez")
    }
}
