import Agent
import Domain
import Executor
import Foundation
import Glibc
import Scheduling
import Testing

/// The phases of an attempt, carried out by the real `cloudtask perform`.
@Suite("Phases of attempts", .timeLimit(.minutes(2)))
struct PhaseTests {
    private func phases(setup: Phase? = nil, run: Phase, teardown: Phase? = nil) -> TaskSpecification.Action {
        .phases(Phases(setup: setup, run: run, teardown: teardown))
    }

    private func script(_ text: String, timeout: Duration? = nil) -> Phase {
        Phase(.script(text), timeout: timeout)
    }

    @Test("they run one after the other, told apart in the log, each with the attempt's variables")
    func order() async throws {
        try await withRunner { world in
            let action = phases(
                setup: script("echo prepare $CLOUDTASK_PHASE"),
                run: Phase(.command(["printenv", "CLOUDTASK_PHASE", "CLOUDTASK_TASK"])),
                teardown: Phase(
                    .script(
                        "BEGIN { print \"clean\"; print ENVIRON[\"CLOUDTASK_OUTCOME\"] }",
                        interpreter: ["awk", "-f"]
                    )
                )
            )
            let order = try world.order(1, action)
            let result = try await world.run(order)
            #expect(result.outcome == .succeeded)
            #expect(
                try world.log(order) == """
                    === setup ===
                    prepare setup
                    === run ===
                    run
                    nightly
                    === teardown ===
                    clean
                    succeeded

                    """
            )
            let errors = try world.log(order, .err)
            #expect(errors.contains("=== setup: exit code 0 after "))
            #expect(errors.contains("=== teardown: exit code 0 after "))
            let left = try FileManager.default.contentsOfDirectory(atPath: world.directory + "/scripts")
            #expect(left.isEmpty)
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var setup = "true"
        var run = "echo ran"
        var teardown = "echo $CLOUDTASK_OUTCOME"
        var exitCode: Int32?
        var signal: Int32?
        var log: String
        var testDescription: String { name }
    }

    static let rows = [
        Row(
            name: "a failed setup leaves run out",
            setup: "exit 7",
            exitCode: 7,
            log: "=== setup ===\n=== teardown ===\nfailed\n"
        ),
        Row(
            name: "a failed run decides, also when teardown fails",
            run: "exit 3",
            teardown: "echo $CLOUDTASK_OUTCOME; exit 4",
            exitCode: 3,
            log: "=== setup ===\n=== run ===\n=== teardown ===\nfailed\n"
        ),
        Row(
            name: "a failed teardown fails what has succeeded",
            teardown: "exit 4",
            exitCode: 4,
            log: "=== setup ===\n=== run ===\nran\n=== teardown ===\n"
        ),
        Row(
            name: "the signal that ended run is the attempt's",
            run: "kill -SEGV $$",
            signal: SIGSEGV,
            log: "=== setup ===\n=== run ===\n=== teardown ===\nfailed\n"
        ),
    ]

    @Test("the first phase that fails decides, and teardown always runs", arguments: rows)
    func failure(row: Row) async throws {
        try await withRunner { world in
            let action = phases(
                setup: script(row.setup),
                run: script(row.run),
                teardown: script(row.teardown)
            )
            let order = try world.order(1, action)
            let result = try await world.run(order)
            #expect(result.outcome == .failed)
            #expect(result.exitCode == row.exitCode)
            #expect(result.signal == row.signal)
            #expect(try world.log(order) == row.log)
        }
    }

    @Test("F89: a phase that cannot be executed fails with the code and the words of a task that cannot")
    func notStarted() async throws {
        try await withRunner { world in
            let action = phases(run: Phase(.command(["no-such-program"])), teardown: script("echo clean"))
            let order = try world.order(1, action)
            #expect(try await world.run(order).exitCode == 127)
            #expect(try world.log(order, .err).contains("no-such-program was not found on this machine"))
            #expect(try world.log(order).hasSuffix("=== teardown ===\nclean\n"))
        }
    }

