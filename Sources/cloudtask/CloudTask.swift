import ArgumentParser
import Control
import Foundation

/// The program: one binary, one command for everything.
@main
struct CloudTask: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cloudtask",
        abstract: "A distributed task scheduler: nothing missed, nothing run twice.",
        discussion: """
            Exit codes: 0 ok, 1 failed, 3 not found, 4 not allowed, 5 conflict,
            6 unreachable or timed out, 64 usage, 130 interrupted.

            Examples:
              cloudtask up --sample-tasks
              cloudtask apply -f tasks.yaml
              cloudtask run list -w
            """,
        version: ProcessSetup.version,
        subcommands: ControlCommands.all + [
            VerifyCommand.self, SimulateCommand.self, CenterCommand.self, AgentCommand.self,
            PerformCommand.self,
        ]
    )

    static func main() async {
        Interruption.endsProcess()
        let arguments = Array(CommandLine.arguments.dropFirst())
        if let message = ControlCommands.misspelling(in: arguments, of: CloudTask.self) {
            FileHandle.standardError.write(Data("cloudtask: \(message)\n".utf8))
            exit(withError: ExitCode(64))
        }
        await main(arguments)
    }
}
