import Documents
import Domain
import Foundation
import Payloads
import Scheduling
import Synchronization
import Testing

@testable import Control

@Suite struct UpTests {
    @Test("output is passed on in whole lines with the name before each")
    func prefixes() {
        let output = Mutex("")
        let prefixer = LinePrefixer(prefix: "[a] ") { data in
            output.withLock { $0 += String(decoding: data, as: UTF8.self) }
        }
        for piece in ["one\ntw", "o\nthree\n\nfo", "ur"] { prefixer.take(Data(piece.utf8)) }
        #expect(output.withLock(\.self) == "[a] one\n[a] two\n[a] three\n")
        prefixer.finish()
        #expect(output.withLock(\.self) == "[a] one\n[a] two\n[a] three\n[a] four\n")
    }

    @Test("a line without an end is passed on in the end")
    func endless() {
        let count = Mutex(0)
        let prefixer = LinePrefixer(prefix: "") { data in count.withLock { $0 += data.count } }
        for _ in 0..<40 { prefixer.take(Data(repeating: 65, count: 1_000)) }
        #expect(count.withLock(\.self) > 16_000)
    }

    @Test("the sample tasks are valid and harmless to apply twice")
    func samples() throws {
        let documents = try DocumentParser().parse(SampleTasks.text, file: "samples")
        let names = ["tick", "report", "failure", "nightly", "on-request"]
        #expect(documents.map(\.name) == names.map { "sample-" + $0 })
    }

    @Test("each run that ended is told once, in the order they were due")
    func ticker() throws {
        let task = try #require(TaskID("t"))
        let uid = try #require(TaskUID(String(repeating: "a", count: 32)))
        func run(_ second: Int, _ state: RunState) -> RunPayload {
            let due = Instant(millisecondsSinceEpoch: 1_774_746_000_000) + .seconds(second)
            return RunPayload(
                Run(
                    id: RunID(FireKey(uid: uid, due: due)),
                    task: task,
                    uid: uid,
                    part: 0,
                    runtime: .standard,
                    due: due,
                    trigger: .schedule,
                    state: state
                )
            )
        }
        var ticker = RunTicker()
        #expect(ticker.lines(for: [run(2, .running), run(1, .lost), run(0, .succeeded)]).count == 2)
        #expect(ticker.lines(for: [run(2, .skipped), run(1, .lost)]) == ["[run] t of 01:00:02 skipped"])
    }

    @Test("the example file shows the sample tasks")
    func exampleFile() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = root.appending(path: "conf/tasks/samples.yaml")
        let lines = try String(contentsOf: file, encoding: .utf8).split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
        let text = lines.drop { $0.hasPrefix("#") }.joined(separator: "\n")
        #expect(text.trimmingCharacters(in: .newlines) == SampleTasks.text)
    }

    @Test("events are the contract's objects")
    func events() throws {
        let started = MemberEvent(event: .started, role: "agent", id: "agent-1", pid: 7)
        #expect(try Printer.json(started) == #"{"event":"started","id":"agent-1","pid":7,"role":"agent"}"#)
        let ready = MemberEvent(event: .ready, server: "http://127.0.0.1:1", zookeeper: "127.0.0.1:2")
        #expect(
            try Printer.json(ready)
                == #"{"event":"ready","server":"http://127.0.0.1:1","zookeeper":"127.0.0.1:2"}"#
        )
    }

    @Test("a plan names every process, in the order of their start")
    func plan() async throws {
        let directory = NSTemporaryDirectory() + "/cloudtask-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try StateDirectory.makePrivateDirectory(directory)
        let plan = try await UpPlan(request(directory))
        #expect(plan.members.map(\.id) == ["center-1", "center-2", "agent-1"])
        let center = plan.members[0].arguments.joined(separator: " ")
        #expect(
            center.hasPrefix(
                "center --id center-1 --zookeeper h:1 --workspace w --data \(directory)/center-1 --listen 127.0.0.1:"
            )
        )
        #expect(center.hasSuffix(" --token-file \(directory)/token --session-timeout 4s --log-level info"))
        let agent = plan.members[2].arguments.joined(separator: " ")
        #expect(agent.hasPrefix("agent --id agent-1 --runtime default --zookeeper h:1"))
        #expect(agent.hasSuffix("--slots 3"))
        #expect(Set(plan.servers).count == 2)
        let token = try Discovery.token(inFile: plan.tokenFile).text
        let again = try await UpPlan(request(directory))
        #expect(try Discovery.token(inFile: again.tokenFile).text == token)
        let attributes = try FileManager.default.attributesOfItem(atPath: plan.tokenFile)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    }

    private func request(_ directory: String) -> UpPlan.Request {
        UpPlan.Request(
            centers: 2,
            agents: 1,
            dataDirectory: directory,
            sessionTimeout: "4s",
            workspace: "w",
            zookeeper: "h:1",
            port: nil,
            slots: 3,
            logLevel: "info"
        )
    }

    @Test("addresses are read as people write them")
    func addresses() {
        #expect(HostPort("h:1")?.port == 1)
        #expect(HostPort("h") == nil)
        #expect(HostPort(":1") == nil)
        #expect(HostPort("h:70000") == nil)
        #expect(HostPort(url: "http://127.0.0.1:7470/x")?.description == "127.0.0.1:7470")
        #expect(HostPort.list("a:1,b:2/chroot/x").map(\.description) == ["a:1", "b:2"])
    }
}
