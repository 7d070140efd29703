import Agent
import Cluster
import Domain
import Executor
import Foundation
import Glibc
import Testing

@Suite("Attempts whose lives are bounded", .timeLimit(.minutes(2)))
struct GuardianTests {
    /// Starts an attempt of a task whose runs must not overlap, which has ten minutes to live.
    private func start(
        _ world: inout World,
        _ number: Int,
        _ text: String,
        grace: Duration = .seconds(60)
    ) async throws -> AttemptID {
        var order = try world.script(number, text)
        order.specification.concurrency = Concurrency(.forbid)
        order.specification.killGrace = grace
        await world.runner.start([order])
        while true {
            if case .started(order.fire.attempt, _) = try await world.next() { return order.fire.attempt }
        }
    }

    @Test("one is asked to end when its life is over, not before")
    func asked() async throws {
        try await withRunner { world in
            let attempt = try await start(&world, 1, idle(try world.pipe("hold")))
            let end = world.time.monotonic + .milliseconds(100)
            await world.runner.prolong([attempt: end])
            #expect(try await world.result(of: attempt).signal == SIGTERM)
            #expect(world.time.monotonic >= end)
        }
    }

    @Test("one that ignores that is killed after its grace, with its group")
    func killed() async throws {
        try await withRunner { world in
            let pipe = try world.pipe("members")
            let hold = try world.pipe("hold")
            let text = "trap '' TERM; exec 4> \(pipe); (echo up >&4; \(idle(hold))) & \(idle(hold))"
            // Held open, so that the script is not held up.
            let reader = try #require(FileHandle(forUpdatingAtPath: pipe))
            let attempt = try await start(&world, 1, text, grace: .milliseconds(200))
            #expect(try reader.read(upToCount: 3) == Data("up\n".utf8))
            let end = world.time.monotonic
            await world.runner.prolong([attempt: end])
            #expect(try await world.result(of: attempt).signal == SIGKILL)
            #expect(world.time.monotonic - end >= .milliseconds(200))
        }
    }

    @Test("what left its session is killed with it")
    func daemon() async throws {
        try await withRunner { world in
            let pipe = try world.pipe("members")
            let hold = try world.pipe("hold")
            let daemon = "trap '' TERM; echo up; exec sleep 3000"
            let text = "setsid -f sh -c \"\(daemon)\" > \(pipe); \(idle(hold))"
            let reader = try #require(FileHandle(forUpdatingAtPath: pipe))
            let attempt = try await start(&world, 1, text, grace: .milliseconds(200))
            #expect(try reader.read(upToCount: 3) == Data("up\n".utf8))
            await world.runner.prolong([attempt: world.time.monotonic])
            #expect(try await world.result(of: attempt).signal == SIGTERM)
            try reader.close()
            // Nobody has it open any more: a reader finds its end at once.
            #expect(try everything(from: pipe, ifAnybodyWrites: false) == "")
        }
    }

    @Test("prolonged, one lives on; the others are not touched")
    func prolonged() async throws {
        try await withRunner { world in
            let long = try await start(&world, 1, idle(try world.pipe("first")))
            let short = try await start(&world, 2, idle(try world.pipe("second")))
            let free = try world.script(3, idle(try world.pipe("third")))
            await world.runner.start([free])
            let now = world.time.monotonic
            await world.runner.prolong([
                long: now + .seconds(500), short: now, free.fire.attempt: now,
            ])
            #expect(try await world.result(of: short).signal == SIGTERM)
            #expect(await world.runner.running() == [long, free.fire.attempt].sorted())
        }
    }

    @Test("a guardian that was killed is replaced, and the next one knows everybody")
    func replaced() async throws {
        try await withRunner { world in
            let one = try await start(&world, 1, idle(try world.pipe("first")))
            for guardian in guardians() { _ = Glibc.kill(guardian, SIGKILL) }
            let two = try await start(&world, 2, idle(try world.pipe("second")))
            let now = world.time.monotonic
            await world.runner.prolong([two: now])
            #expect(try await world.result(of: two).signal == SIGTERM)
            await world.runner.prolong([one: now])
            #expect(try await world.result(of: one).signal == SIGTERM)
        }
    }

    @Test("a guardian does not show the arguments of the process it guards, by which that may be ended")
    func arguments() async throws {
        try await withRunner { world in
            _ = try await start(&world, 1, idle(try world.pipe("hold")))
            // Other tests end guardians, ours among them, which is replaced then.
            let deadline = ContinuousClock.now + .seconds(30)
            var lines: [String] = []
            while lines.isEmpty, ContinuousClock.now < deadline {
                lines = guardians().compactMap { guardian in
                    try? String(contentsOfFile: "/proc/\(guardian)/cmdline", encoding: .utf8)
                }.filter { !$0.isEmpty }
                await Task.yield()
            }
            #expect(!lines.isEmpty)
            for line in lines { #expect(line.split(separator: "\0") == ["ct-guardian"]) }
        }
    }

    /// The guardians that this process has started, of whichever runner.
    private func guardians() -> [pid_t] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.compactMap(pid_t.init).filter { process in
            let stat = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
            return stat.contains("(ct-guardian) S \(getpid()) ")
        }
    }
}
