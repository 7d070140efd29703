import Domain
import Foundation
import Payloads
import Scheduling
import Testing

extension EndToEnd {
    /// Tests that share one cluster of two centers and two agents; each uses tasks of its own.
    @Suite(.serialized, .cluster("--centers", "2", "--agents", "2")) enum Live {}
}

extension EndToEnd.Live {
    /// Programs that cannot be started, and what an attempt is given.
    @Suite struct LaunchTests {
        struct Failure: CustomTestStringConvertible, Sendable {
            var name: String
            var program: String
            var exitCode: Int32
            var says: String
            var testDescription: String { name }
        }

        static let failures = [
            Failure(
                name: "absent",
                program: "/nonexistent/program",
                exitCode: 127,
                says: "was not found on this machine"
            ),
            Failure(name: "unfindable", program: "no-such-program", exitCode: 127, says: "was not found"),
            Failure(
                name: "not-executable",
                program: "/etc/hostname",
                exitCode: 126,
                says: "cannot be executed"
            ),
            Failure(name: "directory", program: "/etc", exitCode: 126, says: "cannot be executed"),
        ]

        @Test(
            "a command that cannot be started fails its run with 127 or 126 and says why",
            arguments: failures
        )
        func notStarted(_ failure: Failure) async throws {
            let cluster = try LocalCluster.shared()
            let created = try await cluster.control("task", "create", failure.name, "--", failure.program)
            try #require(created.status == 0, "\(created.errors)")
            let (status, run) = try await cluster.wait(for: try await cluster.start(failure.name))
            #expect(status == 20)
            #expect(run.state == .failed)
            let attempt = try #require(run.attempts.first)
            #expect(attempt.outcome == .notStarted)
            #expect(attempt.exitCode == failure.exitCode)
            #expect(attempt.message?.contains(failure.says) == true, "\(attempt)")
            let shown = try await cluster.control("run", "get", run.id.text)
            #expect(shown.output.contains("exit code \(failure.exitCode)"))
            #expect(shown.output.contains(failure.says))
        }

        @Test("an attempt sees its task, run, due instant, number and node, and the task's variables")
        func environment() async throws {
            let cluster = try LocalCluster.shared()
            let script = "env | grep -E '^(CLOUDTASK_|COLOUR)' | sort; pwd; echo problem >&2; exit 7"
            try await cluster.task("environment", script: script, more: "environment: {COLOUR: grün}")
            let (status, run) = try await cluster.wait(for: try await cluster.start("environment"))
            #expect(status == 20)
            #expect(run.attempts.first?.exitCode == 7)
            let lines = try await cluster.output(of: run.id.text).split(separator: "\n").map(String.init)
            #expect(lines.contains("CLOUDTASK_TASK=environment"))
            #expect(lines.contains("CLOUDTASK_RUN=\(run.id)"))
            #expect(lines.contains("CLOUDTASK_DUE=\(run.due.formatted())"))
            #expect(lines.contains("CLOUDTASK_ATTEMPT=1"))
            #expect(lines.contains("CLOUDTASK_NODE=\(run.attempts[0].agent)"))
            #expect(lines.contains("COLOUR=grün"))
            let errors = try await cluster.control("run", "logs", "--stderr", run.id.text)
            #expect(errors.errors == "problem\n")
            #expect(errors.output.isEmpty)
        }

        @Test(
            "two megabytes of environment are refused in one sentence, as a document and by the API; nothing ends"
        )
        func largeEnvironment() async throws {
            let cluster = try LocalCluster.shared()
            let before = try cluster.processes()
            let value = String(repeating: "x", count: 2_000_000)
            let document = "kind: Task\nname: large\ncommand: [env]\nenvironment:\n  BIG: \(value)\n"
            let refused = try await cluster.control("apply", "-f", "-", input: document)
            #expect(refused.status == 1)
            #expect(refused.errors.contains("-:5:"), "\(refused.errors.prefix(300))")
            #expect(refused.errors.contains("environment has 2000005 bytes, more than the 98304 allowed"))
            #expect(refused.errors.split(separator: "\n").count == 1)
            let body = #"{"name":"large","command":["env"],"environment":{"BIG":"\#(value)"}}"#
            let url = try cluster.server() + "/api/v1/tasks/large"
            let answer = try await http("PUT", url, token: try cluster.token(), body: body)
            #expect(answer.status == 422)
            #expect(answer.body.contains("more than the 98304 allowed"), "\(answer.body.prefix(300))")
            #expect(try await cluster.task("large") == nil)
            #expect(try cluster.processes() == before)
        }

        @Test("the largest environment that is accepted reaches the program")
        func largestEnvironment() async throws {
            let cluster = try LocalCluster.shared()
            let value = String(repeating: "y", count: 98_000)
            try await cluster.task(
                "largest",
                script: "printf %s \"$BIG\" | wc -c",
                more: "environment: {BIG: \(value)}"
            )
            let (status, run) = try await cluster.wait(for: try await cluster.start("largest"))
            #expect(status == 0)
            #expect(try await cluster.output(of: run.id.text) == "98000\n")
        }
    }
}
