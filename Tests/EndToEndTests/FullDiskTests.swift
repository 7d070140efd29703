import Domain
import Foundation
import Payloads
import Scheduling
import TestServers
import Testing

extension EndToEnd {
    /// A full disk: nothing ends, nothing is acknowledged that is not stored, and everything goes on once there is room.
    @Suite struct FullDiskTests {
        /// A center and an agent, one of which has a small disk.
        static func withPair(
            small: String,
            body: (_ center: LoneProcess, _ agent: LoneProcess, SmallDisk, Marks) async throws -> Void
        ) async throws {
            try await withServer(tickTime: .milliseconds(500)) { server in
                try await withFolder { folder in
                    let disk = try SmallDisk("small", in: folder)
                    var plans = ["center", "agent"].map {
                        LoneProcess.Plan(role: $0, id: $0, zookeeper: server.address)
                    }
                    for index in plans.indices where plans[index].role == small {
                        plans[index].data = disk.path
                        plans[index].launcher = disk.launcher
                    }
                    let marks = try Marks(in: folder)
                    try await withProcesses(plans, in: folder) { processes in
                        for process in processes {
                            try await eventually("\(process.plan.id) is ready") {
                                await process.get("/readyz")?.status == 200
                            }
                        }
                        try await save(
                            taskDocument("tick", every: "1s", script: marks.script()),
                            processes[0],
                            folder
                        )
                        try await eventually("it runs") { try marks.all().count >= 2 }
                        try await body(processes[0], processes[1], disk, marks)
                    }
                }
            }
        }

        static func save(_ document: String, _ center: LoneProcess, _ folder: TemporaryFolder) async throws {
            let words = [
                "apply", "-f", "-", "--server", try #require(center.url), "--token-file",
                folder.file("token").path,
            ]
            let applied = try await run(Binary.path, words, input: document)
            try #require(applied.status == 0, "\(applied.errors)")
        }

        /// The final records of the task by due second; a range stands for each of its seconds.
        static func dispositions(_ center: LoneProcess) async throws -> [Int64: RunState] {
            let answer = try #require(await center.get("/api/v1/runs?limit=500"))
            try #require(answer.status == 200, "\(answer.body)")
            var states: [Int64: RunState] = [:]
            for run in try answer.json(ListPayload<RunPayload>.self).items where run.state.isFinal {
                let last = run.due.millisecondsSinceEpoch / 1_000
                for second in (last - Int64(run.count) + 1)...last { states[second] = run.state }
            }
            return states
        }

        /// Waits until every second up to the last start has one record, and every start is recorded as succeeded.
        static func expectComplete(_ center: LoneProcess, _ marks: Marks) async throws {
            let seconds = try marks.all().map { $0.due.millisecondsSinceEpoch / 1_000 }
            let (first, last) = (try #require(seconds.min()), try #require(seconds.max()))
            #expect(Set(seconds).count == seconds.count, "a due instant was started twice")
            try await eventually("every start and every due instant is in the history") {
                let states = try await dispositions(center)
                return seconds.allSatisfy { states[$0] == .succeeded }
                    && (first...last).allSatisfy { states[$0] != nil }
            }
        }

        @Test("the agent's disk is full: it launches nothing, says so, and goes on when there is room")
        func agent() async throws {
            try await Self.withPair(small: "agent") { center, agent, disk, marks in
                try disk.fill(of: agent)
                try await eventually("it says so") { await agent.get("/readyz")?.status == 503 }
                #expect(await agent.get("/readyz")?.body.contains("is the disk full?") == true)
                #expect(agent.lines(containing: "is the disk full?") == 1, "\(agent.log)")
                let full = Instant.now
                try await Task.sleep(for: .seconds(4))
                #expect(try marks.all().filter { $0.start > full + .seconds(1) }.isEmpty)
                #expect(agent.isRunning)
                #expect(try agent.processorTime() < .seconds(4))
                #expect(await agent.get("/livez")?.status == 200)
                try disk.free(of: agent)
                let freed = Instant.now
                try await eventually("it runs again") { try marks.all().contains { $0.due > freed } }
                #expect(await agent.get("/readyz")?.status == 200)
                try await Self.expectComplete(center, marks)
            }
        }

        @Test(
            "the center's disk is full: tasks run on, results wait with the agent, and all arrive when there is room"
        )
        func center() async throws {
            try await Self.withPair(small: "center") { center, agent, disk, marks in
                try disk.fill(of: center)
                let full = Instant.now
                try await eventually("tasks run on") {
                    try marks.all().filter { $0.due > full }.count >= 4
                }
                let states = try await Self.dispositions(center)
                let during = try marks.all().filter { $0.due > full }
                let stored = during.filter { states[$0.due.millisecondsSinceEpoch / 1_000] != nil }
                #expect(stored.count < during.count, "the disk was not full")
                #expect(center.isRunning && agent.isRunning)
                #expect(await center.get("/livez")?.status == 200)
                #expect(center.lines(containing: "could not be stored") > 0, "\(center.log)")
                try disk.free(of: center)
                try await Self.expectComplete(center, marks)
                #expect(try marks.all().filter { $0.lateness > .seconds(2) }.isEmpty)
            }
        }
    }
}
