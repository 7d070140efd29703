import CProcess
import Foundation
import Synchronization
import Testing

@testable import Control

@Suite struct SupervisorTests {
    @Test("a process that is not to be restarted is reported with its exit code and stays ended")
    func once() async throws {
        let events = try await events(restarts: false, [member(.agent, "a", "exit 3")]) { _, _ in }
        #expect(events.map(\.event) == [.started, .exited])
        #expect(events.last?.exitCode == 3)
        #expect(events.allSatisfy { $0.role == "agent" && $0.id == "a" && $0.pid == events[0].pid })
    }

    @Test("a process that ends is started again, as another process")
    func again() async throws {
        let events = try await events(restarts: true, [member(.agent, "a", "exit 0")]) { supervisor, stream in
            for await event in stream.filter({ $0.event == .started }).dropFirst().prefix(1) {
                #expect(event.id == "a")
            }
            await supervisor.stopAll { false }
        }
        #expect(Set(events.filter { $0.event == .started }.map(\.pid)).count >= 2)
    }

    @Test("agents stop first and ZooKeeper last")
    func order() async throws {
        let members = [
            member(.zookeeper, "z", "exec sleep 100"), member(.center, "c", "exec sleep 100"),
            member(.agent, "a", "exec sleep 100"),
        ]
        let events = try await events(restarts: true, members) { supervisor, stream in
            for await _ in stream.filter({ $0.event == .started }).dropFirst(2).prefix(1) {
                await supervisor.stopAll { false }
            }
        }
        #expect(events.filter { $0.event == .exited }.map(\.id) == ["a", "c", "z"])
    }

    @Test("what ignores SIGTERM is killed when it is urgent")
    func stubborn() async throws {
        let events = try await events(
            restarts: true,
            [member(.agent, "a", "trap '' TERM; while :; do sleep 0.01; done")]
        ) { supervisor, stream in
            for await _ in stream.prefix(1) { await supervisor.stopAll { true } }
        }
        #expect(events.last?.event == .exited)
        #expect([SIGKILL, SIGTERM].contains(events.last?.signal ?? 0))
    }

    @Test("what a killed supervisor leaves behind is stopped")
    func watchdog() async throws {
        let watchdog = try Watchdog()
        let orphan = Process()
        orphan.executableURL = URL(fileURLWithPath: "/bin/sh")
        orphan.arguments = ["-c", "exec sleep 100"]
        let (ends, end) = AsyncStream<Int32>.makeStream(bufferingPolicy: .bufferingNewest(1))
        orphan.terminationHandler = { process in
            end.yield(process.terminationStatus)
            end.finish()
        }
        #expect(ct_unblock_signals() == 0)
        try orphan.run()
        watchdog.watch(.max)
        watchdog.watch(orphan.processIdentifier)
        watchdog.forget(.max)
        watchdog.abandon()
        for await status in ends { #expect(status == SIGTERM) }
    }

    private func member(_ role: Member.Role, _ id: String, _ script: String) -> Member {
        Member(role: role, id: id, program: "/bin/sh", arguments: ["-c", script])
    }

    /// Keeps the members while `body` runs, and until they have ended; what was reported, in order.
    private func events(
        restarts: Bool,
        _ members: [Member],
        body: (Supervisor, AsyncStream<MemberEvent>) async throws -> Void
    ) async throws -> [MemberEvent] {
        let seen = Mutex<[MemberEvent]>([])
        // Bounded by what a test does; one consumer: `body`.
        let (stream, feed) = AsyncStream<MemberEvent>.makeStream(bufferingPolicy: .bufferingOldest(1_000))
        let watchdog = try Watchdog()
        let supervisor = Supervisor(restarts: restarts, watchdog: watchdog) { event in
            seen.withLock { $0.append(event) }
            feed.yield(event)
        }
        try await withThrowingDiscardingTaskGroup { group in
            for member in members { group.addTask { await supervisor.keep(member) } }
            try await body(supervisor, stream)
        }
        watchdog.dismiss()
        return seen.withLock(\.self)
    }
}
