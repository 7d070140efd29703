import Domain
import Foundation
import Scheduling
import Testing

@Suite struct ProcessSettingsTests {
    private func problems(_ settings: ProcessSettings) throws -> [String] {
        let name = try #require(TaskID("t"))
        let task = TaskSpecification(name: name, action: .command(["true"]), process: settings)
        return task.problems.map { "\($0.field): \($0.message)" }
    }

    @Test(
        "sizes are read in all units, and written in the largest that fits",
        arguments: [
            ("0", 0, "0"), ("1", 1, "1"), ("1B", 1, "1"), ("1023", 1_023, "1023"), ("1024", 1_024, "1KiB"),
            ("64KiB", 65_536, "64KiB"), ("1kB", 1_000, "1kB"), ("512MiB", 536_870_912, "512MiB"),
            ("1024MiB", 1_073_741_824, "1GiB"), ("3GB", 3_000_000_000, "3GB"),
            ("1TiB", 1_099_511_627_776, "1TiB"), ("1536KiB", 1_572_864, "1536KiB"),
        ]
    )
    func size(text: String, bytes: Int, written: String) throws {
        let size = try #require(ByteSize(text))
        #expect(size.bytes == bytes)
        #expect(size.text == written)
        #expect(ByteSize(size.text) == size)
    }

