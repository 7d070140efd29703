import ArgumentParser
import Foundation
import NemesisKit
import UnixSignals

/// `nemesis`: runs a real cluster under random faults and checks that every promise was kept.
@main
struct NemesisCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nemesis",
        abstract: "Run a real cluster under random faults, and check that every promise was kept.",
        discussion: """
            Three ZooKeeper servers, three centers and five agents run 50 to 120 tasks while
            processes are killed and suspended, links cut, clocks stepped and disks filled.
            Exit codes: 0 all promises kept, 1 a promise broken or the run failed,
            3 void (too few of the planned faults were injected), 64 usage, 130 interrupted.

            Examples:
              scripts/nemesis --minutes 2
              scripts/nemesis --seed 42 --faults kill,pause,clock-step
              scripts/nemesis --seed 42 --plan
            """
    )

    @Option(help: "How long faults are injected.") var minutes: Double = 10
    @Option(help: "What everything random follows from (default: drawn).") var seed: UInt64?
    @Option(
        help: ArgumentHelp(
            "Kinds or groups of faults (default: all that this machine can inject).",
            valueName: "name,…"
        )
    )
    var faults: String?
    @Flag(help: "Print the plan, and do nothing else.") var plan = false
    @Option(
        help: ArgumentHelp("Where everything is kept (default: a new one).", valueName: "directory")
    )
    var directory: String?
    @Option(
        help: ArgumentHelp("The program under test (default: next to this one).", valueName: "file")
    )
    var cloudtask: String?

    func validate() throws {
        guard minutes > 0, minutes <= 24 * 60 else {
            throw ValidationError("--minutes must be above 0 and at most 1440, not \(minutes)")
        }
        if let faults { _ = try kinds(faults) }
    }

    func run() async throws {
        var generator = SystemRandomNumberGenerator()
        let seed = seed ?? UInt64.random(in: 0..<1_000_000, using: &generator)
        let machine = Machine()
        let kinds = try faults.map(kinds) ?? FaultKind.allCases.filter(machine.canInject)
        let plan = FaultPlan(seed: seed, length: .milliseconds(Int(minutes * 60_000)), kinds: kinds)
        if self.plan {
            for fault in plan.faults { Console.say("\(fault)") }
            return
        }
        let names = kinds.map(\.rawValue).joined(separator: ",")
        let reproduction = "scripts/nemesis --minutes \(minutes) --seed \(seed) --faults \(names)"
        Console.say(
            "seed \(seed), \(minutes) minutes, \(plan.faults.count) faults of \(kinds.count) kinds"
        )
        for (kind, reason) in machine.missing where faults == nil {
            Console.say("without \(kind.rawValue): \(reason)")
        }
        throw try await execute(plan, machine, reproduction)
    }

    private func execute(_ plan: FaultPlan, _ machine: Machine, _ reproduction: String) async throws
        -> ExitCode
    {
        let program = cloudtask ?? Self.sibling
        guard FileManager.default.isExecutableFile(atPath: program) else {
            throw ValidationError("\(program) cannot be executed: build it, or give --cloudtask FILE")
        }
        let path = directory ?? Self.newDirectory(seed: plan.seed)
        let workspace = try Workspace(path: path, hasDisks: machine.mayMount)
        Console.say("everything is kept in \(path)")
        let run = NemesisRun(
            plan: plan,
            workspace: workspace,
            program: program,
            clockLibrary: machine.clockLibrary
        )
        guard let verdict = try await untilInterrupted({ try await run.execute() }) else {
            return ExitCode(130)
        }
        switch verdict {
        case .kept:
            Console.say("All promises were kept. Everything is in \(path)")
            return .success
        case .broken:
            Console.say("A promise was broken. Everything is in \(path)\nAgain: \(reproduction)")
            return .failure
        case .void:
            Console.say("The run is void. Everything is in \(path)\nAgain: \(reproduction)")
            return ExitCode(3)
        }
    }

    private func kinds(_ text: String) throws -> [FaultKind] {
        do { return try FaultKind.list(text) } catch { throw ValidationError("\(error)") }
    }

    private static var sibling: String {
        URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appending(
            path: "cloudtask"
        )
        .path
    }

    private static func newDirectory(seed: UInt64) -> String {
        var generator = SystemRandomNumberGenerator()
        let tag = String(UInt32.random(in: 0 ... .max, using: &generator), radix: 16)
        return FileManager.default.temporaryDirectory.appending(path: "nemesis-\(seed)-\(tag)").path
    }
}

/// What `body` comes to; `nil` when SIGINT or SIGTERM came first, after everything was ended.
private func untilInterrupted<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value? {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
    return try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            for await signal in signals {
                Console.say("\(signal): ending everything")
                break
            }
            return nil
        }
        let first = try await group.next() ?? nil
        group.cancelAll()
        if first == nil {
            // It ends by being cancelled, which is no news.
            while (try? await group.next()) != nil {}
        }
        return first
    }
}
