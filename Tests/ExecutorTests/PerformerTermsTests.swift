import Agent
import Domain
import Foundation
import Glibc
import Testing

@testable import Executor

/// Scripts, phases and plugins of tasks with settings for their processes.
@Suite("Terms of what is given as a file, or performed", .timeLimit(.minutes(2)))
struct PerformerTermsTests {
    private static let policy = AgentPolicy(file: "p", users: ["nobody", "root"])

    private func phases(setup: String? = nil, _ run: String) -> TaskSpecification.Action {
        .phases(Phases(setup: setup.map { Phase(.script($0)) }, run: Phase(.script(run))))
    }

    @Test("the script of another user is a file that is that user's alone, whatever the interpreter", .root)
    func script() async throws {
        try await withRunner(configure: { $0.policy = Self.policy }) { world in
            let text = "id -un; stat -c '%a %U' \"$0\"; echo \"$0\""
            for (number, interpreter) in [[], ["/bin/sh", "-u"]].enumerated() {
                var order = try world.order(number, .script(text, interpreter: interpreter))
                order.specification.process.user = "nobody"
                let result = try await world.run(order)
                #expect(result.outcome == .succeeded, "\(result) \(world.complaints(order))")
                let path = "\(world.directory)/scripts/\(order.fire.attempt)"
                #expect(try world.log(order) == "nobody\n700 nobody\n\(path)\n")
            }
            let left = try FileManager.default.contentsOfDirectory(atPath: world.directory + "/scripts")
            #expect(left.isEmpty)
        }
    }

    @Test("all phases run as the task's user, who finds their scripts and leaves a result", .root)
    func user() async throws {
        try await withRunner(configure: { $0.policy = Self.policy }) { world in
            let run = "id -un; echo $HOME; umask; echo '{\"rows\": 12}' > $CLOUDTASK_RESULT"
            var order = try world.order(1, phases(setup: "id -un; stat -c '%a %U' \"$0\"", run))
            order.specification.process = ProcessSettings(
                workingDirectory: "/",
                user: "nobody",
                umask: 0o027
            )
            let result = try await world.run(order)
            #expect(result.outcome == .succeeded, "\(result) \(world.complaints(order))")
            // The user cannot read the log, and so not see whether a line was left open: an empty line is between the phases.
            let expected = "=== setup ===\nnobody\n700 nobody\n\n=== run ===\nnobody\n/nonexistent\n0027\n"
            #expect(try world.log(order) == expected)
            let told = world.seen.compactMap { event in
                if case .told(_, let account) = event { account.outputs["rows"] } else { nil }
            }
            #expect(told == [.integer(12)])
            for folder in ["scripts", "results"] {
                let left = try FileManager.default.contentsOfDirectory(
                    atPath: "\(world.directory)/\(folder)"
                )
                #expect(left.isEmpty)
            }
        }
    }

