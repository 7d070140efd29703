import Domain
import Scheduling
import SimulationKit
import Synchronization

/// What happened in a simulated cluster, in order: as text for people, and as a number to compare two runs by.
final class Trace: Sendable {
    private struct State {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        var lines: [String] = []
        var violations: [Violation] = []
    }

    private let state = Mutex(State())
    private let clock: SimulationClock
    private let keepsLines: Bool

    /// Time since the cluster began.
    var now: Duration { clock.now.offset }

    init(clock: SimulationClock, keepsLines: Bool) {
        self.clock = clock
        self.keepsLines = keepsLines
    }

    /// Notes something that happened to `who`.
    func note(_ who: String, _ what: @autoclosure () -> String) {
        let line = "\(Self.text(clock.now.offset)) \(who): \(what())"
        state.withLock { state in
            // FNV-1a (Fowler, Noll and Vo), 64 bits.
            for byte in line.utf8 { state.hash = (state.hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            if keepsLines { state.lines.append(line) }
        }
    }

    /// Adds something for people that is not part of the history.
    func remark(_ what: @autoclosure () -> String) {
        guard keepsLines else { return }
        let line = "    " + what()
        state.withLock { $0.lines.append(line) }
    }

    /// Notes a broken promise.
    func violated(_ promise: Promise, _ what: String) {
        note("VIOLATION \(promise.rawValue)", what)
        let at = clock.now.offset
        state.withLock { $0.violations.append(Violation(promise: promise, at: at, detail: what)) }
    }

    var hash: UInt64 { state.withLock(\.hash) }
    var lines: [String] { state.withLock(\.lines) }
    var violations: [Violation] { state.withLock(\.violations) }

    private static func text(_ offset: Duration) -> String {
        let (seconds, attoseconds) = offset.components
        let fraction = String(attoseconds / 1_000_000_000_000)
        return "\(seconds).\(String(repeating: "0", count: 6 - fraction.count))\(fraction)"
    }
}
