import CenterClient
import DataDirectory
import Documents
import Domain
import Scheduling
import ZooKeeper

/// Why a command failed: one sentence for people and an exit code for scripts.
struct ControlError: Error, Hashable {
    /// What happened, to what, and what to do.
    var message: String
    /// The exit code.
    var status: CommandStatus
    /// Whether each line already begins with what it is about, as `file:line:column`.
    var namesPlaces = false

    init(_ message: String, _ status: CommandStatus = .failed) {
        self.message = message
        self.status = status
    }

    /// What any error of a command means to its user.
    init(_ error: any Error) {
        switch error {
        case let error as ControlError: self = error
        case let error as CenterClientError: self.init(error)
        case let error as ZooKeeperError: self.init(error)
        case let error as DocumentError:
            self.init(error.description)
            namesPlaces = true
        case let error as ScheduleError: self.init(error.description)
        case let error as DataDirectoryError: self.init(error)
        case let error as SettingsError: self.init(error.description, .usage)
        case is CancellationError: self.init("interrupted", .interrupted)
        default: self.init(String(describing: error))
        }
    }
}

extension ControlError {
    /// What a data directory that cannot be used means.
    init(_ error: DataDirectoryError) {
        if case .inUse = error {
            self.init(error.description, .conflict)
        } else {
            self.init(error.description)
        }
    }

    /// What a failed request means.
    init(_ error: CenterClientError) {
        switch error {
        case .notFound: self.init(error.message, .notFound)
        case .unauthorized: self.init(error.message, .notAllowed)
        case .conflict: self.init(error.message, .conflict)
        case .unreachable, .busy, .unavailable: self.init(error.message, .unreachable)
        case .invalid(let message, let problems):
            let lines = problems.map { problem in
                message.contains(problem.message) ? "" : "\n  \(problem.field): \(problem.message)"
            }
            self.init(message + lines.joined())
        case .server: self.init(error.message)
        }
    }

    /// What a failed ZooKeeper call means.
    init(_ error: ZooKeeperError) {
        switch error.code {
        case .noNode: self.init("there is no node \(error.path ?? "of that path")", .notFound)
        case .noAuth, .authenticationFailed:
            self.init(
                "ZooKeeper does not allow it\(error.path.map { " at \($0)" } ?? ""): give credentials that may",
                .notAllowed
            )
        case .badVersion, .nodeExists, .notEmpty: self.init(error.description, .conflict)
        case .connectionLoss, .operationTimeout, .deadlineExceeded, .hostsUnresolved, .sessionExpired:
            self.init(
                "ZooKeeper does not answer (\(error)): check --zookeeper and that the servers run",
                .unreachable
            )
        default: self.init(error.description)
        }
    }
}
