public import ArgumentParser

/// A command whose errors become one sentence and an exit code.
public protocol ControlCommand: AsyncParsableCommand, Sendable {
    /// What the command does; any error it throws is reported to the user.
    func execute() async throws

    /// The exit code of errors that have no code of their own.
    static var failureStatus: CommandStatus { get }
}

extension ControlCommand {
    /// Most commands fail with 1.
    public static var failureStatus: CommandStatus { .failed }

    /// Executes the command, reports its error and exits with the code that stands for it.
    public func run() async throws {
        do {
            try await execute()
        } catch let error as ExitCode {
            throw error
        } catch let error as ValidationError {
            throw error
        } catch let error as CleanExit {
            throw error
        } catch {
            let failure = ControlError(error)
            if failure.namesPlaces {
                Terminal.say(failure.message)
            } else {
                Terminal.complain(failure.message)
            }
            throw ExitCode(Self.exitStatus(of: failure).rawValue)
        }
    }

    /// The code a failure ends this command with.
    static func exitStatus(of failure: ControlError) -> CommandStatus {
        failureStatus == .notCompared
            ? .notCompared : failure.status == .failed ? failureStatus : failure.status
    }
}
