import CProcess
import Glibc

/// Why no program runs.
enum StartFailure: Error, Hashable {
    /// The deadline passed before the program could be executed: nothing happened.
    case tooLate
    /// The machine has no means for it just now; a sentence for people.
    case busy(message: String)
    /// It cannot be started; exit code as a shell has it where there is one, and a sentence for people.
    case impossible(exitCode: Int32?, message: String)

    /// The sentence for people.
    var message: String {
        switch self {
        case .tooLate: "it is too late"
        case .busy(let message), .impossible(_, let message): message
        }
    }

    /// It may not be started as it was asked for, on this machine: as a program that may not be executed.
    static func refused(_ message: String) -> StartFailure { .impossible(exitCode: 126, message: message) }
}

extension Program {
    /// What the result of a failed start means.
    func failure(of result: ct_started) -> StartFailure {
        let reason = ExecutorError.text(of: result.reason)
        switch UInt32(bitPattern: result.stage) {
        case ct_stage_deadline.rawValue:
            return .tooLate
        case ct_stage_execute.rawValue:
            return executionFailure(result.reason)
        case ct_stage_directory.rawValue:
            return .impossible(
                exitCode: 126,
                message: "the working directory \(directory) cannot be entered: \(reason)"
            )
        case ct_stage_create.rawValue where result.reason == EAGAIN:
            return .busy(message: "the machine's limit of processes is reached")
        case ct_stage_create.rawValue where Self.isMomentary(result.reason):
            return .busy(message: "the machine lacks the means to make a process for \(name): \(reason)")
        case ct_stage_join.rawValue:
            return .impossible(
                exitCode: nil,
                message: "the control group of \(name) cannot be joined: \(reason)"
            )
        case ct_stage_limit.rawValue:
            return .refused(
                "the limits or the priority of \(name) cannot be set: \(reason); only root may raise them above the agent's own"
            )
        case ct_stage_user.rawValue:
            return .refused("\(name) cannot run as user \(terms?.account?.name ?? "?"): \(reason)")
        default:
            return .impossible(exitCode: nil, message: "no process could be made for \(name): \(reason)")
        }
    }

    private func executionFailure(_ reason: Int32) -> StartFailure {
        switch reason {
        case ENOENT where candidates.contains { unsafe access($0, F_OK) == 0 }:
            .impossible(exitCode: 126, message: "\(name) cannot be executed: its interpreter does not exist")
        case ENOENT:
            .impossible(exitCode: 127, message: "\(name) was not found on this machine")
        case EACCES:
            .impossible(
                exitCode: 126,
                message: "\(name) cannot be executed: permission denied, or it is not a program"
            )
        case ENOEXEC:
            .impossible(
                exitCode: 126,
                message: "\(name) cannot be executed: it has no known format (a script needs a #! line)"
            )
        case E2BIG:
            .impossible(exitCode: 126, message: tooBig)
        case let reason where Self.isMomentary(reason):
            .busy(
                message: "the machine lacks the means to execute \(name): \(ExecutorError.text(of: reason))"
            )
        default:
            .impossible(
                exitCode: 126,
                message: "\(name) cannot be executed: \(ExecutorError.text(of: reason))"
            )
        }
    }

    /// Whether another try may find what was lacking.
    static func isMomentary(_ reason: Int32) -> Bool { [EAGAIN, ENOMEM, EMFILE, ENFILE].contains(reason) }
}
