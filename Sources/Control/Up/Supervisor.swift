import CProcess
import Foundation

/// Keeps processes running: starts them, starts them again with back-off, and stops them in order.
actor Supervisor {
    private let restarts: Bool
    private let watchdog: Watchdog
    private let report: @Sendable (MemberEvent) -> Void
    private var running: [String: Process] = [:]
    private var members: [Member] = []
    private var ended: [String: Int] = [:]
    private var isStopping = false

    /// The first wait before a restart; doubled up to the longest.
    private static let backoffMin = Duration.milliseconds(200)
    /// The longest wait before a restart.
    private static let backoffMax = Duration.seconds(5)
    /// A process that lived so long has recovered: the next wait is short again.
    private static let recovery = Duration.seconds(10)
    /// Time between two looks at what is waited for.
    private static let interval = Duration.milliseconds(20)

    init(restarts: Bool, watchdog: Watchdog, report: @escaping @Sendable (MemberEvent) -> Void) {
        self.restarts = restarts
        self.watchdog = watchdog
        self.report = report
    }

    /// How often a member has ended.
    func endCount(of id: String) -> Int { ended[id] ?? 0 }

    /// Runs a member until it is stopped, or has ended and is not to be restarted.
    func keep(_ member: Member) async {
        members.append(member)
        var backoff = Self.backoffMin
        while !isStopping {
            let start = ContinuousClock.now
            await runOnce(member)
            ended[member.id, default: 0] += 1
            if isStopping || !restarts { return }
            if start.duration(to: .now) > Self.recovery { backoff = Self.backoffMin }
            await pause(for: backoff)
            backoff = min(backoff * 2, Self.backoffMax)
        }
    }

    /// Stops everything, agents first and ZooKeeper last; what does not stop in time is killed.
    ///
    /// - Parameter isUrgent: Asked again and again; once true, everything is killed at once.
    func stopAll(isUrgent: @Sendable () -> Bool) async {
        isStopping = true
        for role in Member.Role.allCases.reversed() {
            let ids = members.filter { $0.role == role }.map(\.id)
            signal(SIGTERM, ids)
            let start = ContinuousClock.now
            while ids.contains(where: { running[$0] != nil }) {
                if isUrgent() || start.duration(to: .now) > role.stopLimit { signal(SIGKILL, ids) }
                await sleep(Self.interval)
            }
        }
    }

    private func runOnce(_ member: Member) async {
        let process = Process()
        let output = Pipe()
        let prefixer = LinePrefixer(prefix: "[\(member.id)] ")
        process.executableURL = URL(fileURLWithPath: member.program)
        process.arguments = member.arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        output.fileHandleForReading.readabilityHandler = { handle in
            let piece = handle.availableData
            if piece.isEmpty { handle.readabilityHandler = nil } else { prefixer.take(piece) }
        }
        // One element, one consumer: this function.
        let (exits, exit) = AsyncStream<MemberEvent>.makeStream(bufferingPolicy: .bufferingNewest(1))
        process.terminationHandler = { process in
            exit.yield(Self.exited(member, process))
            exit.finish()
        }
        do {
            // Children inherit the signals that their parent's thread blocks. It fails only for a wrong argument.
            _ = ct_unblock_signals()
            try process.run()
        } catch {
            Terminal.complain("\(member.program) cannot be run: \(StateDirectory.reason(error))")
            return
        }
        running[member.id] = process
        watchdog.watch(process.processIdentifier)
        report(
            MemberEvent(
                event: .started,
                role: member.role.rawValue,
                id: member.id,
                pid: process.processIdentifier
            )
        )
        if isStopping { signal(SIGTERM, [member.id]) }
        for await event in exits { report(event) }
        watchdog.forget(process.processIdentifier)
        running[member.id] = nil
        prefixer.finish()
    }

    private static func exited(_ member: Member, _ process: Process) -> MemberEvent {
        let isSignal = process.terminationReason == .uncaughtSignal
        return MemberEvent(
            event: .exited,
            role: member.role.rawValue,
            id: member.id,
            pid: process.processIdentifier,
            exitCode: isSignal ? nil : process.terminationStatus,
            signal: isSignal ? process.terminationStatus : nil
        )
    }

    private func signal(_ number: Int32, _ ids: [String]) {
        for id in ids {
            guard let process = running[id] else { continue }
            kill(process.processIdentifier, number)
        }
    }

    private func pause(for duration: Duration) async {
        let start = ContinuousClock.now
        while !isStopping, start.duration(to: .now) < duration { await sleep(Self.interval) }
    }

    /// Sleeps; a cancelled task must not spin, but nothing here is ever cancelled before it has ended.
    private func sleep(_ duration: Duration) async {
        try? await ContinuousClock().sleep(for: duration)
    }
}
