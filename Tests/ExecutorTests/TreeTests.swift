import Agent
import CProcess
import Cluster
import Domain
import Foundation
import Glibc
import Testing

@testable import Executor

@Suite("What leaves its process group", .timeLimit(.minutes(2)))
struct TreeTests {
    @Test(
        "a daemon is killed when its attempt ends, by fork and session, twice, and in another directory",
        arguments: [
            "setsid -f sh -c 'echo up; exec sleep 3000'",
            "setsid -f sh -c 'setsid -f sh -c \"echo up; exec sleep 3000\"'",
            "(setsid sh -c 'cd /; trap \"\" TERM HUP; echo up; exec sleep 3000' &)",
        ]
    )
    func daemon(start: String) async throws {
        try await withRunner { world in
            let pipe = try world.pipe("members")
            let script = "exec 5<> \(pipe)\n{ \(start); } > \(pipe)\nread line <&5\necho $line"
            let order = try world.script(1, script)
            await world.runner.start([order])
            // The daemon holds the pipe open; it ends when the daemon is dead.
            let result = try await world.result(of: order.fire.attempt)
            #expect(result.outcome == .succeeded)
            #expect(try everything(from: pipe, ifAnybodyWrites: false) == "")
        }
    }

    @Test("a daemon is asked to end, and has the whole grace, when its attempt is stopped")
    func graceful() async throws {
        try await withRunner { world in
            let ready = try world.pipe("ready")
            let release = try world.pipe("release")
            let hold = try world.pipe("hold")
            let done = world.directory + "/done"
            let daemon =
                "trap 'read go < \(release); echo clean > \(done); exit 0' TERM; echo up > \(ready); \(idle(hold))"
            let path = world.directory + "/daemon.sh"
            try Data(daemon.utf8).write(to: URL(filePath: path))
            let order = try world.script(1, "setsid -f sh \(path); \(idle(try world.pipe("own")))")
            await world.runner.start([order])
            #expect(try line(from: ready) == "up")
            await world.runner.stop(order.fire.attempt, grace: .seconds(3_000))
            let handle = try #require(FileHandle(forWritingAtPath: release))
            try handle.write(contentsOf: Data("go\n".utf8))
            try handle.close()
            #expect(try await world.result(of: order.fire.attempt).outcome == .stopped)
            #expect(try String(contentsOfFile: done, encoding: .utf8) == "clean\n")
        }
    }

    @Test("a daemon that ignores that is killed after the grace")
    func stubborn() async throws {
        try await withRunner { world in
            let pipe = try world.pipe("ready")
            let text = "setsid -f sh -c 'trap \"\" TERM; echo up; exec sleep 3000' > \(pipe); exec sleep 3000"
            let order = try world.script(1, text)
            await world.runner.start([order])
            let reader = try #require(FileHandle(forReadingAtPath: pipe))
            #expect(try reader.read(upToCount: 3) == Data("up\n".utf8))
            let asked = world.time.monotonic
            await world.runner.stop(order.fire.attempt, grace: .milliseconds(200))
            #expect(try await world.result(of: order.fire.attempt).outcome == .stopped)
            #expect(world.time.monotonic - asked >= .milliseconds(200))
            #expect(try reader.readToEnd() ?? Data() == Data())
        }
    }

    @Test(
        "one that clears its environment is found in the control group of a limited attempt",
        .controlGroups
    )
    func hidden() async throws {
        try await withRunner { world in
            let pipe = try world.pipe("members")
            let hide = "setsid -f env -i /bin/sh -c 'echo up; exec sleep 3000'"
            let limits = ProcessSettings(limits: ProcessLimits(processes: 100))
            let text = "exec 5<> \(pipe)\n\(hide) > \(pipe)\nread line <&5\necho $line"
            let order = try world.script(1, text, process: limits)
            #expect(try await world.run(order).outcome == .succeeded)
            #expect(try world.log(order) == "up\n")
            #expect(try everything(from: pipe, ifAnybodyWrites: false) == "")
        }
    }

    @Test("the daemons of other attempts live on")
    func others() async throws {
        try await withRunner { world in
            let ready = try world.pipe("ready")
            let text =
                "setsid -f sh -c 'echo up; exec sleep 3000' > \(ready); \(idle(try world.pipe("hold")))"
            let order = try world.script(1, text)
            await world.runner.start([order])
            let reader = try #require(FileHandle(forReadingAtPath: ready))
            #expect(try reader.read(upToCount: 3) == Data("up\n".utf8))
            #expect(try await world.run(try world.script(2, "setsid -f sleep 3000")).outcome == .succeeded)
            let flags = fcntl(reader.fileDescriptor, F_GETFL)
            try #require(fcntl(reader.fileDescriptor, F_SETFL, flags | O_NONBLOCK) == 0)
            var byte: UInt8 = 0
            // Nothing to read, and not the end either: the daemon lives.
            #expect(unsafe read(reader.fileDescriptor, &byte, 1) == -1)
            #expect(errno == EAGAIN)
            await world.runner.stop(order.fire.attempt, grace: .zero)
            #expect(try await world.result(of: order.fire.attempt).outcome == .stopped)
        }
    }

    @Test("a process is signalled only while it is the one that was found")
    func reused() throws {
        // Were this process taken for one that started at another moment, it would end now.
        var earlier = ct_process()
        earlier.pid = getpid()
        unsafe withUnsafePointer(to: earlier) { unsafe ct_tree_signal($0, 1, SIGKILL) }
    }
}

extension Trait where Self == ConditionTrait {
    /// Needs a machine where control groups can be made below the one of the tests.
    static var controlGroups: Self {
        .enabled("control groups can be made") {
            let groups = ControlGroups()
            return groups.canLimit("memory") && groups.canLimit("cpu") && groups.canLimit("pids")
        }
    }
}
