import Agent
import Cluster
import Domain
import Executor
import Foundation
import Scheduling
import Testing

@Suite("How attempts end", .timeLimit(.minutes(2)))
struct OutcomeTests {
    @Test("exit codes are told apart", arguments: [0, 1, 3, 126, 127, 255])
    func exitCode(code: Int32) async throws {
        try await withRunner { world in
            let order = try world.script(1, "exit \(code)")
            let result = try await world.run(order)
            #expect(result.outcome == (code == 0 ? .succeeded : .failed))
            #expect(result.exitCode == code)
            #expect(result.signal == nil)
            #expect(world.seen.first == .started(order.fire.attempt, at: try #require(result.startedAt)))
            #expect(world.seen.count == 2)
        }
    }

    @Test(
        "a signal that nobody of us sent is a failure with that signal",
        arguments: [SIGKILL, SIGTERM, SIGABRT]
    )
    func signal(number: Int32) async throws {
        try await withRunner { world in
            let result = try await world.run(try world.script(1, "kill -\(number) $$"))
            #expect(result.outcome == .failed)
            #expect(result.signal == number)
            #expect(result.exitCode == nil)
        }
    }

    @Test("a program that is not on the search path was not started, 127")
    func notFound() async throws {
        try await withRunner { world in
            let result = try await world.run(try world.command(1, "no-such-program-here", "x"))
            #expect(result.outcome == .notStarted)
            #expect(result.exitCode == 127)
            #expect(result.message == "no-such-program-here was not found on this machine")
            #expect(result.startedAt == nil)
        }
    }

    @Test(
        "a file that cannot be executed was not started, 126, and the message names it",
        arguments: [
            ("plain", 0o600, "text", "permission denied"),
            ("format", 0o700, "\u{1}\u{2}\u{3}", "no known format"),
            ("shebang", 0o700, "#!/no/such/interpreter\n", "its interpreter does not exist"),
        ]
    )
    func notExecutable(name: String, mode: Int, content: String, reason: String) async throws {
        try await withRunner { world in
            let path = world.directory + "/" + name
            try Data(content.utf8).write(to: URL(filePath: path))
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            let result = try await world.run(try world.command(1, path))
            #expect(result.outcome == .notStarted)
            #expect(result.exitCode == 126)
            #expect(result.message?.hasPrefix(path) == true)
            #expect(result.message?.contains(reason) == true, "\(result.message ?? "")")
        }
    }

    @Test("a directory is not a program")
    func directory() async throws {
        try await withRunner { world in
            let result = try await world.run(try world.command(1, "/tmp"))
            #expect(result.outcome == .notStarted)
            #expect(result.exitCode == 126)
        }
    }

    @Test("an environment that the kernel refuses is named as the reason")
    func tooBig() async throws {
        try await withRunner { world in
            let big = Dictionary(
                uniqueKeysWithValues: (0..<40).map { ("BIG_\($0)", String(repeating: "x", count: 100_000)) }
            )
            let result = try await world.run(try world.script(1, "true", environment: big))
            #expect(result.outcome == .notStarted)
            #expect(result.exitCode == 126, "it is the task's fault: no other agent could start it either")
            #expect(
                result.message?.contains("more than the kernel accepts") == true,
                "\(result.message ?? "")"
            )
            let next = try await world.run(try world.script(2, "true"))
            #expect(next.outcome == .succeeded)
        }
    }

    @Test("a lease that has ended refuses the start, and nothing is executed")
    func tooLate() async throws {
        try await withRunner { world in
            var order = try world.script(1, "touch \(world.directory)/ran")
            order.notAfter = world.time.monotonic - .milliseconds(1)
            await world.runner.start([order])
            guard case .refused(let attempt, let reason) = try await world.next() else {
                Issue.record("not refused")
                return
            }
            #expect(attempt == order.fire.attempt)
            #expect(reason.contains("lease"))
            _ = try await world.run(try world.script(2, "true"))
            #expect(!FileManager.default.fileExists(atPath: world.directory + "/ran"))
        }
    }

    @Test("200 attempts at once all end, each started before it ended, all started in order")
    func many() async throws {
        try await withRunner { world in
            let orders = try (1...200).map {
                try world.script($0, "echo $CLOUDTASK_RUN; exit $(( \($0) % 2 ))")
            }
            await world.runner.start(orders)
            var results: [AttemptID: AttemptResult] = [:]
            var started: [AttemptID] = []
            while results.count < orders.count {
                switch try await world.next() {
                case .started(let attempt, _): started.append(attempt)
                case .ended(let result):
                    #expect(started.contains(result.attempt))
                    results[result.attempt] = result
                case .refused(let attempt, let reason): Issue.record("\(attempt) refused: \(reason)")
                case .progress, .status, .outputs, .told: Issue.record("none of them tells anything")
                }
            }
            #expect(started == orders.map(\.fire.attempt))
            for (index, order) in orders.enumerated() {
                #expect(results[order.fire.attempt]?.exitCode == Int32((index + 1) % 2))
                #expect(try world.log(order) == order.fire.attempt.run.text + "\n")
            }
            #expect(await world.runner.running().isEmpty)
        }
    }
}
