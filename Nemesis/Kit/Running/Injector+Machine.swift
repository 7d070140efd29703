import Foundation
import Orchestration

extension Injector {
    /// Steps the wall clock of one process, and steps it back.
    func stepClock(_ fault: PlannedFault) async throws {
        guard case .step(let step) = fault.detail else {
            throw Impossible(description: "it has no step")
        }
        let clock = SteppedClock(file: cluster.workspace.clockFile(of: fault.target))
        guard clock.exists else { throw Impossible(description: "its clock cannot be stepped") }
        try await during(.clockStepped, fault.target, fault, detail: "by \(step.inSeconds)") {
            try clock.step(by: step)
        } end: {
            try clock.step(by: .zero)
        }
    }

    /// Makes every fsync of a process take long.
    func stallDisk(_ fault: PlannedFault) async throws {
        guard case .delay(let delay) = fault.detail else {
            throw Impossible(description: "it has no delay")
        }
        guard let processID = await cluster.process(fault.target).processID else {
            throw Impossible(description: "it does not run")
        }
        let microseconds = delay.milliseconds * 1_000
        let calls = "fsync,fdatasync"
        let tracer = ManagedProcess(
            "tracer",
            [
                // All threads, but nothing that the process starts: a traced child stands still at each of its calls.
                "strace", "-f", "-b", "execve", "-qq", "-e", "trace=\(calls)", "-e",
                "inject=\(calls):delay_enter=\(microseconds)", "-o", "/dev/null", "-p", "\(processID)",
            ],
            log: cluster.workspace.log("tracer-\(fault.number)")
        )
        try await during(.diskSlow, fault.target, fault, detail: fault.detail.words) {
            try await tracer.start()
            try await ContinuousClock().sleep(for: .milliseconds(500))
            guard await tracer.isRunning else { throw Impossible(description: "strace cannot attach") }
        } end: {
            await tracer.stop(patience: .seconds(5))
        }
    }

    /// Fills the disk of a process, and frees it.
    func fillDisk(_ fault: PlannedFault) async throws {
        guard cluster.workspace.hasDisks else {
            throw Impossible(description: "it has no disk of its own")
        }
        let filler = URL(fileURLWithPath: cluster.workspace.data(fault.target) + "/filler")
        // A ZooKeeper server that cannot write ends itself, as it should.
        let isServer = cluster.topology.servers.contains(fault.target)
        let death =
            isServer ? await journal.begin(.zooKeeperKilled, fault.target, fault.kind.rawValue) : nil
        try await during(.diskFull, fault.target, fault) {
            try Data().write(to: filler)
            let handle = try FileHandle(forWritingTo: filler)
            defer { try? handle.close() }  // Nothing of it is kept anyway.
            // Failing is the aim: there is no room left.
            for size in [1_048_576, 65_536, 4_096, 64] {
                while (try? handle.write(contentsOf: Data(repeating: 0, count: size))) != nil {}
            }
        } end: {
            try FileManager.default.removeItem(at: filler)
        }
        if let death { try await revive(fault.target, death) }
    }

    /// Starts a server again that has ended since the period `death` began; forgets the period if it has not.
    private func revive(_ server: String, _ death: Int) async throws {
        let process = cluster.process(server)
        // It may be about to end: what it could not write it notices within its own timeouts.
        try await ContinuousClock().sleep(for: .seconds(2))
        guard await !process.isRunning else { return await journal.drop(death) }
        journal.say("  \(server) has ended because its disk was full, and is started again")
        try await process.start()
        try await served(server)
        try await journal.end(death)
    }
}
