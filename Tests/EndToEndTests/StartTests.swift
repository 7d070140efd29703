import Domain
import Foundation
import Payloads
import Testing

extension EndToEnd {
    /// Runs that follow the starts of agents.
    @Suite struct StartTests {
        @Test(
            "a task runs once at every start of an agent's process, there, also when the center ends meanwhile"
        )
        func starts() async throws {
            try await withCluster("--centers", "2", "--agents", "2") { cluster in
                let document = """
                    kind: Task
                    name: warm-up
                    command: ["true"]
                    schedules: [{onAgentStart: true}]
                    """
                let applied = try await cluster.control("apply", "-f", "-", input: document)
                try #require(applied.status == 0, "\(applied.errors)")
                for (round, name) in ["agent-1", "agent-2", "agent-1"].enumerated() {
                    let pid = try #require(try cluster.processes("agent")[name])
                    if round == 2 {
                        let centers = try cluster.processes("center")
                        kill(try #require(centers.values.sorted().first), SIGKILL)
                    }
                    kill(pid, SIGKILL)
                    try await eventually("run \(round + 1) has succeeded", within: Patience.seconds(30)) {
                        try await runs(cluster).count { $0.state == .succeeded } == round + 1
                    }
                }
                let all = try await runs(cluster)
                #expect(all.allSatisfy { $0.trigger == .start })
                #expect(
                    all.compactMap(\.attempts.first?.agent.text).sorted() == [
                        "agent-1", "agent-1", "agent-2",
                    ]
                )
                #expect(all.count == 3)
            }
        }

        private func runs(_ cluster: LocalCluster) async throws -> [RunPayload] {
            let answer = try await cluster.control("run", "list", "--task", "warm-up", "-o", "json")
            guard answer.status == 0 else { return [] }
            return try answer.json(ListPayload<RunPayload>.self).items
        }
    }
}