    @Test(
        "what is no size is refused",
        arguments: ["", "MiB", "-1", "1.5GiB", "1 GiB", "1Mi", "99999999999TiB", "٣"]
    )
    func noSize(text: String) { #expect(ByteSize(text) == nil) }

    @Test(
        "sizes are rounded for people",
        arguments: [
            (0, "0 B"), (1_023, "1023 B"), (1_024, "1 KiB"), (1_536, "1.5 KiB"), (13_107_200, "12.5 MiB"),
            (1_073_741_824, "1 GiB"), (150_323_855, "143 MiB"),
        ]
    )
    func rounded(bytes: Int, text: String) { #expect(ByteSize(bytes).rounded == text) }

    @Test("masks are octal, of nine bits")
    func mask() {
        let read = ["027", "0", "22", "0077", "777", "1000", "8", "", "+27", "00027"].map(
            ProcessSettings.umask
        )
        #expect(read == [0o27, 0, 0o22, 0o77, 0o777, nil, nil, nil, nil, nil])
        #expect([0, 0o22, 0o777].map(ProcessSettings.text(ofUmask:)) == ["000", "022", "777"])
    }

    @Test("everything that is wrong is said at once, each with its field")
    func wrong() throws {
        let limits = ProcessLimits(
            memory: ByteSize(1_000),
            cpuThousandths: 0,
            cpuTime: .milliseconds(10),
            processes: 0,
            openFiles: 5_000_000
        )
        let settings = ProcessSettings(
            workingDirectory: "reports",
            user: "a:b",
            group: "",
            groups: ["ok", "no/t"],
            nice: 20,
            limits: limits
        )
        let fields = try problems(settings).compactMap { $0.split(separator: ":").first.map(String.init) }
        #expect(
            fields == [
                "process.workingDirectory", "process.user", "process.group", "process.groups[1]",
                "process.nice",
                "process.limits.memory", "process.limits.cpu", "process.limits.cpuTime",
                "process.limits.processes", "process.limits.openFiles",
            ]
        )
    }

    @Test("what is right is not refused, and is stored and read the same")
    func right() throws {
        let limits = ProcessLimits(
            memory: ByteSize(512 << 20),
            cpuThousandths: 333,
            cpuTime: .seconds(90),
            processes: 10,
            openFiles: 1_024,
            fileSize: ByteSize(0),
            core: ByteSize(0)
        )
        let settings = ProcessSettings(
            workingDirectory: "/srv/reports",
            user: "www-data",
            group: "33",
            groups: [],
            umask: 0o27,
            nice: -20,
            io: .idle,
            limits: limits
        )
        #expect(try problems(settings).isEmpty)
        let name = try #require(TaskID("t"))
        let task = TaskSpecification(name: name, action: .command(["true"]), process: settings)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes = try encoder.encode(task)
        #expect(try JSONDecoder().decode(TaskSpecification.self, from: bytes) == task)
        let process = #""process":{"group":"33","groups":[],"io":"idle","limits":{"core":"0","cpu":0.333,"#
        #expect(String(decoding: bytes, as: UTF8.self).contains(process))
    }

    @Test("a task that says nothing of it is stored as before it could")
    func nothing() throws {
        let name = try #require(TaskID("t"))
        let task = TaskSpecification(name: name, action: .command(["true"]))
        let bytes = try JSONEncoder().encode(task)
        #expect(!String(decoding: bytes, as: UTF8.self).contains("process"))
        #expect(try JSONDecoder().decode(TaskSpecification.self, from: bytes).process == ProcessSettings())
    }

    @Test("what was used is stored in short, and records without it are read")
    func usage() throws {
        let run = try #require(RunID("00000000000000a1-0-1767225600001"))
        var result = AttemptResult(
            attempt: AttemptID(run: run, number: 1),
            outcome: .failed,
            signal: 9,
            cause: .outOfMemory,
            usage: AttemptUsage(userMilliseconds: 12, memoryPeak: ByteSize(4_096)),
            endedAt: Instant(millisecondsSinceEpoch: 1_767_225_600_001)
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text = String(decoding: try encoder.encode(result), as: UTF8.self)
        #expect(text.contains(#""cause":"out-of-memory""#))
        #expect(text.contains(#""usage":{"peakBytes":4096,"userMs":12}"#))
        #expect(try JSONDecoder().decode(AttemptResult.self, from: Data(text.utf8)) == result)
        result.cause = nil
        result.usage = nil
        let older = try encoder.encode(result)
        #expect(!String(decoding: older, as: UTF8.self).contains("usage"))
        #expect(try JSONDecoder().decode(AttemptResult.self, from: older) == result)
    }

    @Test("without a policy file a task runs as the agent, anywhere")
    func noPolicy() {
        let policy = AgentPolicy()
        #expect(policy.refusal(ofKind: "script") == nil)
        #expect(policy.refusal(ofUser: ["root", "0"], isAgent: true) == nil)
        #expect(policy.refusal(ofDirectory: "/") == nil)
        #expect(
            policy.refusal(ofUser: ["deploy", "1000"], isAgent: false)
                == "tasks may not run as user deploy on this machine: list it under users in the policy file of the agent (--policy FILE)"
        )
    }

    @Test("with one, only what it lists is allowed, the agent's own user too")
    func policy() {
        let policy = AgentPolicy(
            file: "/etc/p.yaml",
            kinds: ["command"],
            users: ["deploy", "33"],
            directories: ["/srv", "/var/lib/app/"]
        )
        #expect(policy.refusal(ofKind: "command") == nil)
        #expect(
            policy.refusal(ofKind: "script")
                == "this machine runs no tasks of kind script: kinds in /etc/p.yaml has command"
        )
        #expect(policy.refusal(ofUser: ["deploy", "1000"], isAgent: false) == nil)
        #expect(policy.refusal(ofUser: ["www-data", "33"], isAgent: false) == nil)
        #expect(
            policy.refusal(ofUser: ["root", "0"], isAgent: true)
                == "tasks may not run as user root on this machine: users in /etc/p.yaml has deploy, 33"
        )
        let allowed = ["/srv", "/srv/a/b", "/var/lib/app", "/var/lib/app/x"]
        #expect(allowed.allSatisfy { policy.refusal(ofDirectory: $0) == nil })
        #expect(["/", "/srvx", "/var/lib", "/etc"].allSatisfy { policy.refusal(ofDirectory: $0) != nil })
        #expect(AgentPolicy(directories: ["/"]).refusal(ofDirectory: "/etc") == nil)
        #expect(AgentPolicy(directories: []).refusal(ofDirectory: "/etc")?.hasSuffix("has nothing") == true)
    }
}
