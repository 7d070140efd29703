import Agent
import Cluster
import Domain
import Foundation
import Glibc
import Scheduling
import Testing

@testable import Executor

/// Programs as probes of resident tasks.
@Suite("Probing with programs", .timeLimit(.minutes(2)))
struct CommandProberTests {
    private func answer(
        _ world: World,
        _ words: [String],
        timeout: Duration = .seconds(30),
        environment: [String: String] = [:],
        process: ProcessSettings = ProcessSettings(),
        policy: AgentPolicy = AgentPolicy()
    ) async throws -> ProbeAnswer {
        let order = try world.script(1, "true", environment: environment, process: process)
        let probe = HealthProbe(.command(words), timeout: timeout)
        var configuration = RunnerConfiguration(
            dataDirectory: world.directory,
            node: try #require(AgentID("agent-1")),
            workingDirectory: world.directory
        )
        configuration.policy = policy
        return await CommandProber(configuration).answer(to: probe, of: order)
    }

    @Test("exit code 0 is healthy, another is not, and what cannot be executed is told")
    func ends() async throws {
        try await withRunner { world in
            #expect(try await answer(world, ["true"]) == ProbeAnswer(isHealthy: true, text: "exit code 0"))
            let failed = try await answer(world, ["sh", "-c", "exit 3"])
            #expect(failed == ProbeAnswer(isHealthy: false, text: "exit code 3"))
            let absent = try await answer(world, ["no-such-program"])
            #expect(
                absent == ProbeAnswer(isHealthy: false, text: "no-such-program was not found on this machine")
            )
            let killed = try await answer(world, ["sh", "-c", "kill -9 $$"])
            #expect(killed == ProbeAnswer(isHealthy: false, text: "the probe was ended by signal 9"))
        }
    }

    @Test("a probe has the environment of the attempt")
    func environment() async throws {
        try await withRunner { world in
            let words = ["sh", "-c", "[ \"$PORT\" = 8080 ] && [ \"$CLOUDTASK_TASK\" = nightly ]"]
            let found = try await answer(world, words, environment: ["PORT": "8080"])
            #expect(found.isHealthy)
        }
    }

    @Test(
        "a probe runs as whom the task does, and not at all as somebody whom the policy does not list",
        .root
    )
    func user() async throws {
        try await withRunner { world in
            let words = ["sh", "-c", "[ $(id -u) = 65534 ] && [ $(pwd) = / ]"]
            let process = ProcessSettings(workingDirectory: "/", user: "nobody")
            let policy = AgentPolicy(file: "p", users: ["nobody"])
            let asked = try await answer(world, words, process: process, policy: policy)
            #expect(asked == ProbeAnswer(isHealthy: true, text: "exit code 0"))
            let refused = try await answer(world, words, policy: policy)
            #expect(
                refused.text
                    == "the probe may not be executed: tasks may not run as user root on this machine: users in p has nobody"
            )
        }
    }

    @Test("a probe without an answer in time is killed, with what it has started")
    func late() async throws {
        try await withRunner { world in
            let file = world.directory + "/pid"
            let words = ["sh", "-c", "sleep 1000 & echo $! > \(file); wait"]
            let late = try await answer(world, words, timeout: .seconds(2))
            #expect(late == ProbeAnswer(isHealthy: false, text: "no answer within 2s"))
            let text = try String(contentsOfFile: file, encoding: .utf8)
            let pid = try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
            // It was sent a signal; how soon that ends it is the machine's affair.
            let deadline = ContinuousClock.now + .seconds(10)
            while isAlive(pid), ContinuousClock.now < deadline { await Task.yield() }
            #expect(!isAlive(pid))
        }
    }

    /// Whether a process runs; one that is dead and that nobody has asked about is a zombie.
    private func isAlive(_ pid: Int32) -> Bool {
        let stat = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        return !stat.isEmpty && !stat.contains(") Z") && !stat.contains(") X")
    }
}
