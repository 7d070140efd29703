import Agent
import CProcess
import Cluster
import Domain
import Glibc
import Synchronization

/// What the agent asks of the supervisor.
enum SupervisorCommand: Sendable {
    case start([LaunchOrder])
    case stop(AttemptID, grace: Duration)
    case prolong([AttemptID: MonotonicInstant])
    case running(CheckedContinuation<[AttemptID], Never>)
    case shutDown(grace: Duration, CheckedContinuation<Void, Never>)
}

/// Brings commands from any task or thread to a thread of the executor and wakes it.
///
/// Bounded by the agent, which orders no more attempts than it has slots.
final class CommandQueue<Command: Sendable>: Sendable {
    /// Readable when there are commands.
    let bell: Int32
    private let state = Mutex((commands: [Command](), isClosed: false))

    init() throws(ExecutorError) {
        bell = ct_bell_make()
        guard bell >= 0 else { throw ExecutorError("make", "an event descriptor", code: errno) }
    }

    deinit { close(bell) }

    /// Hands over a command; `false` when the supervisor is gone.
    func put(_ command: Command) -> Bool {
        let (isAccepted, rings) = state.withLock { state in
            if state.isClosed { return (false, false) }
            state.commands.append(command)
            return (true, state.commands.count == 1)
        }
        if rings { _ = ct_bell_ring(bell) }
        return isAccepted
    }

    /// The commands so far, in order.
    func take() -> [Command] {
        state.withLock { state in
            let commands = state.commands
            state.commands = []
            return commands
        }
    }

    /// Accepts nothing more; returns what was not taken.
    func finish() -> [Command] {
        state.withLock { $0.isClosed = true }
        return take()
    }
}
