import CProcess
import Glibc

/// Why no program runs.
enum StartFailure: Error, Hashable {
    /// The deadline passed before the program could be executed: nothing happened.
    case tooLate
    /// It cannot be started; exit code as a shell has it where there is one, and a sentence for people.
    case impossible(exitCode: Int32?, message: String)
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
            return .impossible(exitCode: nil, message: "the machine's limit of processes is reached")
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
        case EMFILE, ENFILE, ENOMEM, EAGAIN:
            .impossible(
                exitCode: nil,
                message: "the machine lacks the means to execute \(name): \(ExecutorError.text(of: reason))"
            )
        default:
            .impossible(
                exitCode: 126,
                message: "\(name) cannot be executed: \(ExecutorError.text(of: reason))"
            )
        }
    }

    private var tooBig: String {
        "the arguments (\(arguments.bytes.count) bytes) and the environment (\(environment.bytes.count) bytes) "
            + "of \(name) are more than the kernel accepts: 128 KiB each string, about 2 MiB together"
    }
}
