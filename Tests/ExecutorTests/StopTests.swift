import Agent
import Cluster
import Domain
import Executor
import Foundation
import Testing

@Suite("Stopping attempts", .timeLimit(.minutes(2)))
struct StopTests {
    @Test("a process that ends on SIGTERM was stopped, with its exit code")
    func polite() async throws {
        try await withRunner { world in
            let pipe = try world.pipe("ready")
            let hold = try world.pipe("hold")
            let order = try world.script(1, "trap 'exit 9' TERM; echo up > \(pipe); \(idle(hold))")
            await world.runner.start([order])
            #expect(try line(from: pipe) == "up")
            #expect(await world.runner.running() == [order.fire.attempt])
            await world.runner.stop(order.fire.attempt, grace: .seconds(60))
            let result = try await world.result(of: order.fire.attempt)
            #expect(result.outcome == .stopped)
            #expect(result.exitCode == 9)
        }
    }

    @Test("a process that ignores SIGTERM is killed after the grace")
    func stubborn() async throws {
        try await withRunner { world in
            let pipe = try world.pipe("ready")
            let order = try world.script(1, "trap '' TERM; echo up > \(pipe); while :; do sleep 300; done")
            await world.runner.start([order])
            #expect(try line(from: pipe) == "up")
            let asked = world.time.monotonic
            await world.runner.stop(order.fire.attempt, grace: .milliseconds(200))
            let result = try await world.result(of: order.fire.attempt)
            #expect(result.outcome == .stopped)
            #expect(result.signal == SIGKILL)
            #expect(world.time.monotonic - asked >= .milliseconds(200))
        }
    }

    @Test("without grace a process is killed at once, and a later grace does not delay it")
    func kill() async throws {
        try await withRunner { world in
            let pipe = try world.pipe("ready")
            let order = try world.script(1, "trap '' TERM; echo up > \(pipe); while :; do sleep 300; done")
            await world.runner.start([order])
            #expect(try line(from: pipe) == "up")
            await world.runner.stop(order.fire.attempt, grace: .seconds(3_000))
            await world.runner.stop(order.fire.attempt, grace: .zero)
            await world.runner.stop(order.fire.attempt, grace: .seconds(3_000))
            #expect(try await world.result(of: order.fire.attempt).signal == SIGKILL)
        }
    }

    @Test("what a process leaves behind in its group is killed when it ends")
    func leftovers() async throws {
        try await withRunner { world in
            let pipe = try world.pipe("members")
            // The members hold the pipe open; it ends when all of them are dead.
            let order = try world.script(
                1,
                "(trap '' TERM HUP; exec sleep 3000) > \(pipe) & (exec sleep 3000) > \(pipe) & echo up > \(pipe)"
            )
            await world.runner.start([order])
            #expect(try everything(from: pipe) == "up\n")
            #expect(try await world.result(of: order.fire.attempt).outcome == .succeeded)
        }
    }

    @Test("members of the group have the whole grace, also when the leader has ended")
    func gracefulMembers() async throws {
        try await withRunner { world in
            let ready = try world.pipe("ready")
            let release = try world.pipe("release")
            // The shell dies of SIGTERM at once; its child needs what only the test gives to end.
            let hold = try world.pipe("hold")
            let child =
                "trap 'read go < \(release); echo clean; exit 0' TERM; echo up > \(ready); \(idle(hold))"
            let path = world.directory + "/child.sh"
            try Data(child.utf8).write(to: URL(filePath: path))
            let order = try world.script(1, "sh \(path)\necho never")
            await world.runner.start([order])
            #expect(try line(from: ready) == "up")
            await world.runner.stop(order.fire.attempt, grace: .seconds(3_000))
            let handle = try #require(FileHandle(forWritingAtPath: release))
            try handle.write(contentsOf: Data("go\n".utf8))
            try handle.close()
            let result = try await world.result(of: order.fire.attempt)
            #expect(result.outcome == .stopped)
            #expect(result.signal == SIGTERM)
            #expect(try world.log(order) == "clean\n")
        }
    }

    @Test("members that outlive the grace after their leader are killed")
    func stubbornMembers() async throws {
        try await withRunner { world in
            let ready = try world.pipe("ready")
            let order = try world.script(1, "(trap '' TERM; echo up > \(ready); exec sleep 3000) & wait")
            await world.runner.start([order])
            #expect(try line(from: ready) == "up")
            await world.runner.stop(order.fire.attempt, grace: .milliseconds(250))
            let result = try await world.result(of: order.fire.attempt)
            #expect(result.outcome == .stopped)
            #expect(result.signal == SIGTERM)
        }
    }

    @Test("an attempt that is stopped while it waits for its start, or just after it, was stopped")
    func waiting() async throws {
        try await withRunner { world in
            let last = try world.script(100, "sleep 3000")
            await world.runner.start(try (1...99).map { try world.script($0, "true") } + [last])
            await world.runner.stop(last.fire.attempt, grace: .zero)
            #expect(try await world.result(of: last.fire.attempt).outcome == .stopped)
        }
    }

    @Test("unknown and ended attempts are ignored")
    func unknown() async throws {
        try await withRunner { world in
            let order = try world.script(1, "exit 0")
            await world.runner.stop(order.fire.attempt, grace: .zero)
            #expect(try await world.run(order).outcome == .succeeded)
            await world.runner.stop(order.fire.attempt, grace: .zero)
            #expect(try await world.run(try world.script(2, "exit 0")).outcome == .succeeded)
        }
    }

    @Test("the shutdown ends everything, tells it, and finishes the events")
    func shutDown() async throws {
        try await withRunner { world in
            let pipe = try world.pipe("ready")
            let running = try world.script(1, "trap '' TERM; echo up > \(pipe); while :; do sleep 300; done")
            await world.runner.start([running])
            #expect(try line(from: pipe) == "up")
            await world.runner.shutDown(grace: .milliseconds(50))
            #expect(try await world.result(of: running.fire.attempt).outcome == .stopped)
            await #expect(throws: Finished.self) { _ = try await world.next() }
            #expect(await world.runner.running().isEmpty)
            await world.runner.start([try world.script(2, "true")])
        }
    }
}
