public import ArgumentParser
import Foundation

/// `cloudtask completion`.
public struct CompletionCommand: ControlCommand {
    /// Name and help.
    public static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Print the completion script of a shell.",
        usage: "cloudtask completion <shell>",
        discussion: """
            Examples:
              cloudtask completion bash >> ~/.bash_completion
              cloudtask completion zsh > ~/.zfunc/_cloudtask
              cloudtask completion fish > ~/.config/fish/completions/cloudtask.fish
            """
    )

    @Argument(help: "bash, zsh or fish.") var shell: String

    /// Creates the command; `ArgumentParser` fills it.
    public init() {}

    /// Refuses other shells.
    public func validate() throws {
        guard CompletionShell(rawValue: shell) != nil else {
            throw ValidationError("there is no completion for '\(shell)': use bash, zsh or fish")
        }
    }

    /// Prints the script of the whole program.
    public func execute() async throws {
        // Only the program as a whole knows all of its commands, so it is asked.
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try Executable.path())
        process.arguments = ["--generate-completion-script", shell]
        try process.run()
        process.waitUntilExit()
        if process.terminationStatus != 0 { throw ExitCode(process.terminationStatus) }
    }
}
