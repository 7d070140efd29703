import Foundation
import TestServers
import Testing

extension EndToEnd {
    /// Two processes that claim the same name or the same data directory.
    @Suite struct IdentityTests {
        static func agent(_ hosts: String, data: String, _ sessionTimeout: String = "2s") -> LoneProcess.Plan
        {
            .init(role: "agent", id: "twin", zookeeper: hosts, data: data, sessionTimeout: sessionTimeout)
        }

        static let registered = "the agent is registered"

        @Test(
            "the second agent of a name is refused with host and pid of the first, and follows when that is gone"
        )
        func sameName() async throws {
            try await withServer(tickTime: .milliseconds(500)) { server in
                try await withFolder { folder in
                    let plans = ["a", "b"].map { Self.agent(server.address, data: folder.file($0).path) }
                    try await withProcesses([plans[0]], in: folder) { first in
                        let holder = first[0]
                        try await eventually("the first registers") { holder.log.contains(Self.registered) }
                        try await withProcesses([plans[1]], in: folder) { second in
                            let claimant = second[0]
                            try await eventually("the second is refused") {
                                claimant.log.contains("another process holds this agent's name")
                            }
                            let host = ProcessInfo.processInfo.hostName
                            #expect(claimant.log.contains("holder.pid=\(holder.processID)"))
                            #expect(claimant.log.contains("holder.host=\(host)"))
                            let ready = await claimant.get("/readyz")
                            #expect(ready?.status == 503)
                            #expect(ready?.body.contains("process \(holder.processID) on \(host)") == true)
                            #expect(holder.isRunning)
                            #expect(claimant.isRunning)
                            holder.signal(SIGKILL)
                            try await eventually("the second registers once the first's session is over") {
                                claimant.log.contains(Self.registered)
                            }
                        }
                    }
                }
            }
        }

        @Test("the second center of a name says who holds it, and takes its place when that is gone")
        func sameCenter() async throws {
            try await withServer(tickTime: .milliseconds(500)) { server in
                try await withFolder { folder in
                    let plans = ["a", "b"].map { data in
                        LoneProcess.Plan(
                            role: "center",
                            id: "twin",
                            zookeeper: server.address,
                            data: folder.file(data).path,
                            sessionTimeout: "2s"
                        )
                    }
                    try await withProcesses([plans[0]], in: folder) { first in
                        let holder = first[0]
                        try await eventually("the first leads") {
                            await holder.get("/leaderz")?.status == 200
                        }
                        try await withProcesses([plans[1]], in: folder) { second in
                            try await eventually("the second says who holds the name") {
                                second[0].log.contains("holder.pid=\(holder.processID)")
                            }
                            #expect(await holder.get("/leaderz")?.status == 200)
                            holder.signal(SIGKILL)
                            try await eventually("the second leads") {
                                await second[0].get("/leaderz")?.status == 200
                            }
                        }
                    }
                }
            }
        }

        @Test("a restart from the same data directory does not wait for the predecessor's session")
        func restart() async throws {
            try await withServer(tickTime: .milliseconds(500)) { server in
                try await withFolder { folder in
                    let plan = Self.agent(server.address, data: folder.file("data").path, "10s")
                    try await withProcesses([plan], in: folder) { first in
                        try await eventually("it registers") { first[0].log.contains(Self.registered) }
                        first[0].signal(SIGKILL)
                        _ = try await first[0].ended()
                    }
                    let began = ContinuousClock.now
                    try await withProcesses([plan], in: folder) { second in
                        try await eventually("it registers again") { second[0].log.contains(Self.registered) }
                        #expect(began.duration(to: .now) < .seconds(6), "\(second[0].log)")
                        #expect(!second[0].log.contains("another process holds"))
                    }
                }
            }
        }

        @Test(
            "a data directory that is in use is refused with the pid of its user",
            arguments: ["center", "agent"]
        )
        func sameData(role: String) async throws {
            try await withFolder { folder in
                let data = folder.file("data").path
                let plans = ["one", "two"].map {
                    LoneProcess.Plan(role: role, id: $0, zookeeper: "127.0.0.1:1", data: data)
                }
                try await withProcesses([plans[0]], in: folder) { first in
                    try await eventually("the first uses the directory") { first[0].url != nil }
                    try await withProcesses([plans[1]], in: folder) { second in
                        let status = try await second[0].ended()
                        #expect(status == 5)
                        let sentence =
                            "the data directory \(data) is used by the process \(first[0].processID)"
                        #expect(second[0].log.contains(sentence), "\(second[0].log)")
                        #expect(second[0].log.split(separator: "\n").count == 1, "\(second[0].log)")
                    }
                    #expect(first[0].isRunning)
                }
            }
        }
    }
}
