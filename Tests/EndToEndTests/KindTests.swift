import Domain
import Foundation
import Orchestration
import Payloads
import Testing

extension EndToEnd.Live {
    /// What else than a program an attempt can be.
    @Suite struct KindTests {
        @Test("phases run on an agent, and a failed setup is cleaned up after and retried")
        func phases() async throws {
            let cluster = try LocalCluster.shared()
            let mark = cluster.folder.file("kinds-mark")
            try await cluster.apply(
                """
                kind: Task
                name: kind-phases
                setup: {script: "[ $CLOUDTASK_ATTEMPT -gt 1 ] || exit 7", timeout: 1m}
                run:
                  script: "BEGIN { print \\"::set rows=12\\"; print ENVIRON[\\"CLOUDTASK_PHASE\\"] }"
                  interpreter: [awk, -f]
                teardown: {command: [/bin/sh, -c, "echo $CLOUDTASK_ATTEMPT $CLOUDTASK_OUTCOME >> \(mark.path)"]}
                retry: {attempts: 2, delay: 1s, jitter: 0, exitCodes: [7]}
                """
            )
            let run = try await cluster.start("kind-phases")
            #expect(try await cluster.wait(for: run).status == 0)
            let ended = try #require(try await cluster.record(of: run))
            #expect(ended.outputs == ["rows": .text("12")])
            #expect(try String(contentsOf: mark, encoding: .utf8) == "1 failed\n2 succeeded\n")
            let log = try await cluster.output(of: run)
            #expect(
                log.contains("=== setup ===\n=== run ===\n::set rows=12\nrun\n=== teardown ===\n"),
                "\(log)"
            )
            let shown = try await cluster.control("task", "get", "kind-phases").output
            #expect(shown.contains("teardown"))
        }

        @Test("run stop ends the phase that runs and cleans up")
        func stop() async throws {
            let cluster = try LocalCluster.shared()
            let (ready, mark) = (cluster.folder.file("kinds-ready"), cluster.folder.file("kinds-clean"))
            try await cluster.apply(
                """
                kind: Task
                name: kind-stop
                run: {script: "touch \(ready.path); while :; do sleep 0.1; done"}
                teardown: {script: "echo $CLOUDTASK_OUTCOME > \(mark.path)"}
                killGrace: 20s
                """
            )
            let run = try await cluster.start("kind-stop")
            try await eventually("it runs") { FileManager.default.fileExists(atPath: ready.path) }
            #expect(try await cluster.control("run", "stop", run).status == 0)
            #expect(try await cluster.wait(for: run).status == 22)
            #expect(try String(contentsOf: mark, encoding: .utf8) == "stopped\n")
        }

        @Test("a request asks a server; one with a private address is asked only where that is allowed")
        func requests() async throws {
            let cluster = try LocalCluster.shared()
            let server = try cluster.server()
            try await cluster.apply(
                """
                kind: Task
                name: kind-http
                http:
                  url: \(server)/api/v1/nodes?of=${{ task }}
                  headers: {Authorization: Bearer \(try cluster.token())}
                  expect: {json: items}
                  privateAddresses: allow
                """,
                "kind: Task\nname: kind-private\nhttp: {url: \"\(server)/\"}\n"
            )
            let run = try await cluster.start("kind-http")
            let ended = try await cluster.wait(for: run)
            let logs = try await cluster.control("run", "logs", run)
            // What was asked and answered is on the error stream.
            let log = logs.output + logs.errors
            #expect(ended.status == 0, "\(log)")
            #expect(try await cluster.record(of: run)?.outputs?["status"] == .text("200"))
            #expect(log.contains("> Authorization: ***"))
            #expect(!log.contains(try cluster.token()))
            let refused = try await cluster.start("kind-private")
            #expect(try await cluster.wait(for: refused).run.attempts.last?.exitCode == 5)
        }

        @Test("mistakes in what is executed are told with their places, and nothing is saved")
        func mistakes() async throws {
            let cluster = try LocalCluster.shared()
            let text = "kind: Task\nname: kind-bad\nhttp: {url: example.com, follow: 99}\n"
            let refused = try await cluster.control("apply", "-f", "-", input: text)
            #expect(refused.status == 1)
            #expect(refused.errors.contains("-:3:13: the address must be like https://example.com/jobs"))
            #expect(refused.errors.contains("-:3:34: http.follow cannot be '99'"))
            #expect(try await cluster.task("kind-bad") == nil)
        }
    }
}
