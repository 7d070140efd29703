import Agent
import Domain
import Foundation
import Scheduling
import Testing

@testable import Executor

@Suite("What a process is given", .timeLimit(.minutes(2)))
struct ProcessTests {
    @Test("the environment is the base, the task's variables and ours, and nothing else")
    func environment() async throws {
        let base = ["PATH": "/usr/bin:/bin", "HOME": "/root", "LANG": "C"]
        try await withRunner(environment: base) { world in
            let order = try world.order(
                1,
                .command(["env"]),
                environment: ["LANG": "C.UTF-8", "COLOUR": "b l=u\ne"]
            )
            #expect(try await world.run(order).outcome == .succeeded)
            #expect(
                try world.log(order) == """
                    HOME=/root
                    PATH=/usr/bin:/bin
                    COLOUR=b l=u
                    e
                    LANG=C.UTF-8
                    CLOUDTASK_TASK=nightly
                    CLOUDTASK_RUN=00000000000000a1-0-1767225600001
                    CLOUDTASK_DUE=2026-01-01T00:00:00.001Z
                    CLOUDTASK_ATTEMPT=2
                    CLOUDTASK_NODE=agent-1
                    CLOUDTASK_FENCE=3586
                    CLOUDTASK_TRIGGER=schedule
                    CLOUDTASK_RESULT=\(world.directory)/results/00000000000000a1-0-1767225600001-2.json
                    TRACEPARENT=\(TraceContext.text(of: order.fire.attempt))

                    """
            )
        }
    }

    @Test("only the listed variables of the agent are inherited, and there is always a search path")
    func inheritance() {
        let own = ["SECRET": "x", "HOME": "/root", "TZ": "UTC"]
        #expect(
            RunnerConfiguration.environment(from: own)
                == ["HOME": "/root", "TZ": "UTC", "PATH": RunnerConfiguration.searchPath]
        )
    }

    @Test("the task's own PATH is searched")
    func searchPath() async throws {
        try await withRunner { world in
            // A link, for a program written here may still be open for writing in the child of another test.
            try FileManager.default.createSymbolicLink(
                atPath: world.directory + "/greet",
                withDestinationPath: "/bin/echo"
            )
            let order = try world.order(
                1,
                .command(["greet", "you"]),
                environment: ["PATH": "/none:\(world.directory)"]
            )
            #expect(try await world.run(order).outcome == .succeeded)
            #expect(try world.log(order) == "you\n")
        }
    }

    @Test("a run of a shard is given the values of its shard")
    func shardValues() async throws {
        try await withRunner { world in
            let words = ["sh", "-c", "echo \"$1|$CLOUDTASK_PARAM_REGION\"", "sh", "${{ parameters.region }}"]
            var order = try world.order(
                1,
                .command(words),
                parameters: [Parameter(name: "region", defaultValue: "none")]
            )
            order.specification.shards = .names(["us", "eu"])
            order.specification.shardParameters = ["eu": ["region": "eu-west"]]
            order.fire.part = 1
            #expect(try await world.run(order).outcome == .succeeded)
            #expect(try world.log(order) == "eu-west|eu-west\n")
        }
    }

    @Test(
        "values are filled into arguments and variables, and stand in variables of their own; a script is left as it is"
    )
    func parameters() async throws {
        let parameters = [
            Parameter(name: "mode", defaultValue: "fast"), Parameter(name: "in-file.1", defaultValue: "-"),
        ]
        let meant = try #require(Instant(rfc3339: "2020-02-02T00:00:00Z"))
        let terms = RunTerms(parameters: ["in-file.1": "a b; exit 3"], meantFor: meant)
        try await withRunner { world in
            let words = [
                "sh", "-c", "echo \"$1|$X|$CLOUDTASK_PARAM_MODE|$CLOUDTASK_DUE\"", "sh",
                "${{ parameters.in-file.1 }}",
            ]
            let order = try world.order(
                1,
                .command(words),
                environment: ["X": "${{ parameters.mode }} ${{ node }} ${{ due.date }}"],
                parameters: parameters,
                terms: terms
            )
            #expect(try await world.run(order).outcome == .succeeded)
            #expect(
                try world.log(order) == "a b; exit 3|fast agent-1 2020-02-02|fast|2020-02-02T00:00:00.000Z\n"
            )
            let script = try world.order(
                2,
                .script("echo '${{ parameters.mode }}' \"$CLOUDTASK_PARAM_IN_FILE_1\""),
                parameters: parameters,
                terms: terms
            )
            #expect(try await world.run(script).outcome == .succeeded)
            #expect(try world.log(script) == "${{ parameters.mode }} a b; exit 3\n")
        }
    }

    @Test("arguments arrive as they are")
    func arguments() async throws {
        try await withRunner { world in
            let order = try world.command(1, "printf", "[%s]", "", "a b", "$HOME", "*", "ü\n")
            _ = try await world.run(order)
            #expect(try world.log(order) == "[][a b][$HOME][*][ü\n]")
        }
    }

    @Test("a process has its three descriptors and no other, an empty input, and leads its own group")
    func surroundings() async throws {
        try await withRunner { world in
            // A descriptor that a child would inherit.
            let leak = unsafe open("/dev/null", O_RDONLY)
            defer { close(leak) }
            try #require(fcntl(leak, F_SETFD, 0) == 0)
            let order = try world.script(
                1,
                """
                readlink /proc/$$/fd/0
                cat
                set -- $(cat /proc/$$/stat)
                test "$$" = "$5" && echo leader
                pwd
                grep -E 'SigBlk|SigIgn' /proc/$$/status | tr -d '\\t'
                """
            )
            #expect(try await world.run(order).outcome == .succeeded)
            let surroundings = try world.log(order)
            #expect(
                surroundings == """
                    /dev/null
                    leader
                    \(world.directory)
                    SigBlk:0000000000000000
                    SigIgn:0000000000000000

                    """
            )
            let direct = try world.command(2, "ls", "/proc/self/fd")
            _ = try await world.run(direct)
            // 3 is the directory that ls reads.
            #expect(try world.log(direct) == "0\n1\n2\n3\n")
        }
    }

    @Test("scripts stop at the first error and at unset variables, and leave no file")
    func strictScripts() async throws {
        try await withRunner { world in
            let failing = try world.script(1, "echo one\nfalse\necho two")
            #expect(try await world.run(failing).exitCode == 1)
            #expect(try world.log(failing) == "one\n")
            let unset = try world.script(2, "echo $NO_SUCH_VARIABLE\necho two")
            #expect(try await world.run(unset).outcome == .failed)
            #expect(try world.log(unset) == "")
            #expect(try world.log(unset, .err).contains("NO_SUCH_VARIABLE"))
            let scripts = try FileManager.default.contentsOfDirectory(atPath: world.directory + "/scripts")
            #expect(scripts.isEmpty)
        }
    }
}
