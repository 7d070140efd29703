import Foundation
import TestServers
import Testing
import ZooKeeper

extension EndToEnd {
    /// Centers and agents whose ZooKeeper is wrong, away or not ready: they say so once, wait, and go on as soon as they can.
    @Suite struct ConnectionTests {
        /// What begins the one sentence about ZooKeeper.
        static let complaint = "ZooKeeper cannot be used"

        static func plans(_ hosts: String, _ name: String) -> [LoneProcess.Plan] {
            ["center", "agent"].map { .init(role: $0, id: "\(name)-\($0)", zookeeper: hosts) }
        }

        /// Waits until the process has said what is wrong, is alive and not ready.
        static func expectWaiting(_ process: LoneProcess, says words: String...) async throws {
            try await eventually("\(process.plan.id) says what is wrong") {
                process.lines(containing: complaint) > 0
            }
            #expect(words.contains { process.log.contains($0) }, "\(process.log)")
            // What is wrong may be known before the process listens.
            try await eventually("\(process.plan.id) answers") { await process.get("/livez")?.status == 200 }
            let ready = await process.get("/readyz")
            #expect(ready?.status == 503)
            #expect(ready.map { $0.body.count > 10 && !$0.body.contains("Optional(") } == true)
            #expect(process.isRunning)
        }

        @Test("an unknown host and a wrong port are named once, readiness is false, nothing ends or spins")
        func unreachable() async throws {
            try await withFolder { folder in
                let hosts = ["no-such-host.invalid:2181", "127.0.0.1:1"]
                let plans = hosts.enumerated().flatMap { Self.plans($1, "lost\($0)") }
                try await withProcesses(plans, in: folder) { processes in
                    for process in processes {
                        try await Self.expectWaiting(process, says: "no server answers", "hosts")
                    }
                    // Long enough for several attempts with back-off.
                    try await Task.sleep(for: .seconds(6))
                    for process in processes {
                        #expect(process.isRunning)
                        #expect(process.lines(containing: Self.complaint) == 1, "\(process.log)")
                        #expect(process.log.split(separator: "\n").count < 20, "\(process.log)")
                        #expect(try process.processorTime() < .seconds(3))
                        process.signal(SIGTERM)
                    }
                    for process in processes { #expect(try await process.ended() == 0, "\(process.log)") }
                }
            }
        }

        @Test("a ZooKeeper that appears later, and a root path that is made later, are found")
        func late() async throws {
            try await withServer(tickTime: .milliseconds(500)) { server in
                await server.kill()
                try await withFolder { folder in
                    let late = Self.plans(server.address, "late")
                    let rootless = Self.plans(server.address + "/missing/root", "rootless")
                    try await withProcesses(late + rootless, in: folder) { processes in
                        for process in processes[..<2] {
                            try await Self.expectWaiting(process, says: "no server answers")
                        }
                        try await server.restart()
                        for process in processes[2...] {
                            try await eventually("\(process.plan.id) names the missing root path") {
                                process.log.contains("the root path at the end of the connect string")
                            }
                            #expect(await process.get("/readyz")?.status == 503)
                        }
                        for process in processes[..<2] { try await Self.expectReady(process) }
                        try await withSession(server.address) { session in
                            try await session.ensurePath(ZNodePath("/missing/root"))
                        }
                        for process in processes[2...] { try await Self.expectReady(process) }
                    }
                }
            }
        }

        static func expectReady(_ process: LoneProcess) async throws {
            try await eventually("\(process.plan.id) is ready") {
                await process.get("/readyz")?.status == 200
            }
            #expect(process.lines(containing: "ZooKeeper can be used") == 1, "\(process.log)")
        }
    }
}