    @Test("a phase that takes too long is ended with what it started, and what setup has started lives on")
    func timeout() async throws {
        try await withRunner { world in
            let pipe = try world.pipe("server")
            let action = phases(
                setup: script("(trap '' HUP; exec sleep 3000) > \(pipe) & echo $! > server.pid"),
                run: script(
                    "(trap '' TERM; exec sleep 3000) & echo $! > child.pid; wait",
                    timeout: .milliseconds(300)
                ),
                teardown: script(
                    """
                    echo $CLOUDTASK_OUTCOME
                    kill -0 $(cat server.pid) && echo server
                    case $(sed -n 's/^State:.//p' /proc/$(cat child.pid)/status 2>/dev/null) in
                    '' | Z*) echo gone ;;
                    esac
                    """
                )
            )
            var order = try world.order(1, action)
            order.specification.killGrace = .milliseconds(200)
            await world.runner.start([order])
            // The server ends with the attempt: whoever holds the pipe is gone then.
            #expect(try everything(from: pipe) == "")
            let result = try await world.result(of: order.fire.attempt)
            #expect(result.outcome == .failed)
            #expect(result.exitCode == 124)
            #expect(try world.log(order).hasSuffix("=== teardown ===\ntimed-out\nserver\ngone\n"))
            #expect(try world.log(order, .err).contains("=== run: timed out after "))
        }
    }

    @Test("a stop ends run and still cleans up, once")
    func stop() async throws {
        try await withRunner { world in
            let (ready, hold) = (try world.pipe("ready"), try world.pipe("hold"))
            let action = phases(
                setup: script("true"),
                run: script("trap 'echo term; exit 9' TERM; echo up > \(ready); \(idle(hold))"),
                teardown: script("echo $CLOUDTASK_OUTCOME")
            )
            let order = try world.order(1, action)
            await world.runner.start([order])
            #expect(try line(from: ready) == "up")
            await world.runner.stop(order.fire.attempt, grace: .seconds(60))
            let result = try await world.result(of: order.fire.attempt)
            #expect(result.outcome == .stopped)
            #expect(result.exitCode == 9)
            #expect(try world.log(order).hasSuffix("=== run ===\nterm\n=== teardown ===\nstopped\n"))
        }
    }

    @Test("a run that ignores SIGTERM is killed after half of the grace, and then cleaned up after")
    func stubborn() async throws {
        try await withRunner { world in
            let ready = try world.pipe("ready")
            let action = phases(
                run: script("trap '' TERM; echo up > \(ready); while :; do sleep 300; done"),
                teardown: script("echo $CLOUDTASK_OUTCOME")
            )
            var order = try world.order(1, action)
            order.specification.killGrace = .seconds(1)
            await world.runner.start([order])
            #expect(try line(from: ready) == "up")
            await world.runner.stop(order.fire.attempt, grace: .seconds(60))
            let result = try await world.result(of: order.fire.attempt)
            #expect(result.outcome == .stopped)
            #expect(result.signal == SIGKILL)
            #expect(try world.log(order).hasSuffix("=== teardown ===\nstopped\n"))
        }
    }

    @Test("without grace everything is killed at once: nothing of the attempt outlives it")
    func kill() async throws {
        try await withRunner { world in
            let (ready, members) = (try world.pipe("ready"), try world.pipe("members"))
            let action = phases(
                run: script("(trap '' TERM; echo up > \(ready); exec sleep 3000) > \(members) & wait"),
                teardown: script("echo never")
            )
            let order = try world.order(1, action)
            let left = try reader(of: members)
            await world.runner.start([order])
            #expect(try line(from: ready) == "up")
            await world.runner.stop(order.fire.attempt, grace: .zero)
            #expect(try await world.result(of: order.fire.attempt).signal == SIGKILL)
            #expect(try everything(from: left) == "")
            #expect(try !world.log(order).contains("never"))
        }
    }
}