    @Test("who cannot reach the agent's data is not started, and the closed folder is named", .root)
    func obstacle() async throws {
        try await withTemporaryDirectory { outer in
            try #require(unsafe chmod(outer, 0o700) == 0)
            let policy = Self.policy
            try await withRunner(
                in: outer + "/agent/data",
                configure: {
                    $0.policy = policy
                    $0.workingDirectory = "/"
                }
            ) { world in
                for (number, action) in [.script("true"), phases("true")].enumerated() {
                    var order = try world.order(number, action)
                    order.specification.process.user = "nobody"
                    let result = try await world.run(order)
                    #expect(result.outcome == .notStarted)
                    #expect(result.exitCode == 126)
                    #expect(
                        result.message
                            == "user nobody cannot reach the task's files: \(outer) lets nobody else pass; chmod o+x it, or keep the agent's data elsewhere"
                    )
                }
                var command = try world.command(9, "true")
                command.specification.process.user = "nobody"
                #expect(try await world.run(command).outcome == .succeeded)
            }
        }
    }

    @Test("an account passes through folders by the right that it has: as owner, member or other")
    func rights() async throws {
        try await withTemporaryDirectory { folder in
            var status = stat()
            try #require(unsafe stat(folder, &status) == 0)
            func obstacle(_ mode: mode_t, user: uid_t, group: gid_t, groups: [gid_t] = []) throws -> String? {
                try #require(unsafe chmod(folder, mode) == 0)
                let account = Account(name: "a", user: user, group: group, groups: groups, home: "/")
                return account.obstacle(above: folder + "/data")
            }
            let (user, group) = (status.st_uid + 70_000, status.st_gid + 70_000)
            #expect(try obstacle(0o711, user: user, group: group) == nil)
            #expect(try obstacle(0o710, user: user, group: group) == folder)
            #expect(try obstacle(0o710, user: user, group: group, groups: [status.st_gid]) == nil)
            #expect(try obstacle(0o701, user: user, group: status.st_gid) == folder)
            #expect(try obstacle(0o700, user: 0, group: 0) == nil)
            try #require(unsafe chmod(folder, 0o700) == 0)
        }
    }

    @Test("limits of each process are those of what a phase starts, not of whoever carries the phases out")
    func limits() async throws {
        try await withRunner(configure: { $0.usesControlGroups = false }) { world in
            // With so little address space the performer could not even begin.
            let limits = ProcessLimits(
                memory: ByteSize(64 << 20),
                openFiles: 16,
                core: ByteSize(0)
            )
            var order = try world.order(1, phases("ulimit -v; ulimit -n; ulimit -c"))
            order.specification.process.limits = limits
            let result = try await world.run(order)
            #expect(result.outcome == .succeeded, "\(result) \(world.complaints(order))")
            #expect(try world.log(order) == "=== run ===\n65536\n16\n0\n")
        }
    }

    @Test("a stop asks what a phase has started to end, also what has left its session, and spares teardown")
    func session() async throws {
        try await withRunner { world in
            let (ready, members) = (try world.pipe("ready"), try world.pipe("members"))
            let go = try world.pipe("go")
            let run = "setsid sh -c 'echo up > \(ready); exec sleep 3000' > \(members) & wait"
            let action = TaskSpecification.Action.phases(
                Phases(
                    run: Phase(.script(run)),
                    teardown: Phase(.script("read -r line < \(go); echo $line"))
                )
            )
            var order = try world.order(1, action)
            order.specification.killGrace = .seconds(60)
            let left = try reader(of: members)
            await world.runner.start([order])
            #expect(try line(from: ready) == "up")
            await world.runner.stop(order.fire.attempt, grace: .seconds(60))
            // Teardown waits until nobody holds the pipe of what run has started.
            #expect(try everything(from: left) == "")
            let handle = try #require(FileHandle(forWritingAtPath: go))
            try handle.write(contentsOf: Data("over\n".utf8))
            try handle.close()
            let result = try await world.result(of: order.fire.attempt)
            #expect(result.outcome == .stopped)
            #expect(try world.log(order).hasSuffix("=== teardown ===\nover\n"))
        }
    }

    @Test(
        "a policy judges a task by all that it is made of",
        arguments: [
            (TaskSpecification.Action.http(HTTPCall(url: "https://example.com")), "http"),
            (.plugin(PluginCall(name: "p")), "plugin"),
            (.phases(Phases(setup: Phase(.command(["true"])), run: Phase(.script("true")))), "script"),
        ]
    )
    func kinds(action: TaskSpecification.Action, refused: String) async throws {
        let policy = AgentPolicy(file: "p", kinds: ["command"])
        try await withRunner(configure: { $0.policy = policy }) { world in
            let result = try await world.run(try world.order(1, action))
            #expect(result.outcome == .notStarted)
            #expect(
                result.message == "this machine runs no tasks of kind \(refused): kinds in p has command"
            )
            let phases = try world.order(2, .phases(Phases(run: Phase(.command(["true"])))))
            #expect(try await world.run(phases).outcome == .succeeded)
        }
    }
}
